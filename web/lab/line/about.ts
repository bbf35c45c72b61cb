/** What the tab Line explains, at three depths. */
import type { About } from '../shell/explain.ts';
import type { Activation } from './network.ts';

export const LAYER_ABOUT = {
  input: {
    what: 'One linear unit: it scales and shifts the number that goes in.',
    how: 'The number comes brought to 0…1. With the output, which is linear too, it can only make a straight line.',
    formula: 'h = w x + b',
  },
  hidden: {
    what: 'Units that each bend the line at a place of their own.',
    how: 'Each row of the picture is one unit: its answer from the least x on the left to the most on the right. The next layer mixes these rows.',
    formula: 'h = σ(W x + b)',
  },
  output: {
    what: 'One linear unit: the weighted sum of all before it.',
    how: 'Its answer is scaled back to the unit of y, within the file that you can save.',
    formula: 'ŷ = w · h + b',
  },
} as const satisfies Readonly<Record<string, About>>;

export const ACTIVATION_NAMES: readonly (readonly [Activation, string])[] = [
  ['sigmoid', 'Sigmoid'],
  ['tanh', 'tanh'],
  ['relu', 'ReLU'],
  ['linear', 'None'],
];

export const ABOUT = {
  data: {
    what: 'The examples. Each dot is one: its x goes in, its y should come out. Click to add one.',
    how: 'Both are brought to 0…1 by their least and most before the network sees them. Rows where one of the two is missing are left out.',
    formula: 'x′ = (x − min) / (max − min)',
  },
  hidden: {
    what: 'Layers between the first and the last one. With none, the network is a straight line.',
    how: 'More layers bend more sharply, and are harder to train: gradients of sigmoids shrink from layer to layer.',
    formula: 'ŷ = f_out(σ(W₂ σ(W₁ x + b₁) + b₂))',
  },
  units: {
    what: 'How many units each hidden layer has.',
    how: 'Each can bend the curve once. Fifty are plenty here.',
    formula: '(inputs + 1) · units parameters a layer',
  },
  activation: {
    what: 'How a unit bends: without it, layers of any number make a straight line.',
    how: 'Sigmoid and tanh saturate, ReLU has a kink.',
    formula: 'σ(x) = 1/(1 + e⁻ˣ),  tanh x,  max(0, x)',
  },
  loss: {
    what: 'How wrong the network is: thin for each batch, bold for the mean of an epoch.',
    how: 'It is measured on values of 0…1, before the weights are changed. The card of the output has the error of all examples in their own unit.',
    formula: 'L = 1/B · Σ (ŷᵢ − yᵢ)²',
  },
  figures: {
    what: 'Four runs that follow one another: a line, the same for twice as long, then with hidden layers of 50 sigmoids.',
    how: 'They are the experiments with cars of “Evaluation of ML methods for online use in the browser”, figures 3.3 to 3.5 and 3.11. Keep a run to see it beside the next.',
    formula: 'model.add(dense({units: 50, activation: "sigmoid"}))',
  },
} as const satisfies Readonly<Record<string, About>>;
