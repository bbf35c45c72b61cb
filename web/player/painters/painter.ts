/** A painter, whoever it is: the engine's on WebGPU or WebGL2, or ONNX Runtime's with the same shape. */
import type { Painter as EnginePainter } from '../../engine/index.ts';

export type Backend = 'webgpu' | 'webgl2' | 'wasm';

export interface Painter extends Omit<EnginePainter, 'backend' | 'run'> {
  readonly backend: Backend;
  /** Milliseconds that the last painting took by the painter's own clock, where it has one. */
  readonly lastRunMs?: number;
  /** Why it is not WebGPU that paints; null where the address asked for that. */
  readonly fallbackReason?: string | null;
}
