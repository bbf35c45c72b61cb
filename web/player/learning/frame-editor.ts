/** A dialog in which a frozen frame is painted over: by mouse, finger or pen, or in another program. */
import { encodePng, getContext2d } from '../../shared/canvas.ts';
import { makeElement, saveFile, setLabel } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { openPicture } from '../sources/file.ts';
import { makeButton, makeFileButton, makeToggles } from './elements.ts';
import { readPixels } from './frames.ts';
import type { Keyframe } from './keyframe.ts';
import { findPalette, toHex } from './palette.ts';
import { type StrokePoint, shareOf } from './strokes.ts';

type Tool = 'brush' | 'eraser' | 'picker';

const COLOURS = 8;
/** In widths of the picture. */
const SIZES = { least: 0.01, most: 0.3, usual: 0.07, step: 0.005 } as const;
const INK = '#1b1a18';
const PAPER = '#f6f1e6';

export class FrameEditor {
  readonly #dialog = makeElement('dialog', 'help frame-editor');
  readonly #stage = makeElement('div', 'stage');
  readonly #ring = makeElement('div', 'ring');
  readonly #size = makeElement('input');
  readonly #anyColour = makeElement('input');
  readonly #swatches = makeElement('fieldset', 'swatches');
  readonly #undo: HTMLButtonElement;
  readonly #message = makeElement('p', 'hint');
  readonly #setTool: (tool: Tool) => void;
  #tool: Tool = 'brush';
  #colour: string = INK;
  #keyframe: Keyframe | null = null;
  #pointer: number | null = null;
  #onDone: (keyframe: Keyframe) => void = () => undefined;

