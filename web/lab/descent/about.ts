/** What the tab explains, at three depths. */
import type { About } from '../shell/explain.ts';
import type { RacerName, SurfaceName } from './racers.ts';

export const SURFACES: readonly (readonly [SurfaceName, string])[] = [
  ['ravine', 'Ravine'],
  ['saddle', 'Saddle'],
  ['beale', 'Beale'],
  ['rosenbrock', 'Rosenbrock'],
  ['himmelblau', 'Himmelblau'],
  ['cars', 'Cars: a line’s slope and offset'],
  ['mnist', 'MNIST: a plane through two runs'],
];

export const SURFACE_ABOUT: Readonly<Record<SurfaceName, About>> = {
  ravine: {
    what: 'A valley with steep walls and a nearly flat bed. Most losses of networks look like this somewhere.',
    how: 'The steep direction allows only small steps, and with those the flat direction takes forever. The condition number says how unequal the two are.',
    formula: 'f(x, y) = ½ (x² + k y²)',
  },
  saddle: {
    what: 'Down to both sides, up to the front and the back. In the middle the slope is zero, and yet it is no minimum.',
    how: 'The start lies on the ridge, but for a thousandth. Plain descent must wait until that thousandth has grown; optimizers that divide by the size of the gradient leave at once.',
    formula: 'f(x, y) = x² − y² + ¼ y⁴ + 1',
  },
  beale: {
    what: 'A wide plain between steep corners, with one minimum at (3, ½).',
    how: 'Slopes differ a thousandfold from place to place, so that no single learning rate fits all of the way.',
    formula: 'f(x, y) = (1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²',
  },
  rosenbrock: {
    what: 'A bent valley, also called the banana. It is quickly found, and slowly followed to (1, 1).',
    how: 'The valley turns, so that speed gathered in one direction is soon the wrong one.',
    formula: 'f(x, y) = (1 − x)² + 100 (y − x²)²',
  },
  himmelblau: {
    what: 'Four minima, all equally deep. Which one is found depends on the start and on the optimizer.',
    how: 'Drag the start a little: borders between the basins are thin, and momentum carries over them.',
    formula: 'f(x, y) = (x² + y − 11)² + (x + y² − 7)²',
  },
  cars: {
    what: 'A real loss: how wrong the line y = w x + b is about the examples, for every w and b.',
    how: 'Each example pulls the line its own way. Batch descent follows the mean of all, stochastic descent one at a time, mini-batches a few: see the cloud of gradients.',
    formula: 'f(w, b) = 1/N · Σ (w xᵢ + b − yᵢ)²',
  },
  mnist: {
    what: 'A real loss: how wrong a network of 12,730 weights is about 1,000 digits, on the plane through its start and the places where two optimizers end. Dotted lines are the two runs, as shadows on the plane.',
    how: 'The runs leave the plane between their start and their end; racers stay on it. They follow the slope of cubic curves through a grid of losses: the network’s own slope sums over 1,000 digits, and the map of steps asks for up to a million slopes. Mini-batches and single examples do take the network’s own slope, of their digits. Beyond the map nothing is known, so whoever leaves it is out: ∞.',
    formula:
      'f(x, y) = L(w₀ + x e₁ + y e₂), L = −1/N · Σ log p(classᵢ)\ne₁, e₂: lengths 1, at a right angle, through both ends',
  },
};

export const RACER_ABOUT: Readonly<Record<RacerName, About>> = {
  batch: {
    what: 'Walks down the steepest way, by the gradient of all examples.',
    how: 'Exact, but each step costs a pass over all of the data. Too large a rate overshoots the valley and diverges.',
    formula: 'w ← w − η ∇f(w)',
  },
  mini: {
    what: 'The same by the gradient of a few examples.',
    how: 'The noise falls with the root of the batch, and the cost grows with the batch: the usual compromise.',
    formula: 'w ← w − η · 1/B Σ ∇fᵢ(w), i in a batch of B',
  },
  stochastic: {
    what: 'The same by the gradient of one example.',
    how: 'Cheap steps that stagger. It does not come to rest unless the rate falls.',
    formula: 'w ← w − η ∇fᵢ(w)',
  },
  momentum: {
    what: 'A ball that rolls: it keeps part of its speed.',
    how: 'What swings to and fro cancels out, what goes on adds up. So it crosses flat beds faster, and overshoots.',
    formula: 'v ← m v + ∇f(w)\nw ← w − η v',
  },
  nesterov: {
    what: 'Momentum that looks ahead to where it is rolling.',
    how: 'It corrects the speed by the slope further on, and brakes in time.',
    formula: 'v ← m v + ∇f(w)\nw ← w − η (∇f(w) + m v)',
  },
  adagrad: {
    what: 'Each weight has a rate of its own, and it only falls.',
    how: 'It divides by the root of all squares of gradients so far: rare directions keep large steps, but in the end all stop.',
    formula: 's ← s + g²\nw ← w − η g / (√s + ε)',
  },
  adadelta: {
    what: 'Adagrad that forgets, with steps in the unit of the weights.',
    how: 'It keeps means of squared gradients and of squared steps. It starts slowly, since the first steps are as small as √ε.',
    formula: 's ← ρ s + (1−ρ) g²\nd = √(u+ε) / √(s+ε) · g\nu ← ρ u + (1−ρ) d²\nw ← w − η d',
  },
  rmsprop: {
    what: 'Adagrad that forgets: it divides by a running mean.',
    how: 'Steps are about as long in steep directions as in flat ones. Near a minimum it rattles with the rate’s size.',
    formula: 's ← α s + (1−α) g²\nw ← w − η g / (√s + ε)',
  },
  adam: {
    what: 'Momentum and RMSprop in one, corrected for their start at zero.',
    how: 'The mean of gradients gives the direction, the mean of squares the length. It is what most networks are trained with.',
    formula:
      'm ← β₁ m + (1−β₁) g,  v ← β₂ v + (1−β₂) g²\nw ← w − η · m̂ / (√v̂ + ε),  with m̂ = m/(1−β₁ᵗ), v̂ = v/(1−β₂ᵗ)',
  },
  adamw: {
    what: 'Adam whose weights also shrink by themselves.',
    how: 'The shrinking is not divided by the mean of squares, as it would be within the loss. It pulls towards zero, away from minima elsewhere.',
    formula: 'w ← (1 − η λ) w, then as Adam',
  },
  lion: {
    what: 'Only the sign of a running mean: each weight steps equally far.',
    how: 'Found by a search over programs. It needs a rate three to ten times smaller than Adam’s, and zigzags by its length.',
    formula: 'u = sign(β₁ m + (1−β₁) g)\nw ← w − η u\nm ← β₂ m + (1−β₂) g',
  },
};

