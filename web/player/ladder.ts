/**
 * Who paints: WebGPU where there is a real adapter, else ONNX Runtime in WebAssembly. A software GPU is
 * many times slower than WebAssembly on the same machine, so it counts as none.
 */
import { createPainter, type Look, webgpuAvailable } from '../engine/index.ts';
import type { OnFetched } from './download.ts';
import type { Backend, Painter } from './painter.ts';
import { sentenceOf } from './speech.ts';

/** The painter that the address asks for, as in `?backend=wasm`; null lets the ladder decide. */
export function forcedBackend(search: string): Backend | null {
  const asked = new URLSearchParams(search).get('backend');
  return asked === 'webgpu' || asked === 'wasm' ? asked : null;
}

/** Bytes fetched by workers, which the page's own timeline does not see. */
export const elsewhere = { bytes: 0 };

export interface Search {
  forced: Backend | null;
  /** Why the GPU is not to be tried; null where it may. */
  avoid: string | null;
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
      'The part that paints without WebGPU could not be fetched. Check the connection and try again.',
    );
  });
  const painter = await createWasmPainter(look.info, bytes, { ...search, because });
  elsewhere.bytes = painter.fetched;
  return painter;
}

/** Sets up the best painter that this browser has for a look; throws a sentence where there is none. */
export async function findPainter(look: Look, bytes: Uint8Array, search: Search): Promise<Painter> {
  if (search.forced === 'wasm') return onWasm(look, bytes, search, null);
  const forced = search.forced === 'webgpu';
  if (search.avoid !== null && !forced) return onWasm(look, bytes, search, search.avoid);
  const webgpu = await webgpuAvailable({ allowSoftware: forced }).catch((problem: unknown) => ({
    ok: false as const,
    reason: sentenceOf(problem),
  }));
  if (!webgpu.ok) {
    if (forced) throw new Error(webgpu.reason);
    return onWasm(look, bytes, search, webgpu.reason);
  }
  try {
    return await createPainter(look, { canvas: search.makeCanvas(), onLost: search.onLost });
  } catch (problem) {
    // Either the GPU cannot, or the engine found at the last step something that it cannot compile.
    if (forced) throw problem;
    return onWasm(look, bytes, search, sentenceOf(problem));
  }
}
