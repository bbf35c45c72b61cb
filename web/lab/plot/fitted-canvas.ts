/** A canvas that has as many pixels as it covers on the screen. It is drawn at most once a frame. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import { onTheme } from '../shell/theme.ts';

/** Draws onto a clean canvas; sizes are in CSS pixels. */
export type Draw = (context: CanvasRenderingContext2D, width: number, height: number) => void;

/** Canvases that wait to be drawn. Those that a frame has no time for are drawn in the next one. */
const waiting = new Set<FittedCanvas>();
const FRAME_MS = 10;
let isDue = false;

function drawNext(): void {
  if (isDue) return;
  isDue = true;
  requestAnimationFrame(() => {
    isDue = false;
    const end = performance.now() + FRAME_MS;
    for (const canvas of waiting) {
      waiting.delete(canvas);
      canvas.paint();
      if (performance.now() >= end) break;
    }
    if (waiting.size > 0) drawNext();
  });
}

export class FittedCanvas {
  readonly canvas: HTMLCanvasElement = makeElement('canvas');
  #width = 0;
  #height = 0;

  constructor(
    className: string,
    label: string,
    readonly draw: Draw,
  ) {
    this.canvas.className = className;
    this.canvas.setAttribute('role', 'img');
    this.label = label;
    new ResizeObserver(([entry]) => {
      const { inlineSize = 0, blockSize = 0 } = entry?.contentBoxSize[0] ?? {};
      this.#width = inlineSize;
      this.#height = blockSize;
      this.request();
    }).observe(this.canvas);
    onTheme(this, fitted => fitted.request());
  }

  set label(text: string) {
    this.canvas.setAttribute('aria-label', text);
  }

  /** Draws in the next frame, or soon after it. */
  request(): void {
    waiting.add(this);
    drawNext();
  }

  /** Draws now. */
  paint(): void {
    const { canvas } = this;
    if (this.#width === 0 || !canvas.isConnected) return;
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [Math.round(this.#width * ratio), Math.round(this.#height * ratio)];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = getContext2d(canvas);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    context.save();
    this.draw(context, this.#width, this.#height);
    context.restore();
  }
}
