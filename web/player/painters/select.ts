/**
 * Selects the backend: WebGPU if there is a hardware adapter, else WebGL2 on a hardware GPU, else ONNX Runtime
 * in WebAssembly. WebGL2 on a software GPU comes last: it is many times slower than WebAssembly on the same
 * machine, but a site's policy may forbid WebAssembly, and a slow painting is better than none.
 */
import {
  type Availability,
  createPainter,
  EngineError,
  type OnCompiled,
  webgl2Available,
  webgpuAvailable,
} from '../../engine/index.ts';
import type { OnProgress } from '../../shared/download.ts';
import { errorMessage, FetchError } from '../../shared/errors.ts';
import { type AnyLook, type Backend, type Painter, UnpaintableError } from './painter.ts';

/** Best first. */
const GPU_BACKENDS = ['webgpu', 'webgl2'] as const;
export type GpuBackend = (typeof GPU_BACKENDS)[number];

/** The backend that the URL asks for, as in `?backend=wasm`; null if it leaves the choice to the page. */
export function parseForcedBackend(search: string): Backend | null {
  const requested = new URLSearchParams(search).get('backend');
  return [...GPU_BACKENDS, 'wasm' as const].find(backend => backend === requested) ?? null;
}

/** The shortest module: the magic number, and version 1. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Whether there is a GPU, and a canvas that a painter on it can use. */
interface GpuRequest {
  readonly availability: Promise<Availability>;
  readonly canvas: HTMLCanvasElement;
}

/** Asked before there is a look: for the first painter alone. */
const early = new Map<GpuBackend, GpuRequest>();

const requestGpu = (
  backend: GpuBackend,
  allowSoftware: boolean,
  makeCanvas: () => HTMLCanvasElement,
): GpuRequest => {
  const canvas = makeCanvas();
  const availability =
    backend === 'webgpu' ? webgpuAvailable({ allowSoftware }) : webgl2Available({ allowSoftware, canvas });
  return { availability, canvas };
};

/**
 * Starts what the first painter needs of any look, while that is fetched: looks for a GPU, and fetches ONNX Runtime if
 * there is none.
 */
export async function prepareBackend(
  forcedBackend: Backend | null,
  makeCanvas: () => HTMLCanvasElement,
): Promise<void> {
  for (const backend of GPU_BACKENDS) {
    if (forcedBackend !== null && forcedBackend !== backend) continue;
    const request = requestGpu(backend, forcedBackend !== null, makeCanvas);
    early.set(backend, request);
    if ((await request.availability).ok) return;
  }
  if (forcedBackend === null || forcedBackend === 'wasm') (await fetchWasmPainter()).prepareRuntime();
}

/** Bytes that workers fetched: the page's own resource timing does not include them. */
export const workerTraffic = { bytes: 0 };

export interface SelectOptions {
  forcedBackend: Backend | null;
  /** Backends that are not tried, and why. */
  excluded: ReadonlyMap<Backend, string>;
  signal: AbortSignal;
  /** What the source shows. */
  firstFrame: 'video' | 'picture';
  /** Makes a new canvas: a canvas has one kind of context, so no two backends can share it. */
  makeCanvas: () => HTMLCanvasElement;
  /** Called while the WASM runtime downloads, and when it is complete. */
  onProgress: OnProgress;
  onDownloaded: () => void;
  /** Called each time that a kernel of the GPU was compiled. */
  onCompiled: OnCompiled;
  onLost: (reason: string) => void;
}

const fetchWasmPainter = () => import('./wasm/painter.ts');

async function createOnWasm(
  look: AnyLook,
  bytes: Uint8Array,
  options: SelectOptions,
  fallbackReason: string | null,
): Promise<Painter> {
  const painter = await (await fetchWasmPainter()).createWasmPainter(look.info, bytes, {
    ...options,
    fallbackReason,
  });
  workerTraffic.bytes = painter.fetchedBytes;
  return painter;
}

/** There is no GPU for this backend, whatever the look. */
class NoGpuError extends Error {}

