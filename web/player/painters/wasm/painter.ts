/**
 * The second painter: the same shape as the engine's, on ONNX Runtime Web (WebAssembly). Slower, but it
 * runs where there is no WebGPU, and on machines whose only GPU is software it is the faster one.
 */

import type { Canvas, LookInfo } from '../../../engine/index.ts';
import { centerCrop, getContext2d } from '../../../shared/canvas.ts';
import type { OnFetched } from '../../../shared/download.ts';
import { errorMessage } from '../../../shared/errors.ts';
import type { Painter } from '../painter.ts';
import { withoutDefaults } from './live-inputs.ts';
import type { PaintRequest, Reply, Request } from './protocol.ts';
import { runtimeBinary } from './runtime.ts';

type PaintSource = Parameters<Painter['paint']>[0];
type View = { mirror?: boolean };

const MOST_THREADS = 4;

export interface WasmPainter extends Painter {
  /** Bytes that the worker fetched for itself. */
  readonly fetched: number;
}

export interface WasmOptions {
  /** Why it is not WebGPU that paints. */
  because: string | null;
  /** Ends the worker while it is still being set up. */
  signal: AbortSignal;
  makeCanvas: () => HTMLCanvasElement;
  onFetched: OnFetched;
  onReady: () => void;
  onLost: (reason: string) => void;
}

/** Starts the runtime with this look. Throws a sentence where it cannot. */
export async function createWasmPainter(
  info: LookInfo,
  bytes: Uint8Array,
  options: WasmOptions,
): Promise<WasmPainter> {
  const { signal, onFetched, onReady } = options;
  if (typeof WebAssembly === 'undefined') {
    throw new Error(
      'This browser has neither WebGPU nor WebAssembly, so it cannot paint. Try a current one.',
    );
  }
  const binary = await runtimeBinary((part, received) => {
    if (!signal.aborted) onFetched(part, received);
  });
  if (signal.aborted) throw new Error('The look was given up before its painter was there.');
  onReady();
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const line = new Line(worker);
  const threads = self.crossOriginIsolated ? Math.min(MOST_THREADS, navigator.hardwareConcurrency || 1) : 1;
  const defaults = new Set(Object.keys(info.live));
  const end = () => line.close();
  signal.addEventListener('abort', end);
  try {
    const model = withoutDefaults(bytes, defaults);
    const runtime = { script: new URL('runtime/ort.js', document.baseURI).href, binary };
    const load = { kind: 'load', model, pixels: info.pixels, live: [...defaults], runtime, threads } as const;
    const loaded = await line.ask(load, [model.buffer]);
    if (loaded.kind !== 'loaded') throw new Error('The runtime did not take the look.');
    return new OrtPainter(info, line, loaded, options);
  } catch (problem) {
    line.close();
    const reason = errorMessage(problem);
    throw new Error(`ONNX Runtime (WASM) could not open this look: ${reason}`);
  } finally {
    signal.removeEventListener('abort', end);
  }
}

/** One question at a time over a worker's wire. */
class Line {
  readonly #worker: Worker;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;
  #settle: { resolve: (reply: Reply) => void; reject: (reason: Error) => void } | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<Reply>) => {
      const settle = this.#settle;
      this.#settle = null;
      if (event.data.kind === 'failed') settle?.reject(new Error(event.data.reason));
      else settle?.resolve(event.data);
    });
    worker.addEventListener('error', event => {
      event.preventDefault();
      const settle = this.#settle;
      this.#settle = null;
      settle?.reject(
        new Error(event.message || 'its files could not be fetched. Check the connection and try again.'),
      );
    });
  }

  /** Ends the wire; who still waits for an answer is told. */
  close(): void {
    this.#closed = true;
    this.#worker.terminate();
    this.#settle?.reject(new Error('the runtime was let go'));
    this.#settle = null;
  }

  ask(request: Request, transfer: Transferable[] = []): Promise<Reply> {
    const answer = this.#last.then(
      () =>
        new Promise<Reply>((resolve, reject) => {
          if (this.#closed) throw new Error('the runtime was let go');
          this.#settle = { resolve, reject };
          this.#worker.postMessage(request, transfer);
        }),
    );
    this.#last = answer.catch(() => undefined);
    return answer;
  }
}

