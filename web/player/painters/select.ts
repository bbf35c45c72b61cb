/**
 * Selects the backend: WebGPU if there is a hardware adapter, else WebGL2 on a hardware GPU, else ONNX Runtime
 * in WebAssembly. WebGL2 on a software GPU comes last: it is many times slower than WebAssembly on the same
 * machine, but a site's policy may forbid WebAssembly, and a slow painting is better than none.
 */
import {
  createPainter,
  EngineError,
  readLook,
  webgl2Available,
  webgpuAvailable,
} from '../../engine/index.ts';
import type { OnProgress } from '../../shared/download.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { AnyLook, Backend, Painter } from './painter.ts';

/** Best first. */
const GPU_BACKENDS = ['webgpu', 'webgl2'] as const;
export type GpuBackend = (typeof GPU_BACKENDS)[number];

const isGpuBackend = (backend: string | null): backend is GpuBackend =>
  GPU_BACKENDS.some(one => one === backend);

/** The backend that the URL asks for, as in `?backend=wasm`; null if it leaves the choice to the page. */
export function parseForcedBackend(search: string): Backend | null {
  const requested = new URLSearchParams(search).get('backend');
  return isGpuBackend(requested) || requested === 'wasm' ? requested : null;
}

/** The shortest module: the magic number, and version 1. */
const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

/** Bytes that workers fetched: the page's own resource timing does not include them. */
export const workerTraffic = { bytes: 0 };

export interface SelectOptions {
  forcedBackend: Backend | null;
  /** Backends that are not tried, and why. */
  excluded: ReadonlyMap<Backend, string>;
  signal: AbortSignal;
  /** Makes a new canvas: a canvas has one kind of context, so no two backends can share it. */
  makeCanvas: () => HTMLCanvasElement;
  /** Called while the WASM runtime downloads, and when it is complete. */
  onProgress: OnProgress;
  onDownloaded: () => void;
  onLost: (reason: string) => void;
}

const fetchWasmPart = () => import('./wasm/part.ts');

/** Reads a look. One that the engine refuses may still be painted by ONNX Runtime. */
export async function readAnyLook(bytes: Uint8Array): Promise<AnyLook> {
  try {
    return await readLook(bytes);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    console.info(error.message); // it names nodes and shapes, which tell a visitor nothing
    return (await fetchWasmPart()).readWasmLook(bytes, error.message);
  }
}

async function createOnWasm(
  look: AnyLook,
  bytes: Uint8Array,
  options: SelectOptions,
  fallbackReason: string | null,
): Promise<Painter> {
  const { createWasmPainter } = await fetchWasmPart();
  const painter = await createWasmPainter(look.info, bytes, { ...options, fallbackReason });
  workerTraffic.bytes = painter.fetchedBytes;
  return painter;
}

async function createOnGpu(
  backend: GpuBackend,
  look: AnyLook,
  options: SelectOptions,
  allowSoftware: boolean,
): Promise<Painter> {
  if ('refusal' in look) throw new Error(look.refusal);
  const failure = options.excluded.get(backend);
  if (failure !== undefined) throw new Error(failure);
  const availability = await (backend === 'webgpu'
    ? webgpuAvailable({ allowSoftware })
    : webgl2Available({ allowSoftware }));
  if (!availability.ok) throw new Error(availability.reason);
  return createPainter(look, { backend, canvas: options.makeCanvas(), onLost: options.onLost });
}

/** Creates a painter on the best backend that this browser has for a look. */
export async function selectPainter(
  look: AnyLook,
  bytes: Uint8Array,
  options: SelectOptions,
): Promise<Painter> {
  const { forcedBackend, excluded, signal } = options;
  let fallbackReason: string | null = null;
  for (const backend of GPU_BACKENDS) {
    if (forcedBackend !== null && forcedBackend !== backend) continue;
    try {
      const painter = await createOnGpu(backend, look, options, forcedBackend !== null);
      return Object.assign(painter, { fallbackReason });
    } catch (error) {
      // There is no such GPU, or the engine cannot compile this look for it.
      if (forcedBackend !== null) throw error;
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
    } catch {
      // Nothing else paints, so a WASM painter that was lost is tried again.
      if (excluded.has('wasm')) return createOnWasm(look, bytes, options, fallbackReason);
      throw wasmRefusal() ?? error;
    }
  }
}

/** Why no look at all can be painted without a GPU; null if WebAssembly runs here. */
function wasmRefusal(): Error | null {
  try {
    new WebAssembly.Module(EMPTY_MODULE);
    return null;
  } catch {
    const cause =
      typeof WebAssembly === 'undefined'
        ? 'it has no WebAssembly'
        : 'the policy of this site forbids WebAssembly';
    return new Error(
      `This browser cannot paint here: it gives this page no graphics processor, and ${cause}. Turn on graphics acceleration in the browser’s settings, or open the page in another browser.`,
    );
  }
}
