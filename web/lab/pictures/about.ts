/** What the tab Pictures explains, at three depths. */
import type { About } from '../shell/explain.ts';

export const ABOUT = {
  data: {
    what: 'What the network learns from: CIFAR-10, if it was fetched, shapes that this page draws, or classes of your own.',
    how: '`limner data cifar10` fetches it, and `limner lab` shows it here.',
    formula: 'pictures of 3 × 32 × 32, each with one of ten classes',
  },
  own: {
    what: 'Hold a button to gather pictures of a class by the camera; or open a folder that has one folder for each class. Then press Play.',
    how: 'Every fifth picture is kept for the test; in a folder with “train” and “test”, those are. Nothing leaves this device.',
    formula: 'class = name of the folder',
  },
  features: {
    what: 'Looks at pictures through SqueezeNet, which has seen a million photos. Only one layer after it learns.',
    how: 'The means of its 4th and its 9th module are 768 numbers for each picture of 64 pixels. A perceptron learns from them with hidden units, other networks as a linear one. Without it, the network learns from the pixels alone. Weights: Iandola and others 2016, BSD licence.',
    formula: 'scores = W · [h₄ / |h₄|, h₉ / |h₉|] + b',
  },
  live: {
    what: 'What the network says of the picture that is shown: a test picture, or what the camera sees.',
    how: 'The cards of the layers show the same picture.',
    formula: 'p = softmax(f(x))',
  },
} as const satisfies Readonly<Record<string, About>>;
