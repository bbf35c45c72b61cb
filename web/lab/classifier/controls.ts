/** The controls of a classifier's network and of its training. */

import { makeElement } from '../../shared/dom.ts';
import { isBuilt, type NetName } from '../network/classifiers.ts';
import { TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeTrainingCard } from '../network/training-card.ts';
import { makeCard } from '../shell/bench.ts';
import { makeCheck, makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { ABOUT } from './about.ts';
import { type ClassifierSettings, MAX, RATES, rateOf, type Start } from './settings.ts';

const NETS: readonly (readonly [NetName, string])[] = [
  ['lenet', 'LeNet'],
  ['conv3', 'Three convolutions'],
  ['perceptron', 'Perceptron'],
  ['linear', 'Linear'],
  ['cnn', 'Five convolutions'],
  ['resnet8', 'ResNet-8'],
  ['airbench-quarter', 'Airbench, narrow'],
];
const STARTS: readonly (readonly [Start, string])[] = [
  ['new', 'From nothing'],
  ['trained', 'Trained, from a file'],
];

/** `trained` are the networks whose files lie beside the page. */
export function makeNetworkCard(
  settings: ClassifierSettings,
  trained: Promise<readonly NetName[]>,
): HTMLElement {
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
  const net = makeSelect(settings.bind('net'), { label: 'Network', about: ABOUT.net, choices: NETS });
  const showTrained = (trained: readonly NetName[]) => {
    start.hidden = !trained.includes(settings.values.net);
    for (const option of net.querySelectorAll('option')) {
      const own = option.value as NetName;
      option.hidden = !isBuilt(own) && !trained.includes(own);
      option.disabled = option.hidden; // for browsers that show hidden ones
    }
  };
  showTrained([]);
  void trained.then(nets => {
    const follow = () => {
      showTrained(nets);
      // A start that cannot be chosen cannot be taken back either.
      if (start.hidden) settings.set({ start: 'new' });
    };
    settings.listen(follow);
    follow();
  });
  controls.append(
    net,
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

export const makeClassifierTrainingCard = (settings: ClassifierSettings): HTMLElement =>
  makeTrainingCard(settings, {
    currentRate: () => rateOf(settings),
    rates: RATES,
    max: MAX,
    controls: [makeCheck(settings.bind('augment'), { label: 'Move pictures', about: ABOUT.augment })],
  });
