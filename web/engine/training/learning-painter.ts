// A painter of a look that learns meanwhile. Every now and then a painter of the newest weights takes the place of the
// one before. Both have a canvas of their own, and what they paint is copied: so frames go on while the next one is made,
// and on one device it finds the pipelines of the one before.

import { makeCanvas } from '../frames/canvas.ts';
import {
  type Canvas,
  createPainter,
  EngineError,
  type Painter,
  type PainterOptions,
  readLook,
} from '../index.ts';
import type { LearningPainterOptions } from './trainer.ts';

/** Between two painters. */
const INTERVAL_MS = 500;
/** The part of the time that making painters may take. */
const SHARE = 0.2;

export class LearningPainter implements Painter {
  readonly canvas: Canvas;
  readonly #context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  readonly #live = new Map<string, number>();
  #guide: Canvas | null = null;
  #isOver = false;
  #isBusy = false;
  #dueAt = 0;

  static async create(bytes: Uint8Array, options: LearningPainterOptions): Promise<LearningPainter> {
    return new LearningPainter(await makePainter(bytes, options), options);
  }

  private constructor(
    private painter: Painter,
    readonly options: LearningPainterOptions,
  ) {
    this.canvas = options.canvas;
    const context = options.canvas.getContext('2d', { alpha: false });
    if (!context || !('drawImage' in context)) {
      throw new EngineError('The canvas gives no 2-D context; give one that has no other context.');
    }
    this.#context = context;
  }

  get info(): Painter['info'] {
    return this.painter.info;
  }

  get backend(): Painter['backend'] {
    return this.painter.backend;
  }

  get adapter(): string {
    return this.painter.adapter;
  }

  get statistics(): Painter['statistics'] {
    return this.painter.statistics;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Goes on with the newest weights, if it is time to. Where that fails, frames go on with those before. */
  follow(save: () => Promise<Uint8Array>, isLast = false): void {
    const begin = performance.now();
    if (this.#isOver || this.#isBusy || (begin < this.#dueAt && !isLast)) return;
    this.#isBusy = true;
    const learn = async () => this.#replace(await makePainter(await save(), this.options));
    learn()
      .catch(() => undefined)
      .finally(() => {
        const now = performance.now();
        this.#isBusy = false;
        this.#dueAt = now + Math.max(this.options.every ?? INTERVAL_MS, (now - begin) / SHARE);
      });
  }

  #replace(painter: Painter): void {
    if (this.#isOver) {
      painter.destroy();
      return;
    }
    for (const [name, value] of this.#live) painter.set(name, value);
    this.painter.attachGuide(null);
    if (this.#guide) painter.attachGuide(this.#guide);
    this.painter.destroy();
    this.painter = painter;
  }

  attachGuide(canvas: Canvas | null): void {
    this.painter.attachGuide(canvas);
    this.#guide = canvas;
  }

  set(name: string, value: number): void {
    this.painter.set(name, value);
    this.#live.set(name, value);
  }

  paint(...given: Parameters<Painter['paint']>): void {
    const { canvas } = this.painter;
    if (this.#isOver || !canvas) return;
    this.painter.paint(...given);
    if (this.canvas.width !== canvas.width) this.canvas.width = canvas.width;
    if (this.canvas.height !== canvas.height) this.canvas.height = canvas.height;
    this.#context.drawImage(canvas, 0, 0);
  }

  async run(...given: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    const { painter } = this;
    try {
      return await painter.run(...given);
    } catch (error) {
      if (painter === this.painter) throw error;
      return this.painter.run(...given);
    }
  }

  finished(): Promise<void> {
    return this.painter.finished();
  }

  destroy(): void {
    this.#isOver = true;
    this.painter.destroy();
  }
}

async function makePainter(bytes: Uint8Array, { backend, device }: LearningPainterOptions): Promise<Painter> {
  const look = await readLook(bytes);
  const options: PainterOptions = { canvas: makeCanvas(1, 1), upkeep: false };
  if (backend) options.backend = backend;
  if (device) options.device = device;
  return createPainter(look, options);
}
