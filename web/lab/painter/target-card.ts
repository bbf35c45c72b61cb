/** The card of the picture that is painted: where it comes from, and the brush that draws on it. */
import { encodePng } from '../../shared/canvas.ts';
import { makeElement, saveFile } from '../../shared/dom.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { bindDrop, makeFileButton } from '../shell/files.ts';
import { ABOUT } from './about.ts';
import type { CardHost } from './card-host.ts';
import { MAX, PICTURE_FILE, type Source } from './settings.ts';
import type { Target } from './target.ts';

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
  button('Save', () => saveFile(encodePng(target.canvas), PICTURE_FILE));
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