  constructor(readonly announce: (sentence: string) => void) {
    const title = makeElement('h2', '', 'Paint over this frame');
    title.id = 'frame-editor-title';
    this.#dialog.setAttribute('aria-labelledby', title.id);
    this.#ring.hidden = true;
    const tools = makeToggles<Tool>(
      'Tool',
      [
        ['brush', 'Brush'],
        ['eraser', 'Eraser'],
        ['picker', 'Pick colour'],
      ],
      tool => this.#useTool(tool),
    );
    this.#setTool = tools.set;
    this.#undo = makeButton('Undo', () => this.#change(keyframe => keyframe.layer.undo(), 'Undone.'));
    this.#undo.setAttribute('aria-keyshortcuts', 'Control+Z');
    const clear = makeButton('Start over', () =>
      this.#change(keyframe => keyframe.layer.clear(), 'The frame is as it was.'),
    );
    const save = makeButton('Save…', () => this.#saveFrame());
    setLabel(save, 'Save this frame, to paint over it in another program');
    const open = makeFileButton('Open…', 'image/*', false, ([file]) => {
      if (file) void this.#openPainted(file);
    });
    setLabel(open[0], 'Open a painted version of this frame');
    const done = makeButton('Done', () => this.#finish(), 'primary');
    const history = makeElement('div', 'choices four');
    history.append(this.#undo, clear, save, ...open);
    const hint =
      'Paint what the network shall learn: a few bold strokes will do, or every leaf. What you leave stays as it is.';
    const side = makeElement('div', 'tools');
    side.append(
      title,
      makeElement('p', 'hint', hint),
      tools.element,
      this.#makeSizeRow(),
      this.#swatches,
      history,
      this.#message,
      done,
    );
    this.#dialog.append(this.#stage, side);
    document.body.append(this.#dialog);
    this.#bindPointer();
    this.#dialog.addEventListener('keydown', event => this.#handleKey(event));
    this.#dialog.addEventListener('close', () => this.#leave());
  }

  /** Opens the frame; `onDone` is called when the dialog closes. */
  open(keyframe: Keyframe, onDone: (keyframe: Keyframe) => void): void {
    this.#keyframe = keyframe;
    this.#onDone = onDone;
    const { frame, layer } = keyframe;
    this.#stage.style.setProperty('--ratio', String(frame.width / frame.height));
    layer.canvas.setAttribute('role', 'img');
    layer.canvas.setAttribute('aria-label', 'The frame, to be painted over with a mouse, a finger or a pen');
    this.#stage.replaceChildren(frame, layer.canvas, this.#ring);
    this.#showColours(findPalette(readPixels(frame), COLOURS));
    this.#setTool('brush');
    this.#message.textContent = '';
    this.#showUndo();
    this.#dialog.showModal();
  }

  #makeSizeRow(): HTMLElement {
    const row = makeElement('label', 'row slider');
    Object.assign(this.#size, { type: 'range', min: SIZES.least, max: SIZES.most, step: SIZES.step });
    this.#size.valueAsNumber = SIZES.usual;
    row.append(makeElement('span', '', 'Size'), this.#size);
    return row;
  }

  #showColours(palette: readonly string[]): void {
    const colours = [...new Set([INK, ...palette, PAPER])];
    const buttons = colours.map(colour => {
      const button = makeButton('', () => this.#useColour(colour), 'swatch');
      button.style.setProperty('--swatch', colour);
      button.dataset.colour = colour;
      button.setAttribute('aria-label', `Colour ${colour}`);
      return button;
    });
    const any = makeElement('label', 'any-colour', 'Any colour');
    this.#anyColour.type = 'color';
    this.#anyColour.oninput = () => this.#useColour(this.#anyColour.value);
    any.append(this.#anyColour);
    this.#swatches.replaceChildren(makeElement('legend', 'visually-hidden', 'Colour'), ...buttons, any);
    // One that is seen on the frame: the palette's last is its brightest.
    this.#useColour(palette.at(-1) ?? INK);
  }

  #useTool(tool: Tool): void {
    this.#tool = tool;
    this.#stage.dataset.tool = tool;
  }

  #useColour(colour: string): void {
    this.#colour = colour;
    this.#anyColour.value = colour;
    if (this.#tool === 'eraser') this.#setTool('brush');
    this.#stage.style.setProperty('--colour', colour);
    for (const button of this.#swatches.querySelectorAll('button')) {
      button.setAttribute('aria-pressed', String(button.dataset.colour === colour));
    }
  }

  #bindPointer(): void {
    const stage = this.#stage;
    stage.addEventListener('pointerdown', event => this.#begin(event));
    stage.addEventListener('pointermove', event => this.#move(event));
    for (const kind of ['pointerup', 'pointercancel'] as const) {
      stage.addEventListener(kind, event => this.#end(event));
    }
    stage.addEventListener('pointerleave', () => {
      this.#ring.hidden = true;
    });
  }

  #begin(event: PointerEvent): void {
    const { layer } = this.#keyframe ?? {};
    // A second finger is none of the stroke.
    if (!layer || this.#pointer !== null || event.button !== 0) return;
    event.preventDefault();
    if (this.#tool === 'picker') {
      this.#pick(event);
      return;
    }
    this.#stage.setPointerCapture(event.pointerId);
    this.#pointer = event.pointerId;
    const stroke = { tool: this.#tool, colour: this.#colour, size: this.#size.valueAsNumber };
    layer.beginStroke(stroke, this.#pointOf(event));
  }

  #move(event: PointerEvent): void {
    this.#moveRing(event);
    if (event.pointerId !== this.#pointer) return;
    // Browsers join what a pen sends between two frames of the screen.
    const events = event.getCoalescedEvents?.() ?? [];
    for (const one of events.length > 0 ? events : [event]) {
      this.#keyframe?.layer.extendStroke(this.#pointOf(one));
    }
  }

  #end(event: PointerEvent): void {
    if (event.pointerId !== this.#pointer) return;
    this.#pointer = null;
    this.#keyframe?.layer.endStroke();
    this.#showUndo();
  }

  #pointOf(event: PointerEvent): StrokePoint {
    const { left, top, width } = this.#stage.getBoundingClientRect();
    const pressure = shareOf(event.pressure, event.pointerType === 'pen');
    return { x: (event.clientX - left) / width, y: (event.clientY - top) / width, pressure };
  }

  #moveRing(event: PointerEvent): void {
    const { left, top, width } = this.#stage.getBoundingClientRect();
    this.#ring.hidden = event.pointerType === 'touch' || this.#tool === 'picker';
    this.#ring.style.setProperty('--x', `${event.clientX - left}px`);
    this.#ring.style.setProperty('--y', `${event.clientY - top}px`);
    this.#ring.style.setProperty('--size', `${this.#size.valueAsNumber * width}px`);
  }

  /** Takes the colour of the frame as it is painted now. */
  #pick(event: PointerEvent): void {
    const keyframe = this.#keyframe;
    if (!keyframe) return;
    const { x, y } = this.#pointOf(event);
    const canvas = keyframe.layer.over(keyframe.frame);
    const place = [x * canvas.width, y * canvas.width].map(Math.floor) as [number, number];
    const [red = 0, green = 0, blue = 0] = getContext2d(canvas).getImageData(...place, 1, 1).data;
    this.#useColour(toHex([red, green, blue]));
    this.#setTool('brush');
    this.announce(`Colour ${this.#colour}.`);
  }

  #handleKey(event: KeyboardEvent): void {
    if (event.key.toLowerCase() !== 'z' || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    if (!this.#undo.disabled) this.#undo.click();
  }

  #change(change: (keyframe: Keyframe) => void, said: string): void {
    if (!this.#keyframe) return;
    change(this.#keyframe);
    this.#say(said);
    this.#showUndo();
  }

  #showUndo(): void {
    this.#undo.disabled = !this.#keyframe?.layer.canUndo;
  }

  #saveFrame(): void {
    if (!this.#keyframe) return;
    saveFile(encodePng(this.#keyframe.frame), 'limner-frame.png');
    this.#say('Paint over it in any program, keep its size, and open the painted version here.');
  }

  async #openPainted(file: File): Promise<void> {
    try {
      const { frame } = await openPicture(file);
      this.#change(keyframe => keyframe.layer.cover(frame), `${file.name} covers the frame now.`);
    } catch (error) {
      this.#say(errorMessage(error));
    }
  }

  #say(sentence: string): void {
    this.#message.textContent = sentence;
    this.announce(sentence);
  }

  #finish(): void {
    this.#dialog.close();
  }

  /** Also by Escape: nothing that was painted is lost. */
  #leave(): void {
    const keyframe = this.#keyframe;
    this.#keyframe = null;
    this.#pointer = null;
    if (keyframe) this.#onDone(keyframe);
  }
}
