/**
 * Who paints: WebGPU where there is a real adapter, else WebGL2 where there is, else ONNX Runtime in
 * WebAssembly. A software GPU is many times slower than WebAssembly on the same machine, so it counts as none.
 */

import { createPainter, type Look, webgl2Available, webgpuAvailable } from '../../engine/index.ts';
import type { OnProgress } from '../../shared/download.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { Backend, Painter } from './painter.ts';

/** Best first. */
const GPU_BACKENDS = ['webgpu', 'webgl2'] as const;
export type GpuBackend = (typeof GPU_BACKENDS)[number];

const isGpuBackend = (backend: string | null): backend is GpuBackend =>
  GPU_BACKENDS.some(one => one === backend);

/** The painter that the address asks for, as in `?backend=wasm`; null lets the ladder decide. */
export function parseForcedBackend(search: string): Backend | null {
  const requested = new URLSearchParams(search).get('backend');
  return isGpuBackend(requested) || requested === 'wasm' ? requested : null;
}

/** Bytes fetched by workers, which the page's own timeline does not see. */
export const workerTraffic = { bytes: 0 };

export interface SelectOptions {
  forcedBackend: Backend | null;
  /** Ways to the GPU that are not to be tried, and why. */
  excluded: ReadonlyMap<Backend, string>;
  signal: AbortSignal;
  /** A new canvas: one that a painter has tried is of no use to another kind. */
  makeCanvas: () => HTMLCanvasElement;
  /** The WASM painter is arriving, and has arrived. */
  onProgress: OnProgress;
  onDownloaded: () => void;
  onLost: (reason: string) => void;
}

async function createOnWasm(
  look: Look,
  bytes: Uint8Array,
  options: SelectOptions,
  fallbackReason: string | null,
): Promise<Painter> {
  const { createWasmPainter } = await import('./wasm/painter.ts').catch(() => {
    throw new Error(
      'The part that paints without the GPU could not be fetched. Check the connection and try again.',
    );
  });
  const painter = await createWasmPainter(look.info, bytes, { ...options, fallbackReason });
  workerTraffic.bytes = painter.fetchedBytes;
  return painter;
}

async function createOnGpu(backend: GpuBackend, look: Look, options: SelectOptions): Promise<Painter> {
  const failure = options.excluded.get(backend);
  if (failure !== undefined) throw new Error(failure);
  const requirements = { allowSoftware: options.forcedBackend === backend };
  const availability = await (backend === 'webgpu'
    ? webgpuAvailable(requirements)
    : webgl2Available(requirements));
  if (!availability.ok) throw new Error(availability.reason);
  return createPainter(look, { backend, canvas: options.makeCanvas(), onLost: options.onLost });
}

/** Sets up the best painter that this browser has for a look; throws a sentence where there is none. */
export async function selectPainter(look: Look, bytes: Uint8Array, options: SelectOptions): Promise<Painter> {
  let fallbackReason: string | null = null;
  for (const backend of GPU_BACKENDS) {
    if (options.forcedBackend !== null && options.forcedBackend !== backend) continue;
    try {
      return Object.assign(await createOnGpu(backend, look, options), { fallbackReason });
    } catch (error) {
      // The GPU cannot, or the engine found at the last step something that it cannot compile.
      if (options.forcedBackend !== null) throw error;
      fallbackReason ??= errorMessage(error);
    }
  }
  return createOnWasm(look, bytes, options, fallbackReason);
}
