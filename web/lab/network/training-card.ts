/** The card that says how a network is trained: it stands in each tab that trains one on examples. */
import { makeElement } from '../../shared/dom.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeSelect, makeSlider } from '../shell/controls.ts';
import type { Bound } from '../shell/settings.ts';
import { OPTIMIZERS, type OptimizerName, TRAINING_ABOUT } from './optimizers.ts';

/** The settings of a tab, as far as they say how its network is trained. */
export interface TrainingSettings {
  bind(name: 'opt'): Bound<OptimizerName>;
  /** Null for the rate that suits the optimizer. */
  bind(name: 'lr'): Bound<number | null>;
  bind(name: 'batch' | 'epochs'): Bound<number>;
}

export interface TrainingCardOptions {
  /** The rate that it trains with. */
  readonly currentRate: () => number;
  readonly rates: { readonly least: number; readonly most: number };
  readonly max: { readonly batch: number; readonly epochs: number };
  /** What the tab has besides. */
  readonly controls?: readonly HTMLElement[];
  readonly buttons?: readonly HTMLElement[];
}

export function makeTrainingCard(
  settings: TrainingSettings,
  { currentRate, rates, max, controls: more = [], buttons = [] }: TrainingCardOptions,
): HTMLElement {
  const [optimizer, rate] = [settings.bind('opt'), settings.bind('lr')];
  const shownRate: Bound<number> = {
    name: rate.name,
    get: currentRate,
    set: rate.set,
    listen: onChange => {
      rate.listen(onChange);
      optimizer.listen(onChange);
    },
  };
  const count = { least: 1, isLog: true, isInteger: true };
  const choices = makeElement('div', 'choices');
  choices.append(
    ...buttons,
    makeButton('Usual rate', () => rate.set(null)),
  );
  const controls = makeElement('div', 'controls');
  controls.append(
    makeSelect(optimizer, { label: 'Optimizer', about: TRAINING_ABOUT.optimizer, choices: OPTIMIZERS }),
    makeSlider(shownRate, { label: 'Learning rate', about: TRAINING_ABOUT.rate, ...rates, isLog: true }),
    makeSlider(settings.bind('batch'), {
      label: 'Batch',
      about: TRAINING_ABOUT.batch,
      most: max.batch,
      ...count,
    }),
    makeSlider(settings.bind('epochs'), {
      label: 'Epochs',
      about: TRAINING_ABOUT.epochs,
      most: max.epochs,
      ...count,
    }),
    ...more,
    choices,
  );
  return makeCard('Training', undefined, controls);
}