class OrtPainter implements WasmPainter {
  readonly info: LookInfo;
  readonly backend = 'wasm';
  readonly adapter: string;
  readonly statistics = { dispatches: 0, pipelines: 0, bufferBytes: 0 };
  readonly fetched: number;
  readonly because: string | null;
  readonly #line: Line;
  readonly #onLost: (reason: string) => void;
  readonly #live = new Map<string, number>();
  readonly #desk: CanvasRenderingContext2D;
  readonly #canvas: CanvasRenderingContext2D;
  #guide: CanvasRenderingContext2D | null = null;
  #painting: Promise<void> | null = null;
  #lastRun = 0;
  #gone = false;

  constructor(
    info: LookInfo,
    line: Line,
    loaded: { inputs: readonly string[]; threads: number; bytes: number },
    { because, onLost, makeCanvas }: WasmOptions,
  ) {
    this.info = info;
    this.because = because;
    this.#line = line;
    this.#onLost = onLost;
    this.adapter = loaded.threads > 1 ? `ONNX Runtime, ${loaded.threads} threads` : 'ONNX Runtime, 1 thread';
    this.fetched = loaded.bytes;
    for (const [name, range] of Object.entries(info.live)) {
      if (loaded.inputs.includes(name)) this.#live.set(name, range.default);
    }
    this.#canvas = drawing(makeCanvas(), info.pixels);
    this.#desk = drawing(document.createElement('canvas'), info.pixels, { willReadFrequently: true });
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas.canvas;
  }

  get lastRun(): number {
    return this.#lastRun;
  }

  attachGuide(canvas: Canvas | null): void {
    this.#guide = canvas instanceof HTMLCanvasElement ? drawing(canvas, this.info.pixels) : null;
  }

  set(name: string, value: number): void {
    if (this.#live.has(name)) this.#live.set(name, value);
  }

  /** Starts on this frame; a frame that comes while one is being painted is left out. */
  paint(source: PaintSource, view: View = {}): void {
    if (this.#painting || this.#gone) return;
    const rgba = this.#read(source, view.mirror ?? false);
    const request: PaintRequest = {
      kind: 'paint',
      rgba,
      live: Object.fromEntries(this.#live),
      guide: this.#guide !== null,
    };
    this.#painting = this.#line
      .ask(request, [rgba.buffer])
      .then(reply => {
        if (reply.kind !== 'painted' || this.#gone) return;
        this.#lastRun = reply.milliseconds;
        this.#show(reply.painting, reply.guide);
      })
      .catch((problem: Error) => {
        if (!this.#gone) this.#onLost(problem.message);
      })
      .finally(() => {
        this.#painting = null;
      });
  }

  async finished(): Promise<void> {
    await this.#painting;
  }

  destroy(): void {
    this.#gone = true;
    this.#line.close();
  }

  /** The middle square of a frame, at the look's size, mirrored if asked. */
  #read(source: PaintSource, mirror: boolean): Uint8ClampedArray<ArrayBuffer> {
    const side = this.info.pixels;
    const desk = this.#desk;
    desk.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? side : 0, 0);
    desk.drawImage(source, ...centerCrop(...sizeOf(source)), 0, 0, side, side);
    return desk.getImageData(0, 0, side, side).data as Uint8ClampedArray<ArrayBuffer>;
  }

  #show(painting: Uint8ClampedArray<ArrayBuffer>, guide: Uint8ClampedArray<ArrayBuffer> | null): void {
    const side = this.info.pixels;
    this.#canvas.putImageData(new ImageData(painting, side, side), 0, 0);
    if (guide) this.#guide?.putImageData(new ImageData(guide, side, side), 0, 0);
  }
}

function drawing(
  canvas: HTMLCanvasElement,
  side: number,
  settings: CanvasRenderingContext2DSettings = {},
): CanvasRenderingContext2D {
  canvas.width = side;
  canvas.height = side;
  const context = getContext2d(canvas, settings);
  context.imageSmoothingQuality = 'high';
  return context;
}

function sizeOf(source: PaintSource): [number, number] {
  if (source instanceof HTMLVideoElement) return [source.videoWidth, source.videoHeight];
  if (typeof VideoFrame !== 'undefined' && source instanceof VideoFrame) {
    return [source.displayWidth, source.displayHeight];
  }
  const picture = source as ImageBitmap | HTMLCanvasElement | OffscreenCanvas;
  return [picture.width, picture.height];
}
