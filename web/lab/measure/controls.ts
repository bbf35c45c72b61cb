/** The controls of the tab Measure. */
import { makeElement } from '../../shared/dom.ts';
import { makeCheck, makeInteger, makeSlider } from '../shell/controls.ts';
import type { About } from '../shell/explain.ts';
import type { Bound } from '../shell/settings.ts';
import { ABOUT, BACKEND_ABOUT, NET_ABOUT } from './about.ts';
import { BACKEND_LABELS, BACKEND_NAMES } from './backends.ts';
import { NET_LABELS, NET_NAMES } from './net-names.ts';
import { LIMITS, type MeasureSettings } from './settings.ts';

interface Choices<T extends string> {
  readonly names: readonly T[];
  readonly labels: Readonly<Record<T, string>>;
  readonly about: Readonly<Record<T, About>>;
}

/** A box for each choice, those that are taken being checked. */
function makeChoices<T extends string>(
  legend: string,
  bound: Bound<readonly T[]>,
  { names, labels, about }: Choices<T>,
): HTMLElement {
  const group = makeElement('fieldset', 'controls');
  group.append(makeElement('legend', '', legend));
  for (const name of names) {
    const box: Bound<boolean> = {
      name,
      get: () => bound.get().includes(name),
      set: isTaken => bound.set(names.filter(one => (one === name ? isTaken : bound.get().includes(one)))),
      listen: onChange => bound.listen(onChange),
    };
    group.append(makeCheck(box, { label: labels[name], about: about[name] }));
  }
  return group;
}

export function makeControls(settings: MeasureSettings): HTMLElement {
  const controls = makeElement('div', 'controls');
  controls.append(
    makeChoices('Networks', settings.bind('nets'), {
      names: NET_NAMES,
      labels: NET_LABELS,
      about: NET_ABOUT,
    }),
    makeChoices('Backends', settings.bind('on'), {
      names: BACKEND_NAMES,
      labels: BACKEND_LABELS,
      about: BACKEND_ABOUT,
    }),
    makeCheck(settings.bind('train'), { label: 'A step of training', about: ABOUT.train }),
    makeSlider(settings.bind('runs'), {
      ...{ label: 'Runs', about: ABOUT.runs, isLog: true, isInteger: true },
      ...limitsOf('runs'),
    }),
    makeSlider(settings.bind('rounds'), {
      ...{ label: 'Rounds', about: ABOUT.rounds, isInteger: true },
      ...limitsOf('rounds'),
    }),
    makeSlider(settings.bind('seconds'), {
      ...{ label: 'Seconds', about: ABOUT.seconds, isLog: true, format: seconds => `${seconds} s` },
      ...limitsOf('seconds'),
    }),
    makeInteger(settings.bind('seed'), { label: 'Seed', about: ABOUT.seed, ...limitsOf('seed') }),
  );
  return controls;
}

function limitsOf(name: keyof typeof LIMITS): { readonly least: number; readonly most: number } {
  const [least, most] = LIMITS[name];
  return { least, most };
}
