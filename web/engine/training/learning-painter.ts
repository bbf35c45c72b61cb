// A painter on one canvas of a look that learns meanwhile: of the painter that follows the training, whichever that is,
// each painting is copied. So frames go on while the next one is made.

import { makeCanvas } from '../frames/canvas.ts';
import {
  type Canvas,
  createPainter,
  EngineError,
  type Look,
  type Painter,
  type PainterOptions,
  readLook,
  webgpuAvailable,
} from '../index.ts';
import { Follower, type Leader } from './follower.ts';
import type { LearningPainterOptions } from './trainer.ts';

export class LearningPainter implements Painter {
  readonly canvas: Canvas;
  readonly follower: Follower<Look, Painter>;
  readonly #maker: PainterMaker;
  readonly #context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  readonly #live = new Map<string, number>();
  #guide: Canvas | null = null;
  #painter: Painter | null = null;
  #isDestroyed = false;

  static async create(leader: Leader, options: LearningPainterOptions): Promise<LearningPainter> {
    const context = options.canvas.getContext('2d', { alpha: false });
    if (!context || !('drawImage' in context)) {
      throw new EngineError('The canvas gives no 2-D context; give one that has no other context.');
    }
    const painter = new LearningPainter(leader, options, context);
    try {
      await painter.follower.start();
      return painter;
    } catch (error) {
      painter.destroy();
      throw error;
    }
  }

  private constructor(
    leader: Leader,
    options: LearningPainterOptions,
    context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D,
  ) {
    const { backend = 'webgpu', canvas, device, every, precision } = options;
    this.canvas = canvas;
    this.#context = context;
    this.#maker = new PainterMaker(options, () => this.follower.follow(true));
    this.follower = new Follower(leader, {
      every,
      precision,
      read: readLook,
      make: look => this.#maker.make(look),
      shareOn: own => (backend === 'webgpu' && (device ?? own) === own ? makeCanvas(1, 1) : null),
      show: (painter, isCancelled) => this.#show(painter, isCancelled()),
    });
  }

  get #current(): Painter {
    if (!this.#painter) throw new EngineError('The painter was destroyed.');
    return this.#painter;
  }

  get info(): Painter['info'] {
    return this.#current.info;
  }

  get backend(): Painter['backend'] {
    return this.#current.backend;
  }

  get adapter(): string {
    return this.#current.adapter;
  }

  get statistics(): Painter['statistics'] {
    return this.#current.statistics;
  }

  #show(painter: Painter, isCancelled: boolean): boolean {
    if (isCancelled) {
      painter.destroy();
      return false;
    }
    for (const [name, value] of this.#live) painter.set(name, value);
    this.#painter?.attachGuide(null);
    if (this.#guide) painter.attachGuide(this.#guide);
    if (this.#painter) this.#maker.release(this.#painter);
    this.#painter = painter;
    return true;
  }

  attachGuide(canvas: Canvas | null): void {
    this.#current.attachGuide(canvas);
    this.#guide = canvas;
  }

  set(name: string, value: number): void {
    this.#current.set(name, value);
    this.#live.set(name, value);
  }

  paint(...given: Parameters<Painter['paint']>): void {
    const { canvas } = this.#current;
    if (this.#isDestroyed || !canvas) return;
    this.#current.paint(...given);
    if (this.canvas.width !== canvas.width) this.canvas.width = canvas.width;
    if (this.canvas.height !== canvas.height) this.canvas.height = canvas.height;
    this.#context.drawImage(canvas, 0, 0);
  }

  async run(...given: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    const painter = this.#current;
    try {
      return await painter.run(...given);
    } catch (error) {
      if (painter === this.#current) throw error;
      return this.#current.run(...given);
    }
  }

  finished(): Promise<void> {
    return this.#current.finished();
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.follower.stop();
    this.#painter?.destroy();
    this.#maker.destroy();
  }
}

/** Makes painters of one look, on one device if they are on WebGPU, and on few canvases: browsers allow some contexts. */
class PainterMaker {
  #device: GPUDevice | undefined;
  readonly #canvases: Canvas[] = [];
  /** Canvases without a painter. */
  readonly #free: Canvas[] = [];
  #isOver = false;

  constructor(
    readonly options: LearningPainterOptions,
    readonly onLost: () => void,
  ) {}

  async make(look: Look): Promise<Painter> {
    this.#checkOver();
    const { backend, precision } = this.options;
    const options: PainterOptions = { canvas: this.#free.pop() ?? this.#makeCanvas(), upkeep: false };
    if (backend) options.backend = backend;
    if (precision) options.precision = precision;
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
    const { canvas } = painter;
    // That of a painter that shared weights is of WebGPU for good.
    if (canvas && this.#canvases.includes(canvas)) this.#free.push(canvas);
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
