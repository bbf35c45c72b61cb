/** What races: optimizers of the engine, and how many examples each one's gradient is of. */
import {
  adadelta,
  adagrad,
  adam,
  adamw,
  lion,
  type Optimizer,
  rmsprop,
  sgd,
} from '../../engine/training/index.ts';

export type SurfaceName = 'ravine' | 'saddle' | 'beale' | 'rosenbrock' | 'himmelblau' | 'cars' | 'mnist';
export type RacerName =
  | 'batch'
  | 'mini'
  | 'stochastic'
  | 'momentum'
  | 'nesterov'
  | 'adagrad'
  | 'adadelta'
  | 'rmsprop'
  | 'adam'
  | 'adamw'
  | 'lion';

/** Whose gradient: of all examples, of a batch, or of one. */
export type Sample = 'all' | 'batch' | 'one';

export interface Racer {
  readonly name: RacerName;
  readonly label: string;
  readonly sample: Sample;
  /** For dark and for light: apart for all eyes, and apart by dash where colours are near. */
  readonly colors: readonly [dark: string, light: string];
  readonly dash: readonly number[];
  readonly make: (momentum: number) => Optimizer;
  /** Learning rates that suit each surface; on MNIST as `rateOf` says. */
  readonly rates: Readonly<Record<SurfaceName, number>>;
  /** Of the slider. */
  readonly range: readonly [least: number, most: number];
}

type Rates = readonly [number, number, number, number, number, number, number];

const ratesOf = ([ravine, saddle, beale, rosenbrock, himmelblau, cars, mnist]: Rates): Racer['rates'] => ({
  ravine,
  saddle,
  beale,
  rosenbrock,
  himmelblau,
  cars,
  mnist,
});

const [WIDE, FINE]: [Racer['range'], Racer['range']] = [
  [1e-4, 10],
  [1e-4, 2],
];

export const RACERS: readonly Racer[] = [
  {
    name: 'batch',
    label: 'Batch descent',
    sample: 'all',
    colors: ['#ece5d8', '#1b1814'],
    dash: [],
    make: () => sgd(),
    rates: ratesOf([0.018, 0.05, 0.01, 0.002, 0.01, 0.3, 0.4]),
    range: FINE,
  },
  {
    name: 'mini',
    label: 'Mini-batch',
    sample: 'batch',
    colors: ['#b7ab98', '#6b6255'],
    dash: [7, 4],
    make: () => sgd(),
    rates: ratesOf([0.018, 0.05, 0.01, 0.002, 0.01, 0.3, 0.4]),
    range: FINE,
  },
  {
    name: 'stochastic',
    label: 'Stochastic',
    sample: 'one',
    colors: ['#a58f6f', '#8a7350'],
    dash: [1.5, 4],
    make: () => sgd(),
    rates: ratesOf([0.01, 0.05, 0.005, 0.0014, 0.005, 0.1, 0.1]),
    range: FINE,
  },
  {
    name: 'momentum',
    label: 'Momentum',
    sample: 'all',
    colors: ['#56b4e9', '#0072b2'],
    dash: [],
    make: momentum => sgd({ momentum }),
    rates: ratesOf([0.012, 0.02, 0.005, 0.001, 0.003, 0.1, 0.01]),
    range: FINE,
  },
  {
    name: 'nesterov',
    label: 'Nesterov',
    sample: 'all',
    colors: ['#4f86f7', '#4a3fb5'],
    dash: [9, 4],
    make: momentum => sgd({ momentum, nesterov: momentum > 0 }),
    rates: ratesOf([0.008, 0.02, 0.005, 0.0012, 0.003, 0.1, 0.01]),
    range: FINE,
  },
  {
    name: 'adagrad',
    label: 'Adagrad',
    sample: 'all',
    colors: ['#1fb58a', '#00795a'],
    dash: [],
    make: () => adagrad(),
    rates: ratesOf([0.5, 0.3, 0.4, 1.2, 0.8, 0.3, 0.05]),
    range: WIDE,
  },
  {
    name: 'adadelta',
    label: 'Adadelta',
    sample: 'all',
    colors: ['#a5d65c', '#5d8500'],
    dash: [5, 3],
    make: () => adadelta(),
    rates: ratesOf([10, 10, 10, 30, 30, 10, 2]),
    range: [0.01, 100],
  },
  {
    name: 'rmsprop',
    label: 'RMSprop',
    sample: 'all',
    colors: ['#f0e442', '#9a7d00'],
    dash: [],
    make: () => rmsprop(),
    rates: ratesOf([0.01, 0.01, 0.01, 0.03, 0.03, 0.01, 0.003]),
    range: WIDE,
  },
  {
    name: 'adam',
    label: 'Adam',
    sample: 'all',
    colors: ['#ff9d3b', '#c05f00'],
    dash: [],
    make: () => adam(),
    rates: ratesOf([0.15, 0.1, 0.15, 0.4, 0.3, 0.1, 0.006]),
    range: WIDE,
  },
  {
    name: 'adamw',
    label: 'AdamW',
    sample: 'all',
    colors: ['#f2644b', '#b02a1a'],
    dash: [8, 3, 2, 3],
    make: () => adamw(),
    rates: ratesOf([0.15, 0.1, 0.15, 0.4, 0.3, 0.1, 0.006]),
    range: WIDE,
  },
  {
    name: 'lion',
    label: 'Lion',
    sample: 'all',
    colors: ['#e58cc0', '#a3467f'],
    dash: [3, 3],
    make: () => lion(),
    rates: ratesOf([0.03, 0.03, 0.03, 0.02, 0.06, 0.02, 0.003]),
    range: WIDE,
  },
];

export const RACER_NAMES = RACERS.map(({ name }) => name);
/** The eight of the classic overview (Ruder 2016). */
export const USUAL_RACERS: readonly RacerName[] = [
  'batch',
  'stochastic',
  'momentum',
  'nesterov',
  'adagrad',
  'adadelta',
  'rmsprop',
  'adam',
];
