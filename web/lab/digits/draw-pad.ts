/** A place to draw a digit on, by pointer, finger or pen. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';

/** Its pixels, each way. */
export const PAD_SIDE = 112;
const PEN = 9;

export class DrawPad {
  readonly canvas = makeElement('canvas', 'pad');
  readonly #context: CanvasRenderingContext2D;
  #last: readonly [number, number] | null = null;

  /** `onInk` gets 0..1, row by row. */
  constructor(readonly onInk: (ink: Float32Array) => void) {
    const { canvas } = this;
    canvas.width = PAD_SIDE;
    canvas.height = PAD_SIDE;
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('aria-label', 'A place to draw a digit on by pointer');
    this.#context = getContext2d(canvas, { willReadFrequently: true });
    Object.assign(this.#context, {
      lineWidth: PEN,
      lineCap: 'round',
      lineJoin: 'round',
      strokeStyle: '#fff',
    });
    canvas.addEventListener('pointerdown', event => {
      canvas.setPointerCapture(event.pointerId);
      this.#last = this.#place(event);
      this.#draw(event);
    });
    canvas.addEventListener('pointermove', event => this.#last && this.#draw(event));
    const end = () => {
      this.#last = null;
    };
    canvas.addEventListener('pointerup', end);
    canvas.addEventListener('pointercancel', end);
  }

  clear(): void {
    this.#context.clearRect(0, 0, PAD_SIDE, PAD_SIDE);
  }

  #place({ clientX, clientY }: PointerEvent): readonly [number, number] {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((clientX - left) / width) * PAD_SIDE, ((clientY - top) / height) * PAD_SIDE];
  }

  #draw(event: PointerEvent): void {
    const to = this.#place(event);
    const context = this.#context;
    context.beginPath();
    context.moveTo(...(this.#last ?? to));
    context.lineTo(...to);
    context.stroke();
    this.#last = to;
    const { data } = context.getImageData(0, 0, PAD_SIDE, PAD_SIDE);
    this.onInk(Float32Array.from({ length: PAD_SIDE ** 2 }, (_, i) => (data[4 * i + 3] ?? 0) / 255));
  }
}
