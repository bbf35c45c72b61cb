/** Pictures beside each other, each with a frame: found, not found, or not tested yet. A click or an arrow key chooses one. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import type { Picture } from '../data/examples.ts';
import { FittedCanvas } from '../plot/fitted-canvas.ts';
import { themeColor } from '../shell/theme.ts';

export interface GridPicture {
  /** Called when it is drawn: some pictures are made then. */
  readonly picture: () => Picture;
  /** Undefined: not tested. */
  readonly isRight?: boolean | undefined;
  readonly text?: string;
}

const FRAME = 2;
const GAP = 4;
const TEXT = 11;
/** A frame draws as many as it has time for, and the next one goes on. */
const DRAW_MS = 8;

const canvases = new WeakMap<Picture, HTMLCanvasElement>();

/** A picture of one or three channels as a canvas, made once. */
function canvasOf(picture: Picture): HTMLCanvasElement {
  const known = canvases.get(picture);
  if (known) return known;
  const { side, channels, values } = picture;
  const canvas = makeElement('canvas');
  canvas.width = side;
  canvas.height = side;
  const own = getContext2d(canvas);
  const image = own.createImageData(side, side);
  const area = side * side;
  for (let i = 0; i < area; i++) {
    for (let channel = 0; channel < 3; channel++) {
      image.data[4 * i + channel] = values[i + area * Math.min(channel, channels - 1)] ?? 0;
    }
    image.data[4 * i + 3] = 255;
  }
  own.putImageData(image, 0, 0);
  canvases.set(picture, canvas);
  return canvas;
}

export class PictureGrid {
  readonly view: FittedCanvas;
  #columns = 1;
  /** Pictures that are there to be drawn. */
  #ready = 0;
  /** The picture that is chosen, where one can be. */
  #chosen = 0;

  /** Without `onPicture` no picture can be chosen. */
  constructor(
    label: string,
    readonly cell: number,
    readonly content: () => readonly GridPicture[],
    readonly onPicture?: (index: number) => void,
  ) {
    this.view = new FittedCanvas('grid', label, (context, width) => this.#draw(context, width));
    if (onPicture) this.#bindChoice();
  }

  /** Shows what there is now. */
  request(): void {
    this.#ready = 0;
    this.view.request();
    if (this.onPicture) this.#describe();
  }

  get #wide(): number {
    return this.cell + GAP;
  }

  get #tall(): number {
    return this.cell + GAP + TEXT;
  }

  /** To a screen reader, the number of the chosen picture is a slider's value. */
  #bindChoice(): void {
    const { canvas } = this.view;
    canvas.tabIndex = 0;
    canvas.setAttribute('role', 'slider');
    canvas.addEventListener('click', event => {
      const box = canvas.getBoundingClientRect();
      const column = Math.floor((event.clientX - box.left) / this.#wide);
      const index = Math.floor((event.clientY - box.top) / this.#tall) * this.#columns + column;
      if (column < this.#columns) this.#choose(index);
    });
    canvas.addEventListener('keydown', event => {
      const last = this.content().length - 1;
      const places: Record<string, number> = {
        ArrowLeft: this.#chosen - 1,
        ArrowRight: this.#chosen + 1,
        ArrowUp: this.#chosen - this.#columns,
        ArrowDown: this.#chosen + this.#columns,
        Home: 0,
        End: last,
        Enter: this.#chosen,
      };
      const index = places[event.key];
      if (index === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      this.#choose(index);
    });
    canvas.addEventListener('focus', () => this.view.request());
    canvas.addEventListener('blur', () => this.view.request());
    this.#describe();
  }

  #choose(index: number): void {
    if (index < 0 || index >= this.content().length) return;
    this.#chosen = index;
    this.#describe();
    this.view.request();
    this.#scroll();
    this.onPicture?.(index);
  }

  /** Brings the chosen picture into what its box shows. */
  #scroll(): void {
    const box = this.view.canvas.parentElement;
    if (!box) return;
    const top = Math.floor(this.#chosen / this.#columns) * this.#tall;
    if (top < box.scrollTop) box.scrollTop = top;
    else if (top + this.#tall > box.scrollTop + box.clientHeight)
      box.scrollTop = top + this.#tall - box.clientHeight;
  }

  #describe(): void {
    const { canvas } = this.view;
    const content = this.content();
    this.#chosen = Math.max(0, Math.min(this.#chosen, content.length - 1));
    const { isRight, text = '' } = content[this.#chosen] ?? {};
    const found = isRight === undefined ? 'not tested' : `${isRight ? 'found' : 'not found'}, called ${text}`;
    const place = `Picture ${this.#chosen + 1} of ${content.length}`;
    canvas.setAttribute('aria-valuemin', '1');
    canvas.setAttribute('aria-valuemax', String(Math.max(1, content.length)));
    canvas.setAttribute('aria-valuenow', String(this.#chosen + 1));
    canvas.setAttribute('aria-valuetext', content.length > 0 ? `${place}: ${found}` : 'No pictures');
  }

  #draw(context: CanvasRenderingContext2D, width: number): void {
    const { cell } = this;
    this.#columns = Math.max(1, Math.floor((width + GAP) / (cell + GAP)));
    const content = this.content();
    const rows = Math.ceil(content.length / this.#columns);
    const size = cell - 2 * FRAME;
    const { style } = this.view.canvas;
    const height = `${Math.max(1, rows) * this.#tall}px`;
    // Another height comes back as another call.
    if (style.height !== height) style.height = height;
    context.font = `${TEXT - 1}px system-ui, sans-serif`;
    context.textBaseline = 'top';
    const focused = document.activeElement === this.view.canvas ? this.#chosen : -1;
    const end = performance.now() + DRAW_MS;
    for (const [i, { picture, isRight, text = '' }] of content.entries()) {
      if (i >= this.#ready) {
        if (performance.now() > end) {
          this.view.request();
          return;
        }
        this.#ready = i + 1;
      }
      const left = (i % this.#columns) * this.#wide;
      const top = Math.floor(i / this.#columns) * this.#tall;
      context.fillStyle = themeColor(isRight === undefined ? 'border' : isRight ? 'good' : 'error');
      context.fillRect(left, top, cell, cell);
      const canvas = canvasOf(picture());
      context.imageSmoothingEnabled = size < canvas.width;
      context.drawImage(canvas, left + FRAME, top + FRAME, size, size);
      if (i === focused) {
        context.strokeStyle = themeColor('accent');
        context.lineWidth = 2 * FRAME;
        context.strokeRect(left + FRAME, top + FRAME, size, size);
      }
      if (isRight === undefined) context.fillStyle = themeColor('muted');
      // Not by colour alone.
      context.fillText(isRight === false ? `✗ ${text}` : text, left, top + cell + 1, cell);
    }
  }
}
