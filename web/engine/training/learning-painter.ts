// A painter of a look that learns meanwhile. Every now and then a painter of the newest weights takes the place of the
// one before. Both have a canvas of their own, and what they paint is copied: so frames go on while the next one is made.
// On one device of WebGPU it finds the pipelines of the one before; on WebGL2 the programs are linked again.

import { makeCanvas } from '../frames/canvas.ts';
import {
  type Canvas,
  createPainter,
  EngineError,
  type Painter,
  type PainterOptions,
  readLook,
  webgpuAvailable,
} from '../index.ts';
import type { LearningPainterOptions } from './trainer.ts';

/** Between two painters. */
const INTERVAL_MS = 500;
/** The part of the time that making painters may take. */
const SHARE = 0.2;

export class LearningPainter implements Painter {
  readonly canvas: Canvas;
  readonly #live = new Map<string, number>();
  #guide: Canvas | null = null;
  #isOver = false;
  #isBusy = false;
  /** Whether the last weights came while it was busy. */
  #isBehind = false;
  #dueAt = 0;

  /** `save` gives the look with the newest weights. */
  static async create(
    save: () => Promise<Uint8Array>,
    options: LearningPainterOptions,
  ): Promise<LearningPainter> {
    const context = options.canvas.getContext('2d', { alpha: false });
    if (!context || !('drawImage' in context)) {
      throw new EngineError('The canvas gives no 2-D context; give one that has no other context.');
    }
    const maker = new PainterMaker(options);
    try {
      return new LearningPainter(await maker.make(await save()), save, maker, context);
    } catch (error) {
      maker.destroy();
      throw error;
    }
  }

  private constructor(
    private painter: Painter,
    readonly save: () => Promise<Uint8Array>,
    readonly maker: PainterMaker,
    readonly context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  ) {
    maker.onLost = () => this.follow(true);
    this.canvas = maker.options.canvas;
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

  /** Goes on with the newest weights, if it is time to; with the last ones in any case. Where that fails, frames go on with
   * those before. */
  follow(isLast: boolean): void {
    if (this.#isBusy) {
      this.#isBehind ||= isLast;
      return;
    }
    if (this.#isOver || (performance.now() < this.#dueAt && !isLast)) return;
    this.#isBusy = true;
    this.#learn()
      .catch(() => undefined)
      .finally(() => {
        const isBehind = this.#isBehind;
        this.#isBusy = this.#isBehind = false;
        if (isBehind) this.follow(true);
      });
  }

  async #learn(): Promise<void> {
    const begin = performance.now();
    try {
      this.#replace(await this.maker.make(await this.save()));
    } finally {
      const now = performance.now();
      this.#dueAt = now + Math.max(this.maker.options.every ?? INTERVAL_MS, (now - begin) / SHARE);
    }
  }

  #replace(painter: Painter): void {
    if (this.#isOver) {
      painter.destroy();
      return;
    }
    for (const [name, value] of this.#live) painter.set(name, value);
    this.painter.attachGuide(null);
    if (this.#guide) painter.attachGuide(this.#guide);
    this.maker.release(this.painter);
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
    this.context.drawImage(canvas, 0, 0);
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
    this.maker.destroy();
  }
}

/** Makes painters of one look, on one device if they are on WebGPU, and on few canvases: browsers allow some contexts. */
class PainterMaker {
  #device: GPUDevice | undefined;
  readonly #canvases: Canvas[] = [];
  /** Canvases without a painter. */
  readonly #free: Canvas[] = [];
  #isOver = false;
  onLost: () => void = () => undefined;

  constructor(readonly options: LearningPainterOptions) {}

  async make(bytes: Uint8Array): Promise<Painter> {
    const look = await readLook(bytes);
    this.#checkOver();
    const { backend } = this.options;
    const options: PainterOptions = { canvas: this.#free.pop() ?? this.#makeCanvas(), upkeep: false };
    if (backend) options.backend = backend;
    const device = this.options.device ?? (await this.#ownDevice());
    return createPainter(look, device ? { ...options, device } : options);
  }

  #checkOver(): void {
    if (this.#isOver) throw new EngineError('The painter was destroyed.');
  }

  #makeCanvas(): Canvas {
    const canvas = makeCanvas(1, 1);
    this.#canvases.push(canvas);
    return canvas;
  }

  release(painter: Painter): void {
    painter.destroy();
    if (painter.canvas) this.#free.push(painter.canvas);
  }

  async #ownDevice(): Promise<GPUDevice | undefined> {
    if (this.#device) return this.#device;
    const { backend } = this.options;
    if (backend === 'webgl2' || (!backend && !(await webgpuAvailable()).ok)) return undefined;
    const { requestDevice } = await import('./learning-painter-device.ts');
    const device = await requestDevice();
    if (this.#isOver) device.destroy();
    this.#checkOver();
    // The next painter gets another one.
    void device.lost.then(() => {
      this.#device = undefined;
      this.onLost();
    });
    this.#device = device;
    return device;
  }

  destroy(): void {
    this.#isOver = true;
    this.#device?.destroy();
    for (const canvas of this.#canvases) {
      const context = canvas.getContext('webgl2');
      if (context instanceof WebGL2RenderingContext)
        context.getExtension('WEBGL_lose_context')?.loseContext();
    }
  }
}
