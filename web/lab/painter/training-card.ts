/** The card of how the network is trained. */
import { makeElement } from '../../shared/dom.ts';
import { OPTIMIZERS, TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeSelect, makeSlider } from '../shell/controls.ts';
import { ABOUT } from './about.ts';
import type { CardHost } from './card-host.ts';
import { RATES, rateOf } from './settings.ts';

export function makeTrainingCard({ settings, showOnly }: CardHost): HTMLElement {
  const isTrained = () => settings.values.net !== 'cppn' && settings.values.net !== 'synaptic';
  const controls = makeElement('div', 'controls');
  controls.append(
    showOnly(
      makeSelect(settings.bind('opt'), {
        label: 'Optimizer',
        about: TRAINING_ABOUT.optimizer,
        choices: OPTIMIZERS,
      }),
      isTrained,
    ),
    makeSlider(
      {
        ...settings.bind('lr'),
        get: () => rateOf(settings.values),
        listen: onChange =>
          settings.listen(names => (names.has('lr') || names.has('opt') || names.has('net')) && onChange()),
      },
      { label: 'Learning rate', about: TRAINING_ABOUT.rate, ...RATES, isLog: true },
    ),
    showOnly(
      makeSelect(settings.bind('batch'), {
        label: 'Pixels of a step',
        about: ABOUT.pixels,
        choices: [
          ['32', '32 × 32'],
          ['64', '64 × 64'],
          ['128', '128 × 128'],
          ['all', 'The whole picture'],
        ],
      }),
      isTrained,
    ),
  );
  return makeCard('Training', undefined, controls);
}
