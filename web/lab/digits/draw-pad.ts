/** A place to draw a digit on, by pointer, finger or pen, or by keys. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { bindPen } from '../shell/pen.ts';

/** Its pixels, each way. */
export const PAD_SIDE = 112;
const PEN = 9;

export class DrawPad {
  readonly element: HTMLElement;
  readonly #context: CanvasRenderingContext2D;

  /** `onInk` gets 0..1, row by row. */
  constructor(readonly onInk: (ink: Float32Array) => void) {
    const canvas = makeElement('canvas', 'pad');
    canvas.width = PAD_SIDE;
    canvas.height = PAD_SIDE;
    this.#context = getContext2d(canvas, { willReadFrequently: true });
    Object.assign(this.#context, {
      lineWidth: PEN,
      lineCap: 'round',
      lineJoin: 'round',
      strokeStyle: '#fff',
    });
    this.element = bindPen(canvas, 'A place to draw a digit on.', (from, to) => this.#draw(from, to));
  }

  clear(): void {
    this.#context.clearRect(0, 0, PAD_SIDE, PAD_SIDE);
  }

  /** A piece of a stroke, between places from 0 to 1. */
  #draw(from: readonly [number, number], to: readonly [number, number]): void {
    const context = this.#context;
    context.beginPath();
    context.moveTo(from[0] * PAD_SIDE, from[1] * PAD_SIDE);
    // A line of no length would be no dot.
    context.lineTo(to[0] * PAD_SIDE, to[1] * PAD_SIDE + 0.01);
    context.stroke();
    const { data } = context.getImageData(0, 0, PAD_SIDE, PAD_SIDE);
    this.onInk(Float32Array.from({ length: PAD_SIDE ** 2 }, (_, i) => (data[4 * i + 3] ?? 0) / 255));
  }
}
