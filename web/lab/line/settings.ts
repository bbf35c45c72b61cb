/** How the tab Line can be set. */
import { OPTIMIZER_NAMES, type OptimizerName, USUAL_RATES } from '../network/optimizers.ts';
import { choiceField, integerField, optionalNumberField } from '../shell/fields.ts';
import { Settings } from '../shell/settings.ts';
import { ACTIVATIONS, type Activation } from './network.ts';

export const MAX = { hidden: 4, units: 100, batch: 256, epochs: 5000, seed: 2 ** 24 - 1 } as const;
export const RATES = { least: 1e-5, most: 10 } as const;

export type DataName = 'cars' | 'drawn';

export const makeSettings = () =>
  new Settings({
    data: choiceField<DataName>('cars', ['cars', 'drawn']),
    hidden: integerField(0, 0, MAX.hidden),
    units: integerField(50, 1, MAX.units),
    act: choiceField<Activation>('sigmoid', ACTIVATIONS),
    opt: choiceField<OptimizerName>('adam', OPTIMIZER_NAMES),
    lr: optionalNumberField(RATES.least / 10, RATES.most * 10),
    batch: integerField(32, 1, MAX.batch),
    epochs: integerField(50, 1, MAX.epochs),
    seed: integerField(0, 0, MAX.seed),
  });

export type LineSettings = ReturnType<typeof makeSettings>;

export const rateOf = ({ values }: LineSettings): number => values.lr ?? USUAL_RATES[values.opt];

/** The command that trains the same network, where `limner lab cars` has it. */
export function pythonCommand(settings: LineSettings): string | null {
  const { data, hidden, units, act, opt, batch, epochs, seed } = settings.values;
  const isCurve = hidden === 1 && units === 50 && act === 'sigmoid';
  if (data !== 'cars' || (hidden > 0 && !isCurve)) return null;
  const net = hidden === 0 ? 'line' : 'curve';
  return `limner lab cars --net ${net} --optimizer ${opt} --lr ${rateOf(settings)} --batch ${batch} --epochs ${epochs} --seed ${seed}`;
}
