// The context: whether WebGL2 is there and worth using, and what it can do.

import { makeCanvas } from '../canvas.ts';
import { EngineError } from '../error.ts';
import type { Canvas } from '../painter.ts';
import type { Availability } from '../webgpu/device.ts';
import type { Limits } from './layout.ts';
import { type Storage, storageOf } from './storage.ts';

const NO_WEBGL2 = 'This browser has no WebGL2.';
const NO_FLOATS = 'WebGL2 cannot draw into floating point textures here.';
/** How long a browser may take to give a lost context back. */
const PATIENCE = 5000;

/** Names by which software rasterisers go; on all of them WASM is several times faster. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render|software/i;

export interface Context {
  readonly gl: WebGL2RenderingContext;
  readonly canvas: Canvas;
  /** True where the canvas is the painter's own. */
  readonly owned: boolean;
  readonly limits: Limits;
  readonly format: Storage['format'];
  readonly texelBytes: number;
  readonly parallel: KHR_parallel_shader_compile | null;
}

const ATTRIBUTES: WebGLContextAttributes = {
  alpha: false,
  antialias: false,
  depth: false,
  stencil: false,
  preserveDrawingBuffer: false,
  powerPreference: 'high-performance',
};

function contextOf(canvas: Canvas): WebGL2RenderingContext | null {
  const context = canvas.getContext('webgl2', ATTRIBUTES);
  return context instanceof WebGL2RenderingContext ? context : null;
}

export function adapterName(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

/** Never throws: who asks has another way to paint. */
export async function webgl2Available(options: { allowSoftware?: boolean } = {}): Promise<Availability> {
  const gl = contextOf(makeCanvas(1, 1));
  if (!gl) return { ok: false, reason: NO_WEBGL2 };
  const name = adapterName(gl);
  const storage = storageOf(gl);
  gl.getExtension('WEBGL_lose_context')?.loseContext();
  if (!storage) return { ok: false, reason: NO_FLOATS };
  if (SOFTWARE.test(name) && !options.allowSoftware) {
    return { ok: false, software: true, reason: `WebGL2 runs in software here (${name}), slower than WASM.` };
  }
  return { ok: true, adapter: name };
}

/** A context on `canvas`, or on one of its own. One that was lost is waited for. */
export async function openContext(canvas: Canvas | null): Promise<Context> {
  const used = canvas ?? makeCanvas(1, 1);
  const gl = contextOf(used);
  if (!gl) {
    throw new EngineError(
      canvas ? 'The canvas gives no WebGL2 context; give one that has no other context.' : NO_WEBGL2,
    );
  }
  if (gl.isContextLost()) await restored(used);
  const storage = storageOf(gl);
  if (!storage) throw new EngineError(NO_FLOATS);
  const { format, layers } = storage;
  return {
    gl,
    canvas: used,
    owned: canvas === null,
    limits: { layers, textureSize: Number(gl.getParameter(gl.MAX_TEXTURE_SIZE)) },
    format,
    texelBytes: format === 'RGBA32F' ? 16 : 8,
    parallel: gl.getExtension('KHR_parallel_shader_compile'),
  };
}

function restored(canvas: Canvas): Promise<void> {
  return new Promise((resolve, reject) => {
    // Prevented, the browser gives the context back; who painted before may no longer be there to say so.
    const prevent = (event: Event) => event.preventDefault();
    const settle = (then: () => void) => () => {
      clearTimeout(timer);
      canvas.removeEventListener('webglcontextlost', prevent);
      canvas.removeEventListener('webglcontextrestored', done);
      then();
    };
    const done = settle(resolve);
    const fail = settle(() => {
      reject(new EngineError('The browser does not give the lost WebGL2 context back; load the page anew.'));
    });
    const timer = setTimeout(fail, PATIENCE);
    canvas.addEventListener('webglcontextlost', prevent);
    canvas.addEventListener('webglcontextrestored', done);
  });
}
