/**
 * Who paints: WebGPU where there is a real adapter, else WebGL2 where there is, else ONNX Runtime in
 * WebAssembly. A software GPU is many times slower than WebAssembly on the same machine, so it counts as none.
 */

import { createPainter, type Look, webgl2Available, webgpuAvailable } from '../../engine/index.ts';
import type { OnFetched } from '../../shared/download.ts';
import { errorMessage } from '../../shared/errors.ts';
import type { Backend, Painter } from './painter.ts';

/** Best first. */
const GPU = ['webgpu', 'webgl2'] as const;
export type GpuBackend = (typeof GPU)[number];

const isOnGpu = (backend: string | null): backend is GpuBackend => GPU.some(one => one === backend);

/** The painter that the address asks for, as in `?backend=wasm`; null lets the ladder decide. */
export function forcedBackend(search: string): Backend | null {
  const asked = new URLSearchParams(search).get('backend');
  return isOnGpu(asked) || asked === 'wasm' ? asked : null;
}

/** Bytes fetched by workers, which the page's own timeline does not see. */
export const elsewhere = { bytes: 0 };

export interface Search {
  forced: Backend | null;
  /** Ways to the GPU that are not to be tried, and why. */
  avoid: ReadonlyMap<Backend, string>;
  signal: AbortSignal;
  /** A new canvas: one that a painter has tried is of no use to another kind. */
  makeCanvas: () => HTMLCanvasElement;
  /** The WASM painter is arriving, and has arrived. */
  onFetched: OnFetched;
  onReady: () => void;
  onLost: (reason: string) => void;
}

async function onWasm(
  look: Look,
  bytes: Uint8Array,
  search: Search,
  because: string | null,
): Promise<Painter> {
  const { createWasmPainter } = await import('./wasm/painter.ts').catch(() => {
    throw new Error(
      'The part that paints without the GPU could not be fetched. Check the connection and try again.',
    );
  });
  const painter = await createWasmPainter(look.info, bytes, { ...search, because });
  elsewhere.bytes = painter.fetched;
  return painter;
}

async function onGpu(backend: GpuBackend, look: Look, search: Search): Promise<Painter> {
  const gaveUp = search.avoid.get(backend);
  if (gaveUp !== undefined) throw new Error(gaveUp);
  const options = { allowSoftware: search.forced === backend };
  const found = await (backend === 'webgpu' ? webgpuAvailable(options) : webgl2Available(options));
  if (!found.ok) throw new Error(found.reason);
  return createPainter(look, { backend, canvas: search.makeCanvas(), onLost: search.onLost });
}

/** Sets up the best painter that this browser has for a look; throws a sentence where there is none. */
export async function findPainter(look: Look, bytes: Uint8Array, search: Search): Promise<Painter> {
  let because: string | null = null;
  for (const backend of GPU) {
    if (search.forced !== null && search.forced !== backend) continue;
    try {
      return Object.assign(await onGpu(backend, look, search), { because });
    } catch (problem) {
      // The GPU cannot, or the engine found at the last step something that it cannot compile.
      if (search.forced !== null) throw problem;
      because ??= errorMessage(problem);
    }
  }
  return onWasm(look, bytes, search, because);
}
