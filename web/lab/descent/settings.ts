/** How the tab can be set. */

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

export const SURFACE_NAMES: readonly SurfaceName[] = [
  'ravine',
  'saddle',
  'beale',
  'rosenbrock',
  'himmelblau',
  'cars',
];
export const MAX_CONDITION = 1000;
export const MAX_BATCH = 128;
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
    seed: integerField(1, 0, 2 ** 24 - 1),
    ...rateFields,
  });

export type DescentSettings = ReturnType<typeof makeSettings>;

/** The set rate of a racer, or the one that suits the surface. On the ravine that depends on its steepness. */
export function rateOf({ values }: DescentSettings, { name, rates, sample }: Racer): number {
  const set = values[rateName(name)];
  if (set !== null) return set;
  const usual = rates[values.on];
  const isPlain = sample !== 'all' || ['batch', 'momentum', 'nesterov'].includes(name);
  return values.on === 'ravine' && isPlain
    ? Number((usual * (100 / Math.max(values.k, 4))).toPrecision(2))
    : usual;
}
