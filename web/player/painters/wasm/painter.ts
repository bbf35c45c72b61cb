/**
 * A painter on ONNX Runtime Web (WebAssembly), with the interface of the engine's. It runs where there is no
 * GPU, and it is faster than a GPU in software.
 */
import type { Canvas, LookInfo } from '../../../engine/index.ts';
import { centerCrop, getContext2d } from '../../../shared/canvas.ts';
import { isEmbedded } from '../../../shared/dom.ts';
import type { OnProgress } from '../../../shared/download.ts';
import { errorMessage, OwnTabError } from '../../../shared/errors.ts';
import type { Painter } from '../painter.ts';
import { removeDefaults } from './live-inputs.ts';
import type { PaintRequest, Reply, Request } from './protocol.ts';
import { fetchRuntime } from './runtime.ts';

type PaintSource = Parameters<Painter['paint']>[0];
type PaintOptions = { mirror?: boolean };

const MAX_THREADS = 4;
const REPLACED = 'The look was replaced while it loaded.';
const NOT_STARTED =
  'its worker did not start; the policy of this site may forbid workers, or the connection broke off.';

export interface WasmPainter extends Painter {
  /** Bytes that the worker fetched. */
  readonly fetchedBytes: number;
}

export interface WasmOptions {
  /** Why WebGPU is not used. */
  fallbackReason: string | null;
  /** Stops the worker during its setup. */
  signal: AbortSignal;
  makeCanvas: () => HTMLCanvasElement;
  onProgress: OnProgress;
  onDownloaded: () => void;
  onLost: (reason: string) => void;
}

/** A worker that waits for the first look. */
let prepared: Promise<WorkerConnection> | null = null;

/** Starts the runtime before there is a look for it. If that fails, it is tried again with the look, which tells why. */
export function prepareRuntime(): void {
  if (typeof WebAssembly === 'undefined' || self.origin === 'null') return;
  prepared = startRuntime(fetchRuntime(() => undefined));
  prepared.catch(() => undefined);
}

