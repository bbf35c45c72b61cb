/** What was painted over a frame: strokes, and versions that came from a file. It can be undone mark by mark. */
import { getContext2d } from '../../shared/canvas.ts';
import { makeElement } from '../../shared/dom.ts';
import type { Size } from './example.ts';
import { makeCanvas } from './frames.ts';
import { type Dab, dabsBetween, dabsOf, type Stroke, type StrokePoint } from './strokes.ts';

/** A stroke, a picture that covers all, or that all was taken away. */
type Mark =
  | Stroke
  | { readonly tool: 'picture'; readonly picture: CanvasImageSource }
  | { readonly tool: 'clear' };

export class PaintLayer {
  readonly canvas = makeElement('canvas');
  readonly #context: CanvasRenderingContext2D;
  #marks: Mark[] = [];
  #stroke: { tool: Stroke['tool']; colour: string; size: number; points: StrokePoint[] } | null = null;

  constructor({ width, height }: Size) {
    this.canvas.width = width;
    this.canvas.height = height;
    this.#context = getContext2d(this.canvas);
    this.#context.imageSmoothingQuality = 'high';
  }

  get isEmpty(): boolean {
    const last = this.#marks.at(-1);
    return !last || last.tool === 'clear';
  }

  get canUndo(): boolean {
    return this.#marks.length > 0;
  }

  beginStroke(stroke: Omit<Stroke, 'points'>, point: StrokePoint): void {
    this.#stroke = { ...stroke, points: [point] };
    this.#marks.push(this.#stroke);
    this.#drawDabs(this.#stroke, dabsOf(this.#stroke));
  }

  extendStroke(point: StrokePoint): void {
    const last = this.#stroke?.points.at(-1);
    if (!this.#stroke || !last) return;
    this.#stroke.points.push(point);
    this.#drawDabs(this.#stroke, dabsBetween(last, point, this.#stroke.size));
  }

  endStroke(): void {
    this.#stroke = null;
  }

  /** Covers all with a picture that was painted elsewhere. */
  cover(picture: CanvasImageSource): void {
    this.#add({ tool: 'picture', picture });
  }

  clear(): void {
    if (!this.isEmpty) this.#add({ tool: 'clear' });
  }

  undo(): void {
    this.endStroke();
    this.#marks.pop();
    this.#clearCanvas();
    for (const mark of this.#marks) this.#draw(mark);
  }

  /** The frame with what was painted over it. */
  over(frame: HTMLCanvasElement): HTMLCanvasElement {
    const { width, height } = this.canvas;
    return makeCanvas(this.canvas, context => {
      context.drawImage(frame, 0, 0, width, height);
      context.drawImage(this.canvas, 0, 0);
    });
  }

  #add(mark: Mark): void {
    this.#marks.push(mark);
    this.#draw(mark);
  }

  #draw(mark: Mark): void {
    const { width, height } = this.canvas;
    if (mark.tool === 'clear') this.#clearCanvas();
    else if (mark.tool === 'picture') this.#context.drawImage(mark.picture, 0, 0, width, height);
    else this.#drawDabs(mark, dabsOf(mark));
  }

  #clearCanvas(): void {
    this.#context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  #drawDabs({ tool, colour }: Omit<Stroke, 'points'>, dabs: readonly Dab[]): void {
    const context = this.#context;
    const { width } = this.canvas;
    context.globalCompositeOperation = tool === 'eraser' ? 'destination-out' : 'source-over';
    context.fillStyle = colour;
    for (const { x, y, radius } of dabs) {
      context.beginPath();
      context.arc(x * width, y * width, radius * width, 0, 2 * Math.PI);
      context.fill();
    }
    context.globalCompositeOperation = 'source-over';
  }
}
