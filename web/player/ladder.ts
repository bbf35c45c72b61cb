/**
 * Who paints: WebGPU where there is a real adapter, else ONNX Runtime in WebAssembly. A software GPU is
 * many times slower than WebAssembly on the same machine, so it counts as none.
 */
import { createPainter, type Look, webgpuAvailable } from '../engine/index.ts';
import type { Backend, Painter } from './painter.ts';

/** The painter that the address asks for, as in `?backend=wasm`; null lets the ladder decide. */
export function forcedBackend(search: string): Backend | null {
  const asked = new URLSearchParams(search).get('backend');
  return asked === 'webgpu' || asked === 'wasm' ? asked : null;
}

/** Bytes fetched by workers, which the page's own timeline does not see. */
export const elsewhere = { bytes: 0 };

async function onWasm(look: Look, bytes: Uint8Array, onLost: (reason: string) => void): Promise<Painter> {
  const { createWasmPainter } = await import('./wasm/painter.ts').catch(() => {
    throw new Error(
      'The part that paints without WebGPU could not be fetched. Check the connection and try again.',
    );
  });
  const painter = await createWasmPainter(look.info, bytes, onLost);
  elsewhere.bytes = painter.fetched;
  return painter;
}

/** Sets up the best painter that this browser has for a look; throws a sentence where there is none. */
export async function findPainter(
  look: Look,
  bytes: Uint8Array,
  forced: Backend | null,
  onLost: (reason: string) => void,
): Promise<Painter> {
  if (forced === 'wasm') return onWasm(look, bytes, onLost);
  const webgpu = await webgpuAvailable({ allowSoftware: forced === 'webgpu' });
  if (forced === 'webgpu' && !webgpu.ok) throw new Error(webgpu.reason);
  if (!webgpu.ok) return onWasm(look, bytes, onLost);
  try {
    return await createPainter(look, { onLost });
  } catch (problem) {
    // The engine has read the file already, so this is about the GPU.
    if (forced === 'webgpu') throw problem;
    return onWasm(look, bytes, onLost);
  }
}
