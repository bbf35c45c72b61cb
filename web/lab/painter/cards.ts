/** The cards of the tab that have its controls. */
import { makeElement } from '../../shared/dom.ts';
import { OPTIMIZERS, TRAINING_ABOUT } from '../network/optimizers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { bindDrop, makeFileButton } from '../shell/files.ts';
import { ABOUT, DRIVE_NAMES } from './about.ts';
import { MAX, type Mode, type PainterSettings, RATES, rateOf, type Source, sizeOf } from './settings.ts';
import type { Target } from './target.ts';

export interface CardHost {
  readonly settings: PainterSettings;
  /** Hides an element while it says so, and returns it. */
  readonly showOnly: (element: HTMLElement, isShown: () => boolean) => HTMLElement;
  readonly fail: (error: unknown) => void;
}

export function makeTargetCard(
  cards: CardHost,
  target: Target,
  brush: HTMLInputElement,
  draw: () => void,
): HTMLElement {
  const { settings, showOnly, fail } = cards;
  const choices = makeElement('div', 'choices');
  const button = (label: string, onClick: () => void) => choices.append(makeButton(label, onClick));
  const openFile = (file: File) => void target.drawFile(file).catch(fail);
  const again = (source: Source) => {
    if (settings.values.source === source) draw();
    else settings.set({ source });
  };
  button('Still life', () => again('still'));
  button('Camera', () => again('camera'));
  choices.append(...makeFileButton('Open…', 'image/*', openFile));
  const text = makeElement('input');
  Object.assign(text, { type: 'text', maxLength: MAX.text, value: settings.values.text });
  text.setAttribute('aria-label', 'A text to paint');
  text.addEventListener('input', () => settings.set({ text: text.value || ' ', source: 'text' }));
  settings.bind('text').listen(() => {
    if (text.value !== settings.values.text) text.value = settings.values.text;
  });
  const strokes = makeElement(
    'label',
    'brush hint',
    'Draw on it with this colour: the painting follows you.',
  );
  strokes.append(brush);
  const words = makeElement('div', 'choices words');
  words.append(
    text,
    makeButton('Paint text', () => again('text')),
  );
  const card = makeCard('Picture', ABOUT.target, target.element, strokes, choices, words);
  bindDrop(card, openFile);
  return showOnly(card, () => settings.values.net !== 'cppn');
}

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
