/** The controls of a classifier's network and of its training. */

import { makeElement } from '../../shared/dom.ts';
import type { NetName } from '../network/classifiers.ts';
import { OPTIMIZERS, TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeCheck, makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { ABOUT } from './about.ts';
import { type ClassifierSettings, MAX, RATES, rateOf, type Start } from './settings.ts';

const NETS: readonly (readonly [NetName, string])[] = [
  ['lenet', 'LeNet'],
  ['conv3', 'Three convolutions'],
  ['perceptron', 'Perceptron'],
  ['linear', 'Linear'],
];
const STARTS: readonly (readonly [Start, string])[] = [
  ['new', 'From nothing'],
  ['trained', 'Trained, from a file'],
];

/** `hasStarts` tells whether there are trained weights to begin with. */
export function makeNetworkCard(settings: ClassifierSettings, hasStarts: Promise<boolean>): HTMLElement {
  const controls = makeElement('div', 'controls pair');
  const units = makeSlider(settings.bind('units'), {
    label: 'Hidden units',
    about: ABOUT.units,
    least: 1,
    most: MAX.units,
    isLog: true,
    isInteger: true,
  });
  const showUnits = () => {
    units.hidden = settings.values.net !== 'perceptron';
  };
  settings.listen(showUnits);
  showUnits();
  const start = makeSelect(settings.bind('start'), { label: 'Start', about: ABOUT.start, choices: STARTS });
  start.hidden = true;
  void hasStarts.then(has => {
    start.hidden = !has;
  });
  controls.append(
    makeSelect(settings.bind('net'), { label: 'Network', about: ABOUT.net, choices: NETS }),
    start,
    makeInteger(settings.bind('seed'), {
      label: 'Seed',
      about: TRAINING_ABOUT.seed,
      least: 0,
      most: MAX.seed,
    }),
    units,
  );
  return makeCard('Network', undefined, controls);
}

export function makeTrainingCard(settings: ClassifierSettings): HTMLElement {
  const controls = makeElement('div', 'controls');
  const rate = settings.bind('lr');
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
    makeCheck(settings.bind('augment'), { label: 'Move pictures', about: ABOUT.augment }),
  );
  const choices = makeElement('div', 'choices');
  choices.append(makeButton('Usual rate', () => settings.set({ lr: null })));
  controls.append(choices);
  return makeCard('Training', undefined, controls);
}
