/** What the tab Measure explains, at three depths. */
import type { About } from '../shell/explain.ts';
import type { NetName } from './net-names.ts';
import type { BackendName } from './workload.ts';

export const NET_ABOUT: Readonly<Record<NetName, About>> = {
  lenet: {
    what: 'LeNet-5 of 1998, for digits.',
    how: 'It is so small that starting the GPU’s work takes longer than the work.',
    formula: '61,706 parameters, 0.4 million multiply-adds, 28 × 28',
  },
  resnet20: {
    what: 'The residual network of 2015 for small pictures.',
    how: 'It has few weights, and many multiply-adds for each.',
    formula: '269,722 parameters, 41 million multiply-adds, 3 × 32 × 32',
  },
  mobilenet: {
    what: 'MobileNet of 2017, made for phones.',
    how: 'Its 28 layers are thin: weights are read more than they are computed with.',
    formula: '3,217,226 parameters, 46 million multiply-adds, 3 × 32 × 32',
  },
};

export const BACKEND_ABOUT: Readonly<Record<BackendName, About>> = {
  webgpu: {
    what: 'The GPU, by the newest way to it.',
    how: 'Compute shaders, in float32.',
    formula: 'input → buffers → outputs read back',
  },
  webgl2: {
    what: 'The GPU, by the way that nearly all browsers have.',
    how: 'Each layer is drawn as a picture, in float32.',
    formula: 'input → textures → outputs read back',
  },
  cpu: {
    what: 'The processor: one thread of JavaScript, in a worker.',
    how: 'Answers of the GPUs are compared with its answers.',
    formula: 'input → worker → outputs',
  },
};

export const ABOUT = {
  measure: {
    what: 'How long these networks take in your browser, on your machine. Nothing is sent anywhere.',
    how: 'All are loaded, answers are compared, and then they take turns in rounds: what else the machine does affects all alike.',
    formula: 'input in → outputs back → the next one (MLPerf’s single stream)',
  },
  train: {
    what: 'A step of LeNet’s training on 64 pictures: forward, backward, and Adam’s update.',
    how: 'Each step’s loss is read before the next one begins. The other tabs are faster: their steps run ahead.',
    formula: 'θ ← Adam(θ, ∇L(θ; 64 pictures))',
  },
  runs: {
    what: 'How many runs of each row are timed.',
    how: 'Browsers make clocks coarse. Where a run is too short for the clock, several are timed together.',
    formula: 'what is timed ≥ 50 steps of the clock',
  },
  rounds: {
    what: 'Into how many turns the runs are split.',
    how: 'If rounds differ, the machine did something else, or grew hot: the row is unsteady.',
    formula: '|medianᵣ − median| ≤ 5 % for every round r',
  },
  seconds: {
    what: 'How long a row takes at most: slow ones have fewer runs.',
    how: 'Each has one run in each round at least.',
    formula: 'turn ≤ seconds / rounds',
  },
  seed: {
    what: 'Draws weights, inputs, and the order of the turns.',
    how: 'The networks have not learned: what they know does not change their time.',
    formula: 'w ~ U(−√(6/n), √(6/n))',
  },
  results: {
    what: 'Milliseconds of a run: half of all are faster than the median, nine of ten than p90.',
    how: 'Off by is the largest difference from the CPU’s answer. Above a thousandth it is another network, and not ranked.',
    formula: 'max |y − y_CPU| / max |y_CPU| ≤ 0.001',
  },
  plot: {
    what: 'A dot is the median, its line goes from p10 to p90. Rings are unsteady.',
    how: 'Diamonds are not measured here: “Evaluation of ML methods for online use in the browser” quotes them from Google, for 200 runs of a MobileNet in TensorFlow.js on one device, without a spread.',
    formula: 'x = log₁₀(milliseconds)',
  },
} as const satisfies Readonly<Record<string, About>>;
