/** The controls of the tab Line: of the network, and of its training. */
import { makeElement } from '../../shared/dom.ts';
import { OPTIMIZERS, TRAINING_ABOUT } from '../network/optimizers.ts';
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
export function makeTrainingCard(settings: LineSettings, onLonger: () => void): HTMLElement {
  const rate = settings.bind('lr');
  const controls = makeElement('div', 'controls');
  controls.append(
    makeSelect(settings.bind('opt'), {
      label: 'Optimizer',
      about: TRAINING_ABOUT.optimizer,
      choices: OPTIMIZERS,
    }),
    makeSlider(
      {
        ...rate,
        usual: 0,
        get: () => rateOf(settings),
        listen: onChange => settings.listen(names => (names.has('lr') || names.has('opt')) && onChange()),
      },
      { label: 'Learning rate', about: TRAINING_ABOUT.rate, ...RATES, isLog: true },
    ),
    makeSlider(settings.bind('batch'), {
      label: 'Batch',
      about: TRAINING_ABOUT.batch,
      least: 1,
      most: MAX.batch,
      isLog: true,
      isInteger: true,
    }),
    makeSlider(settings.bind('epochs'), {
      label: 'Epochs',
      about: TRAINING_ABOUT.epochs,
      least: 1,
      most: MAX.epochs,
      isLog: true,
      isInteger: true,
    }),
  );
  const double = makeButton('Double the epochs', () => {
    settings.set({ epochs: Math.min(MAX.epochs, 2 * settings.values.epochs) });
    onLonger();
  });
  const usual = makeButton('Usual rate', () => settings.set({ lr: null }));
  const choices = makeElement('div', 'choices');
  choices.append(double, usual);
  controls.append(choices);
  return makeCard('Training', undefined, controls);
}
