/** What tabs that train classifiers explain, at three depths. */
import type { About } from '../shell/explain.ts';

export const ABOUT = {
  net: {
    what: 'How the network is built. LeNet looks through small windows, the others at all pixels at once.',
    how: 'LeNet is that of 1998 as it is practised today, with ReLU and max-pools. “Three convolutions” is wider, and for a GPU. A perceptron has one hidden layer, a linear network none.',
    formula: 'scores = f(pictures),  p = softmax(scores)',
  },
  units: {
    what: 'Hidden units of the perceptron.',
    how: 'Its weights are drawn as pictures in the card of its first layer.',
    formula: 'scores = W₂ relu(W₁ x + b₁) + b₂',
  },
  start: {
    what: 'Whether the network begins from nothing, or from weights that were trained before.',
    how: 'A trained start is there where a file lies beside the page. It can be tested at once, and trained further.',
    formula: 'w₀ drawn by the seed, or read from an ONNX file',
  },
  augment: {
    what: 'Training pictures are moved by up to two pixels each way; those that may be mirrored are flipped half of the time.',
    how: 'The network sees each picture in many versions, so that it cannot learn them by heart. Test pictures stay as they are.',
    formula: 'x′(u, v) = x(±u + i, v + j),  i, j in −2…2',
  },
  loss: {
    what: 'How surprised the network is by the right class, in each batch.',
    how: 'Guessing among ten classes costs 2.3; it falls as the right class gets more of the probability.',
    formula: 'L = −1/B · Σ log p(class)',
  },
  accuracy: {
    what: 'How many test pictures it finds. It never trains on these.',
    how: 'While it learns, a small part is tested every now and then; when it stops, all of them.',
    formula: 'accuracy = right / tested',
  },
  classes: {
    what: 'The part of each class that is found.',
    how: 'Classes that look alike have the lowest bars. The table says what they are taken for.',
    formula: 'recall of a class = right of that class / all of it',
  },
  confusion: {
    what: 'What each class is taken for. Click a cell to see its pictures.',
    how: 'The diagonal is right. Go about in it with the arrow keys.',
    formula: 'n[i, j] = pictures of class i that are called j',
  },
  test: {
    what: 'Test pictures, framed by whether the network is right, with what it says.',
    how: 'Click one, or choose it with the arrow keys, to see what each layer makes of it.',
    formula: 'argmax of the scores',
  },
} as const satisfies Readonly<Record<string, About>>;
