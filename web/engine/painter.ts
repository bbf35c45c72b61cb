// What every painter is, whoever it is that computes: one look, one canvas, one frame at a time.

import { EngineError } from './error.ts';
import type { LookInfo } from './look.ts';

export type Backend = 'webgpu' | 'webgl2';
/** Of the values between a network's layers, as they lie in memory; sums are float32 whichever it is. */
export type Precision = 'float32' | 'float16';
export type Canvas = HTMLCanvasElement | OffscreenCanvas;
export type FrameSource = HTMLVideoElement | VideoFrame | ImageBitmap | HTMLCanvasElement | OffscreenCanvas;

export interface RunOptions {
  /**
   * False: outputs stay on the GPU, and those that painting does without are not made. It resolves, with nothing,
   * when the work has begun; `finished` tells the end. For who measures the network alone.
   */
  readonly read?: boolean;
}

export interface Painter {
  readonly info: LookInfo;
  readonly backend: Backend;
  readonly adapter: string;
  /** Of one frame: dispatches or draws; and what it took to be ready: pipelines or programs, bytes on the GPU. */
  readonly statistics: { dispatches: number; pipelines: number; bufferBytes: number };
  /** What it paints on, as given; the painter sets its size. Null where it was made for `run` alone. */
  readonly canvas: Canvas | null;
  /** A canvas for what the network sees; null is off and costs nothing. */
  attachGuide(canvas: Canvas | null): void;
  /** Turns a live value, kept within its range; throws on a name that the look does not have. */
  set(name: string, value: number): void;
  /** The source's centre square through the network onto the canvas. Nothing once the GPU is lost. */
  paint(source: FrameSource, view?: { mirror?: boolean }): void;
  /**
   * The graph on arrays, by ONNX's names and in ONNX's order: for who wants numbers, tests and tools. Inputs that
   * are not given are as they were in the run before, unless the GPU was lost in between.
   */
  run(inputs: Record<string, Float32Array>, options?: RunOptions): Promise<Record<string, Float32Array>>;
  /** Resolves when the GPU has done what was submitted. */
  finished(): Promise<void>;
  destroy(): void;
}

/** A backend's painter. */
export interface BackendPainter extends Painter {
  /** What its kernels make of stripes, with the live values as they were made; nobody sees it. */
  probe(): Promise<ProbeResult>;
}

/** What a backend's painter is made with. */
export interface BackendSettings {
  readonly canvas: Canvas | null;
  readonly onLost: (reason: string) => void;
  /** Whether the painter was destroyed while it was made; asked before the canvas is touched. */
  readonly isCancelled?: () => boolean;
  /** On WebGPU; without one what suits the GPU. WebGL2 takes what textures the browser draws into. */
  readonly precision?: Precision | undefined;
  /** False: kernels are the usual ones, whatever was found before, and none are looked for. */
  readonly tune?: boolean | undefined;
}

/** Call it after every wait, before the canvas is touched. */
export function throwIfCancelled({ isCancelled }: BackendSettings): void {
  if (isCancelled?.()) throw new EngineError('The painter was destroyed while it was made.');
}

/** What a painter makes of the stripes. */
export interface ProbeResult {
  /** Samples of what each kernel computed; without any there is nothing between picture and painting. */
  readonly values: Float32Array;
  /** Whether anything was written where the painting goes. */
  readonly painted: boolean;
}