/**
 * Throws a NoGpuError, an EngineError if this backend does not paint this look, and a FetchError if a part of it could
 * not be fetched.
 */
async function createOnGpu(
  backend: GpuBackend,
  look: AnyLook,
  options: SelectOptions,
  allowSoftware: boolean,
): Promise<Painter> {
  if ('refusal' in look) throw new EngineError(look.refusal);
  const failure = options.excluded.get(backend);
  if (failure !== undefined) throw new Error(failure);
  const isSame = allowSoftware === (options.forcedBackend !== null);
  const asked = isSame ? early.get(backend) : undefined;
  early.delete(backend);
  const { canvas, ...request } = asked ?? requestGpu(backend, allowSoftware, options.makeCanvas);
  const availability = await request.availability;
  if (!availability.ok) throw new NoGpuError(availability.reason);
  try {
    const { firstFrame, onCompiled, onLost } = options;
    return await createPainter(look, { backend, canvas, firstFrame, onCompiled, onLost });
  } catch (error) {
    const { cause } = error as Error;
    throw cause instanceof FetchError ? cause : error;
  }
}

/** Creates a painter on the best backend that this browser has for a look. */
export async function selectPainter(
  look: AnyLook,
  bytes: Uint8Array,
  options: SelectOptions,
): Promise<Painter> {
  const { forcedBackend, excluded, signal } = options;
  let fallbackReason: string | null = null;
  let isGpuMissing = true;
  for (const backend of GPU_BACKENDS) {
    if (forcedBackend !== null && forcedBackend !== backend) continue;
    try {
      const painter = await createOnGpu(backend, look, options, forcedBackend !== null);
      return Object.assign(painter, { fallbackReason });
    } catch (error) {
      // A slower backend is no answer to a connection that broke off.
      if (error instanceof FetchError) throw error;
      if (forcedBackend !== null) throw error instanceof EngineError ? forcedRefusal(backend, error) : error;
      isGpuMissing &&= error instanceof NoGpuError;
      fallbackReason ??= errorMessage(error);
    }
  }
  try {
    const failure = excluded.get('wasm');
    if (failure !== undefined) throw new Error(failure);
    return await createOnWasm(look, bytes, options, fallbackReason);
  } catch (error) {
    if (forcedBackend !== null || signal.aborted) throw error;
    try {
      const painter = await createOnGpu('webgl2', look, options, true);
      return Object.assign(painter, { fallbackReason, wasmFailure: errorMessage(error) });
    } catch (slowError) {
      if (slowError instanceof FetchError) throw slowError;
      // Nothing else paints, so a WASM painter that was lost is tried again.
      if (excluded.has('wasm')) return createOnWasm(look, bytes, options, fallbackReason);
      throw wasmRefusal(isGpuMissing) ?? error;
    }
  }
}

/** What to say where the engine refuses a look on the backend that the URL asks for. */
function forcedRefusal(backend: GpuBackend, error: EngineError): UnpaintableError {
  console.info(error.message);
  return new UnpaintableError(
    `the address of this page asks for “backend=${backend}”, which does not paint it; remove that from the address.`,
  );
}

/** What to say where only WebAssembly could paint, and does not run; null if it runs. */
function wasmRefusal(isGpuMissing: boolean): UnpaintableError | null {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
    return null;
  } catch {
    const isWasmMissing = typeof WebAssembly === 'undefined';
    const gpu = isGpuMissing
      ? 'this browser gives the page no graphics processor'
      : 'it cannot run on a graphics processor';
    const wasm = isWasmMissing
      ? 'this browser has no WebAssembly'
      : 'the policy of this site forbids WebAssembly';
    const gpuRemedy = isGpuMissing ? ' Turn on graphics acceleration in the browser’s settings.' : '';
    const wasmRemedy = isWasmMissing ? ' Try another browser.' : '';
    return new UnpaintableError(`${gpu}, and ${wasm}.${gpuRemedy}${wasmRemedy}`);
  }
}
