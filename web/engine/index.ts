// The engine's whole surface: read a look, make a painter of it, paint.

import { EngineError } from './error.ts';
import type { Look } from './look.ts';
import type { Backend, Canvas, Painter } from './painter.ts';

export { EngineError } from './error.ts';
export { type Live, type Look, type LookInfo, readLook } from './look.ts';
export type { Backend, Canvas, FrameSource, Painter } from './painter.ts';
export { type Availability, webgpuAvailable } from './webgpu/device.ts';

export interface PainterOptions {
  /** What to paint on; without one the painter only runs on arrays. */
  canvas?: Canvas;
  backend?: Backend;
  /** A device to share; without one the painter asks for its own and destroys it in the end. */
  device?: GPUDevice;
  onLost?: (reason: string) => void;
}

/** Backends are fetched when they are asked for: a page loads the one that it paints with. */
export async function createPainter(look: Look, options: PainterOptions = {}): Promise<Painter> {
  const settings = { canvas: options.canvas ?? null, onLost: options.onLost ?? (() => undefined) };
  const { backend = 'webgpu' } = options;
  try {
    if (backend === 'webgl2') throw new EngineError('The WebGL2 backend is not there yet.');
    const { createWebgpuPainter } = await import('./webgpu/painter.ts');
    return await createWebgpuPainter(look, settings, options.device);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    const name = backend === 'webgpu' ? 'WebGPU' : 'WebGL2';
    throw new EngineError(`${name} refused to paint with this look: ${reason}`);
  }
}