/** It is in the list, and cannot race. */
export const MUON_ABOUT: About = {
  what: 'Muon moves whole matrices, and a place on the map is none: it cannot race here.',
  how: 'It brings the momentum of a matrix near to an orthogonal one, so that all directions step equally far. On the surface MNIST it can be one of the two runs, whose weights are matrices.',
  formula: 'V ← m V + (1−m) G\nW ← W − η · orthogonal(V), by 5 iterations of Newton and Schulz',
};

export const ABOUT = {
  surface: {
    what: 'The landscape: its height is the loss, for two weights.',
    how: 'Real losses have millions of weights. What goes wrong there can be seen on two.',
    formula: 'f: ℝ² → ℝ, find the (x, y) where f is least',
  },
  condition: {
    what: 'How much steeper the walls are than the bed.',
    how: 'Plain descent needs steps in proportion to it, momentum in proportion to its root.',
    formula: 'k = L / μ, the largest curvature by the smallest',
  },
  momentum: {
    what: 'The part of its speed that a step hands on to the next one.',
    how: 'At 0.9 a gradient acts on for about ten steps; at 0.99 for a hundred.',
    formula: 'm in v ← m v + g; on a quadratic the best is ((√k − 1) / (√k + 1))²',
  },
  batch: {
    what: 'How many examples the gradient of a mini-batch is of.',
    how: 'Four times as many examples halve the noise.',
    formula: 'Var(g_B) = Var(g₁) / B',
  },
  run: {
    what: 'What the network is trained with, from its start to an end of the plane.',
    how: 'Both runs have the same first weights and the same batches of 50 digits, and the rate that is usual in the tab Digits. With the same optimizer twice, the second run has other batches. They run on the CPU, so that an address gives the same plane on every device.',
    formula: 'e₁ ∝ w_A − w₀, e₂ ∝ the part of w_B − w₀ at a right angle to it',
  },
  runSteps: {
    what: 'How long the two runs are.',
    how: 'After 20 steps each digit was seen once. Short runs end on the slope, long ones in the valley.',
    formula: 't = 1, …, T, in each of them',
  },
  noise: {
    what: 'How much the gradient of a single example differs from the mean, on surfaces that are no mean over examples.',
    how: 'Stochastic descent gets all of it, mini-batches less, the others none.',
    formula: 'g = ∇f + σ/√B · N(0, 1)',
  },
  seed: {
    what: 'The beginning of all random numbers: the same seed gives the same paths.',
    how: 'It orders the examples, and draws the noise.',
    formula: 'state₀ = hash(seed)',
  },
  steps: {
    what: 'How many steps each path has.',
    how: 'All of them are computed at once, whenever you move a slider.',
    formula: 't = 0, 1, …, T',
  },
  map: {
    what: 'The surface from above: valleys are bright, crosses mark minima. Drag the start, or focus it and use the arrow keys.',
    how: 'Lines join places of equal loss. Each optimizer’s trail has a colour and a dash of its own.',
    formula: 'contours: log(1 + f) in equal steps',
  },
  loss: {
    what: 'How high above the minimum each one is, step by step.',
    how: 'The scale is logarithmic: a straight line down is convergence by the same factor in each step.',
    formula: 'f(w_t) − f(w*)',
  },
  heat: {
    what: 'Steps that momentum needs, for each learning rate and momentum. Bright is fast, red diverges. Click to take a setting.',
    how: 'The white line is theory’s border of divergence, where the surface is quadratic; the ring is the setting that is the fastest in the long run.',
    formula: 'stable iff η < 2 (1 + m) / L\nNesterov: η < 2 (1 + m) / ((1 + 2m) L)',
  },
  cloud: {
    what: 'What batches of the chosen size say of the slope, at the start. The large dot is the truth: the mean of all.',
    how: 'The axes stay those of single examples, so that you see the cloud shrink as the batch grows.',
    formula: 'g_B = 1/B · Σ ∇fᵢ(w)',
  },
  rates: {
    what: 'Who races, and the learning rate of each.',
    how: 'The usual rates suit the surface. Move one, and see the whole path change at once.',
    formula: 'η, on a logarithmic slider',
  },
} as const satisfies Readonly<Record<string, About>>;
