/** The controls of the tab Descent, beside the surface and the racers. */
import { makeElement } from '../../shared/dom.ts';
import { OPTIMIZERS, type OptimizerName } from '../network/optimizers.ts';
import { makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import type { Bound } from '../shell/settings.ts';
import { ABOUT } from './about.ts';
import type { SurfaceName } from './racers.ts';
import { type DescentSettings, MAX_BATCH, MAX_CONDITION, RUN_STEPS } from './settings.ts';

export interface Controls {
  readonly element: HTMLElement;
  /** What the plane of MNIST is made by, for beside the choice of the surface. */
  readonly runs: HTMLElement;
  /** Shows those that the surface has. */
  show(surface: SurfaceName): void;
}

export function makeControls(settings: DescentSettings): Controls {
  const element = makeElement('div', 'controls');
  const condition = makeSlider(settings.bind('k'), {
    label: 'Condition number',
    about: ABOUT.condition,
    least: 1,
    most: MAX_CONDITION,
    isLog: true,
  });
  const noise = makeSlider(settings.bind('noise'), {
    label: 'Noise of one example',
    about: ABOUT.noise,
    least: 0,
    most: 5,
  });
  const makeRun = (label: string, bound: Bound<OptimizerName>) =>
    makeSelect(bound, { label, about: ABOUT.run, choices: OPTIMIZERS });
  const runs = makeElement('div', 'controls runs');
  runs.append(
    makeRun('First run', settings.bind('first')),
    makeRun('Second run', settings.bind('second')),
    makeSlider(settings.bind('run'), {
      label: 'Steps of each',
      about: ABOUT.runSteps,
      ...RUN_STEPS,
      isLog: true,
      isInteger: true,
    }),
  );
  element.append(
    condition,
    makeSlider(settings.bind('m'), { label: 'Momentum', about: ABOUT.momentum, least: 0, most: 0.99 }),
    makeSlider(settings.bind('batch'), {
      label: 'Mini-batch',
      about: ABOUT.batch,
      least: 1,
      most: MAX_BATCH,
      isLog: true,
      isInteger: true,
    }),
    noise,
    makeSlider(settings.bind('steps'), {
      label: 'Steps',
      about: ABOUT.steps,
      least: 10,
      most: 500,
      isInteger: true,
    }),
    makeInteger(settings.bind('seed'), { label: 'Seed', about: ABOUT.seed, least: 0, most: 2 ** 24 - 1 }),
  );
  const show = (surface: SurfaceName) => {
    condition.hidden = surface !== 'ravine';
    noise.hidden = surface === 'cars' || surface === 'mnist';
    runs.hidden = surface !== 'mnist';
  };
  return { element, runs, show };
}
