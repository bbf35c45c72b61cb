/** How the tab can be set. */
import { OPTIMIZER_NAMES, type OptimizerName } from '../network/optimizers.ts';
import {
  choiceField,
  integerField,
  numberField,
  optionalNumberField,
  pointField,
  someField,
} from '../shell/fields.ts';
import { Settings } from '../shell/settings.ts';
import type { MomentumForm } from './heat-map.ts';
import { RACER_NAMES, RACERS, type Racer, type RacerName, type SurfaceName, USUAL_RACERS } from './racers.ts';
import { type Surface, startOn } from './surface.ts';

export const SURFACE_NAMES: readonly SurfaceName[] = [
  'ravine',
  'saddle',
  'beale',
  'rosenbrock',
  'himmelblau',
  'cars',
  'mnist',
];
export const MAX_CONDITION = 1000;
export const MAX_BATCH = 128;
/** Steps of the two runs that make the plane of MNIST. */
export const RUN_STEPS = { least: 20, most: 1000 } as const;
/** Of the coordinates of a start. */
const FAR = 100;

type RateFields = { readonly [K in RateName]: ReturnType<typeof optionalNumberField> };

/** The setting that holds the learning rate of a racer. */
export type RateName = `lr-${RacerName}`;
export const rateName = (name: RacerName): RateName => `lr-${name}`;

const rateFields = Object.fromEntries(
  RACERS.map(({ name, range }) => [rateName(name), optionalNumberField(range[0] / 2, range[1] * 2)]),
) as RateFields;

export const makeSettings = () =>
  new Settings({
    on: choiceField<SurfaceName>('ravine', SURFACE_NAMES),
    k: numberField(50, 1, MAX_CONDITION),
    m: numberField(0.9, 0, 0.99),
    batch: integerField(16, 1, MAX_BATCH),
    noise: numberField(0.5, 0, 5),
    start: pointField(-FAR, FAR),
    who: someField(USUAL_RACERS, RACER_NAMES),
    form: choiceField<MomentumForm>('momentum', ['momentum', 'nesterov']),
    steps: integerField(150, 10, 500),
    first: choiceField<OptimizerName>('sgd', OPTIMIZER_NAMES),
    second: choiceField<OptimizerName>('adam', OPTIMIZER_NAMES),
    run: integerField(200, RUN_STEPS.least, RUN_STEPS.most),
    seed: integerField(1, 0, 2 ** 24 - 1),
    ...rateFields,
  });

export type DescentSettings = ReturnType<typeof makeSettings>;

/** The set rate of a racer, or the one that suits the surface. On the ravine that depends on its steepness. On the plane of
 * MNIST it is a part: of the largest stable rate for those whose steps are gradients, and of the map's width for those whose
 * steps are lengths. */
export function rateOf(
  { values }: DescentSettings,
  { name, rates, sample }: Racer,
  surface: Surface | null,
): number {
  const set = values[rateName(name)];
  if (set !== null) return set;
  const usual = rates[values.on];
  const isPlain = sample !== 'all' || ['batch', 'momentum', 'nesterov'].includes(name);
  const rounded = (rate: number) => Number(rate.toPrecision(2));
  if (values.on === 'ravine' && isPlain) return rounded(usual * (100 / Math.max(values.k, 4)));
  if (values.on !== 'mnist' || !surface) return usual;
  const [[left, right]] = surface.view;
  return rounded(usual * (isPlain ? surface.stable : right - left));
}

/** The command that repeats the race in Python: what is not as usual, and has a part in it. `limner lab descent` has no plane
 * of MNIST. */
export function pythonCommand(settings: DescentSettings, surface: Surface | null): string | null {
  const { values, fields } = settings;
  const { on, who, start } = values;
  if (!surface || on === 'mnist' || who.length === 0) return null;
  const has = (...names: readonly RacerName[]) => names.some(name => who.includes(name));
  const isRandom = has('mini', 'stochastic');
  const words = ['limner lab descent --on', on];
  if (who.join() !== USUAL_RACERS.join()) words.push('--who', who.join('.'));
  for (const [name, hasPart] of [
    ['k', on === 'ravine'],
    ['m', has('momentum', 'nesterov')],
    ['batch', has('mini')],
    ['noise', isRandom && on !== 'cars'],
    ['steps', true],
    ['seed', isRandom],
  ] as const) {
    if (hasPart && values[name] !== fields[name].usual) words.push(`--${name}`, String(values[name]));
  }
  // One word: a start that begins with a minus would look like an option.
  if (start && startOn(surface, start) === start) words.push(`--start=${start.join()}`);
  return [...words, ...rateWords(settings)].join(' ');
}

/** The rates that are set of those who race: one number where it is that of all. */
function rateWords({ values }: DescentSettings): readonly string[] {
  const rates = values.who.map(name => values[rateName(name)]);
  const [first = null] = rates;
  if (first !== null && rates.every(rate => rate === first)) return ['--lr', String(first)];
  const words = values.who.flatMap((name, i) => (rates[i] === null ? [] : [`${name}=${rates[i]}`]));
  return words.length > 0 ? ['--lr', ...words] : [];
}
