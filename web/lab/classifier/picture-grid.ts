/** Pictures beside each other, each with a frame: found, not found, or not tested yet. A click chooses one. */
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

  constructor(
    label: string,
    readonly cell: number,
    readonly content: () => readonly GridPicture[],
    readonly onPicture: (index: number) => void = () => undefined,
  ) {
    this.view = new FittedCanvas('grid', label, (context, width) => this.#draw(context, width));
    this.view.canvas.addEventListener('click', event => {
      const box = this.view.canvas.getBoundingClientRect();
      const [wide, tall] = [this.cell + GAP, this.cell + GAP + TEXT];
      const column = Math.floor((event.clientX - box.left) / wide);
      const index = Math.floor((event.clientY - box.top) / tall) * this.#columns + column;
      if (column < this.#columns && index < this.content().length) this.onPicture(index);
    });
  }

  /** Shows what there is now. */
  request(): void {
    this.#ready = 0;
    this.view.request();
  }

  #draw(context: CanvasRenderingContext2D, width: number): void {
    const { cell } = this;
    this.#columns = Math.max(1, Math.floor((width + GAP) / (cell + GAP)));
    const content = this.content();
    const rows = Math.ceil(content.length / this.#columns);
    const size = cell - 2 * FRAME;
    const { style } = this.view.canvas;
    const height = `${Math.max(1, rows) * (cell + GAP + TEXT)}px`;
    // Another height comes back as another call.
    if (style.height !== height) style.height = height;
    context.font = `${TEXT - 1}px system-ui, sans-serif`;
    context.textBaseline = 'top';
    const end = performance.now() + DRAW_MS;
    for (const [i, { picture, isRight, text = '' }] of content.entries()) {
      if (i >= this.#ready) {
        if (performance.now() > end) {
          this.view.request();
          return;
        }
        this.#ready = i + 1;
      }
      const left = (i % this.#columns) * (cell + GAP);
      const top = Math.floor(i / this.#columns) * (cell + GAP + TEXT);
      context.fillStyle = themeColor(isRight === undefined ? 'border' : isRight ? 'good' : 'error');
      context.fillRect(left, top, cell, cell);
      const canvas = canvasOf(picture());
      context.imageSmoothingEnabled = size < canvas.width;
      context.drawImage(canvas, left + FRAME, top + FRAME, size, size);
      if (isRight === undefined) context.fillStyle = themeColor('muted');
      // Not by colour alone.
      context.fillText(isRight === false ? `✗ ${text}` : text, left, top + cell + 1, cell);
    }
  }
}
