// The engine's whole surface: read a look, make a painter of it, paint.

import { EngineError } from './error.ts';
import type { Look, LookInfo } from './look.ts';
import { requestDevice } from './webgpu/device.ts';
import type { FrameSource } from './webgpu/frames.ts';
import { WebgpuPainter } from './webgpu/painter.ts';

export { EngineError } from './error.ts';
export { type Live, type Look, type LookInfo, readLook } from './look.ts';
export { type Availability, webgpuAvailable } from './webgpu/device.ts';
export type { FrameSource } from './webgpu/frames.ts';

export interface Painter {
  readonly info: LookInfo;
  readonly backend: 'webgpu';
  readonly adapter: string;
  readonly statistics: { dispatches: number; pipelines: number; bufferBytes: number };
  /** The painting's canvas; the engine sets its size. */
  attach(canvas: HTMLCanvasElement | OffscreenCanvas): void;
  /** A canvas for what the network sees; null is off and costs nothing. */
  attachGuide(canvas: HTMLCanvasElement | OffscreenCanvas | null): void;
  /** Turns a live value, kept within its range; throws on a name that the look does not have. */
  set(name: string, value: number): void;
  /** The source's centre square through the network onto the canvas: one submit. Nothing once the GPU is lost. */
  paint(source: FrameSource, view?: { mirror?: boolean }): void;
  /** The graph on arrays, by ONNX's names and in ONNX's order, read back: for tests and tools. */
  run(inputs: Record<string, Float32Array>): Promise<Record<string, Float32Array>>;
  /** Resolves when the GPU has done what was submitted. */
  finished(): Promise<void>;
  destroy(): void;
}

export interface PainterOptions {
  /** A device to share; without one the painter asks for its own and destroys it in the end. */
  device?: GPUDevice;
  onLost?: (reason: string) => void;
}

export async function createPainter(look: Look, options: PainterOptions = {}): Promise<Painter> {
  const settings = { ownsDevice: options.device === undefined, onLost: options.onLost ?? (() => undefined) };
  let device = options.device;
  try {
    device ??= await requestDevice();
    return await WebgpuPainter.create(look.info, look.plan, device, settings);
  } catch (error) {
    if (settings.ownsDevice) device?.destroy();
    if (error instanceof EngineError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new EngineError(`WebGPU refused to paint with this look: ${reason}`);
  }
}
