/** A painter: the engine's on WebGPU or WebGL2, or ONNX Runtime's with the same interface. */
import type { Painter as EnginePainter, Look, LookInfo } from '../../engine/index.ts';

export type Backend = 'webgpu' | 'webgl2' | 'wasm';

export interface Painter extends Omit<EnginePainter, 'backend' | 'run'> {
  readonly backend: Backend;
  /** Milliseconds of the last frame, where the painter measures them itself. */
  readonly lastRunMs?: number;
  /** Why WebGPU is not used; null where the URL asked for this backend. */
  readonly fallbackReason?: string | null;
  /** Why WASM is not used either, where WebGL2 paints without a graphics processor. */
  readonly wasmFailure?: string;
}

/** A look whose graph the engine refuses: only ONNX Runtime may paint it. */
export interface WasmLook {
  readonly info: LookInfo;
  readonly refusal: string;
}

export type AnyLook = Look | WasmLook;

/** Nothing on this page paints with the file. The message is a reason for visitors, which follows a colon. */
export class UnpaintableError extends Error {}
