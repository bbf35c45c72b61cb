/** How a tab that trains classifiers can be set. */
import { isBuilt, NET_NAMES, type NetName } from '../network/classifiers.ts';
import { OPTIMIZER_NAMES, type OptimizerName, PICTURE_RATES } from '../network/optimizers.ts';
import { choiceField, flagField, integerField, optionalNumberField } from '../shell/fields.ts';
import { Settings } from '../shell/settings.ts';

export const MAX = { units: 300, batch: 256, epochs: 200, seed: 2 ** 24 - 1 } as const;
export const RATES = { least: 1e-6, most: 1 } as const;

export type Start = 'new' | 'trained';

export interface Usual {
  readonly data: readonly [string, ...string[]];
  readonly augment: boolean;
  readonly epochs: number;
}

export const makeSettings = ({ data, augment, epochs }: Usual) =>
  new Settings({
    data: choiceField<string>(data[0], data),
    net: choiceField<NetName>('lenet', NET_NAMES),
    units: integerField(100, 1, MAX.units),
    start: choiceField<Start>('new', ['new', 'trained']),
    opt: choiceField<OptimizerName>('adam', OPTIMIZER_NAMES),
    lr: optionalNumberField(RATES.least / 10, RATES.most * 10),
    batch: integerField(64, 1, MAX.batch),
    epochs: integerField(epochs, 1, MAX.epochs),
    augment: flagField(augment),
    features: flagField(true),
    seed: integerField(0, 0, MAX.seed),
  });

export type ClassifierSettings = ReturnType<typeof makeSettings>;

export const rateOf = ({ values }: ClassifierSettings): number => values.lr ?? PICTURE_RATES[values.opt];

/** The command that trains the same network in Python, which has no other forms of these. */
export function pythonCommand(settings: ClassifierSettings, task: string, options = ''): string | null {
  const { net, opt, batch, epochs, augment, seed, start } = settings.values;
  if ((isBuilt(net) && net !== 'lenet') || start !== 'new') return null;
  const more = `${augment ? '' : ' --no-augment'}${options}`;
  return `limner lab ${task} --net ${net} --optimizer ${opt} --lr ${rateOf(settings)} --batch ${batch} --epochs ${epochs} --seed ${seed}${more}`;
}
