// What all painters have in common: one look, one canvas, one frame at a time.

import { EngineError } from './error.ts';
import type { LookInfo } from './look.ts';

export type Backend = 'webgpu' | 'webgl2';
/** Of the values between a network's layers in memory. Sums are always float32. */
export type Precision = 'float32' | 'float16';
export type Canvas = HTMLCanvasElement | OffscreenCanvas;
export type FrameSource = HTMLVideoElement | VideoFrame | ImageBitmap | HTMLCanvasElement | OffscreenCanvas;

export interface RunOptions {
  /** False: outputs stay on the GPU, and those that painting does not need are not computed. `run` then resolves to
   * nothing when the work is submitted, and `finished` when it is done. For measurements of the network alone. */
  readonly read?: boolean;
  /** Nothing is computed: what is given of the state is set, after it began anew if that is asked for. `run` resolves to
   * all of it, by the names of its inputs. */
  readonly state?: 'only' | 'reset';
}

export interface Painter {
  readonly info: LookInfo;
  readonly backend: Backend;
  readonly adapter: string;
  /** Dispatches or draws of one frame, pipelines or programs compiled, and bytes on the GPU. */
  readonly statistics: { dispatches: number; pipelines: number; bufferBytes: number };
  /** The canvas that was given; the painter sets its size. Null for a painter that only runs on arrays. */
  readonly canvas: Canvas | null;
  /** Shows what the network sees on a canvas. Null turns that off, at no cost. */
  attachGuide(canvas: Canvas | null): void;
  /** Sets a live input, clamped to its range. Throws if the look has no input of that name. */
  set(name: string, value: number): void;
  /** Paints the centre square of the source on the canvas. Does nothing once the GPU is lost. */
  paint(source: FrameSource, view?: { mirror?: boolean }): void;
  /** Runs the graph on arrays, by ONNX's names and in ONNX's order, for tests and tools. An input that is missing
   * keeps its value of the last run, unless the GPU was lost in between. A run replaces the state, as a frame does. */
  run(inputs: Record<string, Float32Array>, options?: RunOptions): Promise<Record<string, Float32Array>>;
  /** Resolves when the GPU has finished the submitted work. */
  finished(): Promise<void>;
  destroy(): void;
}

/** The painter of one backend. */
export interface BackendPainter extends Painter {
  /** Runs a frame's kernels on the test pattern with the default live inputs. Nothing is shown. */
  probe(): Promise<ProbeResult>;
}

/** What a backend's painter is created with. */
export interface BackendSettings {
  readonly canvas: Canvas | null;
  readonly onLost: (reason: string) => void;
  /** Whether the painter was destroyed while it was created. Asked before the canvas is touched. */
  readonly isCancelled?: () => boolean;
  /** On WebGPU: where a device is requested, if not of the browser. There are neither canvases on a screen nor video
   * frames then. */
  readonly gpu?: GPU | undefined;
  /** On WebGPU; the default depends on the GPU. WebGL2 uses the format that the browser can draw into, and float32 for
   * what samples at computed positions. */
  readonly precision?: Precision | undefined;
  readonly onCompiled?: OnCompiled | undefined;
  /** On WebGPU: what the kernels that exist at first are for. Default: video. */
  readonly firstFrame?: 'video' | 'picture' | undefined;
  /** False: the default kernels are used, tuned shapes are ignored, and nothing is tuned. */
  readonly tune?: boolean | undefined;
}

/** Gets how many of the kernels (on WebGL2, programs) that a painter needs are compiled. */
export type OnCompiled = (done: number, total: number) => void;

/** Call it after every wait, before the canvas is touched. */
export function throwIfCancelled({ isCancelled }: BackendSettings): void {
  if (isCancelled?.()) throw new EngineError('The painter was destroyed while it was made.');
}

/** What a frame's kernels compute from the test pattern. */
export interface ProbeResult {
  /** Samples of each kernel's output; empty if nothing lies between picture and painting. */
  readonly values: Float32Array;
  /** Whether the whole painting was written. */
  readonly isPainted: boolean;
}
