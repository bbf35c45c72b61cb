// The public API of the engine: read a look, make a painter of it, paint.

import type { Availability } from './availability.ts';
import { assertNever, EngineError, messageOf } from './error.ts';
import { type Look, readLook } from './look.ts';
import type {
  Backend,
  BackendPainter,
  BackendSettings,
  Canvas,
  OnCompiled,
  Painter,
  Precision,
} from './painter.ts';
import {
  createRecoveringPainter,
  RECOVERY_DELAYS,
  type RecoveryOptions,
} from './recovery/recovering-painter.ts';
import { webgpuAvailable } from './webgpu/runtime/adapter.ts';

export type { Availability } from './availability.ts';
export { EngineError } from './error.ts';
export {
  type Live,
  type Look,
  type LookInfo,
  type ReadOptions,
  readLook,
  readLookInfo,
  readModel,
} from './look.ts';
export type { Backend, Canvas, FrameSource, OnCompiled, Painter, Precision, RunOptions } from './painter.ts';
export type { StateInfo } from './state.ts';
export { webgpuAvailable } from './webgpu/runtime/adapter.ts';

export interface PainterOptions {
  /** The canvas to paint on. Without one, the painter only runs on arrays. */
  canvas?: Canvas;
  /** Default: WebGPU where it has a real GPU and accepts the look, else WebGL2. */
  backend?: Backend;
  /** A WebGPU device to share. Its owner keeps it, so a loss is reported and not recovered from. */
  device?: GPUDevice;
  /** Where the painter requests devices, for programs that are no pages: see `@limner/engine/node`. Default: the
   * browser. */
  gpu?: GPU;
  /** Precision of the values between layers, on WebGPU. Default: float16 where the GPU computes in it, else
   * float32. */
  precision?: Precision;
  /** What is painted first: its kernels are compiled before the painter is there, on WebGPU. Default: video. */
  firstFrame?: 'video' | 'picture';
  /** Called each time that a kernel was compiled, until the painter is there. */
  onCompiled?: OnCompiled;
  /** Background work: the health monitor and, on WebGPU, the tuning of kernels. Pass false for measurements. */
  upkeep?: boolean;
  /** Called when the GPU was lost and painting goes on, with the milliseconds that it took. */
  onRevived?: (milliseconds: number) => void;
  /** Called once when the GPU is lost for good, with the reason as a sentence. Painting does nothing from then on. */
  onLost?: (reason: string) => void;
}

/** Fetches and reads a look. Rejects with an EngineError if it cannot be fetched or painted with. */
export async function load(from: string | URL | Blob): Promise<Look> {
  const body = await fetchBody(from).catch((error: unknown) => {
    const name = from instanceof Blob ? 'The file' : from;
    throw new EngineError(`${name} could not be fetched (${messageOf(error)}); check the address.`);
  });
  return readLook(new Uint8Array(body));
}

async function fetchBody(from: string | URL | Blob): Promise<ArrayBuffer> {
  if (from instanceof Blob) return from.arrayBuffer();
  const response = await fetch(from);
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return response.arrayBuffer();
}

/** Never throws, since the caller has other ways to paint. A `canvas` keeps its context for the painter on it, if it is
 * usable: another context would take longer. */
export async function webgl2Available(
  options: { allowSoftware?: boolean; canvas?: Canvas } = {},
): Promise<Availability> {
  try {
    const context = await import('./webgl2/runtime/context.ts');
    return context.webgl2Available(options);
  } catch (error) {
    return { ok: false, reason: `The part for WebGL2 could not be fetched (${messageOf(error)}).` };
  }
}

/** Makes a painter that recovers from the loss of its GPU. It fetches the backend that it uses. */
export async function createPainter(look: Look, options: PainterOptions = {}): Promise<Painter> {
  const nothing = () => undefined;
  const { canvas = null, device, gpu, upkeep = true, onLost = nothing, onRevived = nothing } = options;
  if (device && options.backend === 'webgl2') throw new EngineError('WebGL2 takes no device.');
  const { firstFrame, onCompiled } = options;
  const delays = device ? [] : RECOVERY_DELAYS;
  const backends = options.backend ? [options.backend] : await candidateBackends(device ?? gpu);
  const refusals: unknown[] = [];
  for (const backend of backends) {
    // After a loss, the painter is made without tuning.
    let tune = upkeep;
    let told = onCompiled;
    const make: RecoveryOptions['make'] = (onLost, careful, isCancelled) => {
      const precision = careful ? 'float32' : options.precision;
      const settings = { canvas, gpu, onLost, isCancelled, precision, firstFrame, onCompiled: told, tune };
      tune = false;
      told = undefined;
      return tryBackend(backend, look, settings, device);
    };
    try {
      return await createRecoveringPainter({ make, delays, upkeep, onLost, onRevived });
    } catch (error) {
      refusals.push(error);
    }
  }
  // If all backends refuse, the best one's error is the reason.
  throw refusals[0];
}

async function tryBackend(
  backend: Backend,
  look: Look,
  settings: BackendSettings,
  device: GPUDevice | undefined,
): Promise<BackendPainter> {
  try {
    return await createOnBackend(backend, look, settings, device);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    const name = backend === 'webgpu' ? 'WebGPU' : 'WebGL2';
    throw new EngineError(`${name} refused to paint with this look: ${messageOf(error)}`, { cause: error });
  }
}

/** Backends to try, best first. A software GPU comes last. */
async function candidateBackends(given?: GPUDevice | GPU): Promise<readonly Backend[]> {
  if (given) return ['webgpu'];
  const webgpu = await webgpuAvailable();
  if (webgpu.ok) return ['webgpu', 'webgl2'];
  if (!webgpu.software) return ['webgl2'];
  return (await webgl2Available()).ok ? ['webgl2', 'webgpu'] : ['webgpu', 'webgl2'];
}

async function createOnBackend(
  backend: Backend,
  look: Look,
  settings: BackendSettings,
  device: GPUDevice | undefined,
): Promise<BackendPainter> {
  switch (backend) {
    case 'webgpu': {
      const { createWebgpuPainter } = await import('./webgpu/painter.ts');
      return createWebgpuPainter(look, settings, device);
    }
    case 'webgl2': {
      const { createWebgl2Painter } = await import('./webgl2/painter.ts');
      return createWebgl2Painter(look, settings);
    }
    default:
      return assertNever(backend);
  }
}

/** Paints every frame of a video, as long as the page is visible. Returns a function that stops it.
 *
 * A frame that the browser hides from the GPU throws in the loop. `onError` then gets the error once, and the loop
 * ends. */
export function paintVideo(
  painter: Painter,
  video: HTMLVideoElement,
  options: { mirror?: boolean; onError?: (error: unknown) => void } = {},
): () => void {
  const { mirror = false, onError = (error: unknown) => reportError(error) } = options;
  const each = 'requestVideoFrameCallback' in video;
  let id = 0;
  let ended = false;
  const next = () => {
    id = each ? video.requestVideoFrameCallback(frame) : requestAnimationFrame(frame);
  };
  const frame = () => {
    if (ended) return;
    try {
      painter.paint(video, { mirror });
    } catch (error) {
      ended = true;
      onError(error);
      return;
    }
    next();
  };
  next();
  return () => {
    ended = true;
    if (each) video.cancelVideoFrameCallback(id);
    else cancelAnimationFrame(id);
  };
}
