/** The controls of the tab Line: of the network, and of its training. */
import { makeElement } from '../../shared/dom.ts';
import { TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeTrainingCard } from '../network/training-card.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { ABOUT, ACTIVATION_NAMES } from './about.ts';
import { type LineSettings, MAX, RATES, rateOf } from './settings.ts';

/** The shape of the network, and its first weights. */
export function makeNetworkCard(settings: LineSettings): HTMLElement {
  const controls = makeElement('div', 'controls pair');
  controls.append(
    makeSlider(settings.bind('hidden'), {
      label: 'Hidden layers',
      about: ABOUT.hidden,
      least: 0,
      most: MAX.hidden,
      isInteger: true,
    }),
    makeSlider(settings.bind('units'), {
      label: 'Units',
      about: ABOUT.units,
      least: 1,
      most: MAX.units,
      isInteger: true,
    }),
    makeSelect(settings.bind('act'), {
      label: 'Activation',
      about: ABOUT.activation,
      choices: ACTIVATION_NAMES,
    }),
    makeInteger(settings.bind('seed'), {
      label: 'Seed',
      about: TRAINING_ABOUT.seed,
      least: 0,
      most: MAX.seed,
    }),
  );
  return makeCard('Network', undefined, controls);
}

/** How it is trained. `onLonger` is called when it has more epochs to do. */
export function makeLineTrainingCard(settings: LineSettings, onLonger: () => void): HTMLElement {
  const double = makeButton('Double the epochs', () => {
    settings.set({ epochs: Math.min(MAX.epochs, 2 * settings.values.epochs) });
    onLonger();
  });
  return makeTrainingCard(settings, {
    currentRate: () => rateOf(settings),
    rates: RATES,
    max: MAX,
    buttons: [double],
  });
}
