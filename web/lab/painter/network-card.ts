/** The card of the network's shape and first weights, and of what moves a bred one. */
import { makeElement } from '../../shared/dom.ts';
import { TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { ABOUT, DRIVE_NAMES } from './about.ts';
import type { CardHost } from './card-host.ts';
import { MAX, type Mode, type PainterSettings, sizeOf } from './settings.ts';

export function makeNetworkCard(cards: CardHost): HTMLElement {
  const { settings, showOnly } = cards;
  const isMode = (...modes: Mode[]) => modes.includes(settings.values.net);
  const controls = makeElement('div', 'controls');
  const size = (name: 'depth' | 'width', least: number, most: number) =>
    makeSlider(
      {
        ...settings.bind(name),
        get: () => sizeOf(settings.values)[name],
        listen: onChange => settings.listen(names => (names.has(name) || names.has('net')) && onChange()),
      },
      {
        label: name === 'depth' ? 'Hidden layers' : 'Units',
        about: ABOUT[name],
        least,
        most,
        isInteger: true,
      },
    );
  const bend = makeSelect(settings.bind('act'), {
    label: 'Activation',
    about: ABOUT.bend,
    choices: [
      ['tanh', 'tanh'],
      ['relu', 'ReLU'],
      ['sigmoid', 'Logistic'],
      ['sine', 'Sine'],
      ['identity', 'None'],
    ],
  });
  const isSynaptic = () => isMode('synaptic');
  controls.append(
    showOnly(size('depth', 0, MAX.depth), () => !isSynaptic()),
    showOnly(size('width', 1, MAX.width), () => !isSynaptic()),
    showOnly(
      makeSlider(settings.bind('units'), {
        label: 'Units',
        about: ABOUT.width,
        least: 1,
        most: MAX.units,
        isInteger: true,
      }),
      isSynaptic,
    ),
    showOnly(bend, () => isMode('mlp', 'cppn')),
    makeInteger(settings.bind('seed'), {
      label: 'Seed',
      about: TRAINING_ABOUT.seed,
      least: 0,
      most: MAX.seed,
    }),
    showOnly(makeDrive(settings), () => isMode('cppn')),
  );
  return makeCard('Network', ABOUT.network, controls);
}

function makeDrive(settings: PainterSettings): HTMLElement {
  const controls = makeElement('div', 'controls');
  const latent = (i: 0 | 1) =>
    makeSlider(
      {
        name: 'z',
        get: () => settings.values.z?.[i] ?? 0,
        set: value => {
          const [x, y] = settings.values.z ?? [0, 0];
          settings.set({ z: i === 0 ? [value, y] : [x, value], drive: 'hand' });
        },
        listen: onChange => settings.listen(names => names.has('z') && onChange()),
      },
      { label: `z${'₁₂'[i]}`, about: ABOUT.latent, least: -2, most: 2 },
    );
  controls.append(
    makeSelect(settings.bind('drive'), { label: 'Moved by', about: ABOUT.drive, choices: DRIVE_NAMES }),
    latent(0),
    latent(1),
  );
  return controls;
}