/** Starts a worker with the runtime, whose WebAssembly it compiles. */
async function startRuntime(fetched: ReturnType<typeof fetchRuntime>): Promise<WorkerConnection> {
  const connection = new WorkerConnection(startWorker());
  try {
    const script = new URL('runtime/ort.js', document.baseURI).href;
    await connection.request({ kind: 'start', script, binary: await fetched, threads: countThreads() });
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

const countThreads = () =>
  self.crossOriginIsolated ? Math.min(MAX_THREADS, navigator.hardwareConcurrency || 1) : 1;

/** Starts the runtime with this look. */
export async function createWasmPainter(
  info: LookInfo,
  bytes: Uint8Array,
  options: WasmOptions,
): Promise<WasmPainter> {
  const { signal, onProgress, onDownloaded } = options;
  if (typeof WebAssembly === 'undefined') {
    throw new Error('This browser has no WebAssembly.');
  }
  if (self.origin === 'null') throw sandboxError();
  const fetched = fetchRuntime((fraction, received) => {
    if (!signal.aborted) onProgress(fraction, received);
  });
  await fetched;
  if (signal.aborted) throw new Error(REPLACED);
  onDownloaded();
  const waiting = prepared;
  prepared = null;
  const liveNames = new Set(Object.keys(info.live));
  let connection: WorkerConnection | null = null;
  const close = () => connection?.close();
  signal.addEventListener('abort', close);
  try {
    connection = (await waiting?.catch(() => null)) ?? (await startRuntime(fetched));
    if (signal.aborted) throw new Error(REPLACED);
    const { state } = info;
    const model = removeDefaults(bytes, new Set([...liveNames, ...state.map(({ input }) => input)]));
    const load = {
      kind: 'load',
      model,
      width: info.width,
      height: info.height,
      live: [...liveNames],
      state,
    } as const;
    const loaded = await connection.request(load, [model.buffer]);
    if (loaded.kind !== 'loaded') throw new Error('The runtime did not load the look.');
    return new OrtPainter(info, connection, loaded, options);
  } catch (error) {
    close();
    throw new Error(`ONNX Runtime (WASM) does not run it: ${errorMessage(error)}`);
  } finally {
    signal.removeEventListener('abort', close);
  }
}

/** Some browsers throw where the policy of the site forbids workers, and others tell the worker. */
function startWorker(): Worker {
  try {
    return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  } catch {
    throw new Error(NOT_STARTED);
  }
}

/** A page in a sandbox has no origin, and a worker must be of its page's. */
function sandboxError(): Error {
  const sentence = 'this page is kept in a sandbox, where WASM does not run';
  return isEmbedded()
    ? new OwnTabError(`${sentence}; open it in a tab of its own.`)
    : new Error(`${sentence}.`);
}

/** Sends requests to a worker, one at a time. */
class WorkerConnection {
  readonly #worker: Worker;
  #queue: Promise<unknown> = Promise.resolve();
  #isClosed = false;
  /** Why the worker failed, before it was asked for anything. */
  #failure: Error | null = null;
  #pending: { resolve: (reply: Reply) => void; reject: (reason: Error) => void } | null = null;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', (event: MessageEvent<Reply>) => {
      const pending = this.#pending;
      this.#pending = null;
      if (event.data.kind === 'failed') pending?.reject(new Error(event.data.reason));
      else pending?.resolve(event.data);
    });
    worker.addEventListener('error', event => {
      event.preventDefault();
      const failure = new Error(event.message || NOT_STARTED);
      if (!this.#pending) this.#failure = failure;
      this.#pending?.reject(failure);
      this.#pending = null;
    });
  }

  /** Stops the worker and rejects the pending request. */
  close(): void {
    this.#isClosed = true;
    this.#worker.terminate();
    this.#pending?.reject(new Error('the runtime was stopped'));
    this.#pending = null;
  }

  request(request: Request, transfer: Transferable[] = []): Promise<Reply> {
    const answer = this.#queue.then(
      () =>
        new Promise<Reply>((resolve, reject) => {
          if (this.#failure) throw this.#failure;
          if (this.#isClosed) throw new Error('the runtime was stopped');
          this.#pending = { resolve, reject };
          this.#worker.postMessage(request, transfer);
        }),
    );
    this.#queue = answer.catch(() => undefined);
    return answer;
  }
}

class OrtPainter implements WasmPainter {
  readonly info: LookInfo;
  readonly backend = 'wasm';
  readonly adapter: string;
  readonly statistics = { dispatches: 0, pipelines: 0, bufferBytes: 0 };
  readonly fetchedBytes: number;
  readonly fallbackReason: string | null;
  readonly #connection: WorkerConnection;
  readonly #onLost: (reason: string) => void;
  readonly #liveInputs = new Map<string, number>();
  readonly #scratch: CanvasRenderingContext2D;
  readonly #canvas: CanvasRenderingContext2D;
  #guide: CanvasRenderingContext2D | null = null;
  #currentPaint: Promise<void> | null = null;
  #lastRunMs = 0;
  #isDestroyed = false;

  constructor(
    info: LookInfo,
    connection: WorkerConnection,
    loaded: { inputs: readonly string[]; bytes: number },
    { fallbackReason, onLost, makeCanvas }: WasmOptions,
  ) {
    this.info = info;
    this.fallbackReason = fallbackReason;
    this.#connection = connection;
    this.#onLost = onLost;
    const threads = countThreads();
    this.adapter = threads > 1 ? `ONNX Runtime, ${threads} threads` : 'ONNX Runtime, 1 thread';
    this.fetchedBytes = loaded.bytes;
    for (const [name, liveInput] of Object.entries(info.live)) {
      if (loaded.inputs.includes(name)) this.#liveInputs.set(name, liveInput.default);
    }
    this.#canvas = makeContext(makeCanvas(), info);
    this.#scratch = makeContext(document.createElement('canvas'), info, { willReadFrequently: true });
  }

  get canvas(): HTMLCanvasElement {
    return this.#canvas.canvas;
  }

  get lastRunMs(): number {
    return this.#lastRunMs;
  }

  attachGuide(canvas: Canvas | null): void {
    this.#guide = canvas instanceof HTMLCanvasElement ? makeContext(canvas, this.info) : null;
  }

  set(name: string, value: number): void {
    if (this.#liveInputs.has(name)) this.#liveInputs.set(name, value);
  }

  /** Starts to paint this frame. A frame that comes while another is painted is dropped. */
  paint(source: PaintSource, options: PaintOptions = {}): void {
    if (this.#currentPaint || this.#isDestroyed) return;
    const rgba = this.#readFrame(source, options.mirror ?? false);
    const request: PaintRequest = {
      kind: 'paint',
      rgba,
      live: Object.fromEntries(this.#liveInputs),
      guide: this.#guide !== null,
    };
    this.#currentPaint = this.#connection
      .request(request, [rgba.buffer])
      .then(reply => {
        if (reply.kind !== 'painted' || this.#isDestroyed) return;
        this.#lastRunMs = reply.milliseconds;
        this.#showPainting(reply.painting, reply.guide);
      })
      .catch((error: Error) => {
        if (!this.#isDestroyed) this.#onLost(error.message);
      })
      .finally(() => {
        this.#currentPaint = null;
      });
  }

  async finished(): Promise<void> {
    await this.#currentPaint;
  }

  destroy(): void {
    this.#isDestroyed = true;
    this.#connection.close();
  }

  /** The middle of a frame at the look's size, mirrored on request. */
  #readFrame(source: PaintSource, mirror: boolean): Uint8ClampedArray<ArrayBuffer> {
    const { width, height } = this.info;
    const scratch = this.#scratch;
    scratch.setTransform(mirror ? -1 : 1, 0, 0, 1, mirror ? width : 0, 0);
    scratch.drawImage(source, ...centerCrop(...frameSize(source), width / height), 0, 0, width, height);
    return scratch.getImageData(0, 0, width, height).data as Uint8ClampedArray<ArrayBuffer>;
  }

  #showPainting(
    painting: Uint8ClampedArray<ArrayBuffer>,
    guide: Uint8ClampedArray<ArrayBuffer> | null,
  ): void {
    const { width, height } = this.info;
    this.#canvas.putImageData(new ImageData(painting, width, height), 0, 0);
    if (guide) this.#guide?.putImageData(new ImageData(guide, width, height), 0, 0);
  }
}

function makeContext(
  canvas: HTMLCanvasElement,
  { width, height }: LookInfo,
  settings: CanvasRenderingContext2DSettings = {},
): CanvasRenderingContext2D {
  canvas.width = width;
  canvas.height = height;
  const context = getContext2d(canvas, settings);
  context.imageSmoothingQuality = 'high';
  return context;
}

function frameSize(source: PaintSource): [number, number] {
  if (source instanceof HTMLVideoElement) return [source.videoWidth, source.videoHeight];
  if (typeof VideoFrame !== 'undefined' && source instanceof VideoFrame) {
    return [source.displayWidth, source.displayHeight];
  }
  const image = source as ImageBitmap | HTMLCanvasElement | OffscreenCanvas;
  return [image.width, image.height];
}
