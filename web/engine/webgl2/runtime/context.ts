// The context: whether WebGL2 is usable, and its limits.

import type { Availability } from '../../availability.ts';
import { EngineError } from '../../error.ts';
import { makeCanvas } from '../../frames/canvas.ts';
import type { Canvas } from '../../painter.ts';
import { isSoftwareName } from '../../software-gpu.ts';
import type { GpuLimits } from '../draws/texture-layout.ts';
import { pickTextureFormat, type TextureFormat } from './texture-format.ts';

const NO_WEBGL2 = 'This browser has no WebGL2.';
const NO_FLOATS = 'WebGL2 cannot draw into floating point textures here.';
const NO_FLOAT32 =
  'WebGL2 cannot draw into textures of 32-bit floats here, which this network needs; try another browser.';
/** Milliseconds that a browser may take to restore a lost context. */
const RESTORE_TIMEOUT_MS = 5000;

export interface Context {
  readonly gl: WebGL2RenderingContext;
  readonly canvas: Canvas;
  /** Whether the canvas is the painter's own. */
  readonly ownsCanvas: boolean;
  readonly limits: GpuLimits;
  readonly format: TextureFormat['format'];
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

function getContext(canvas: Canvas): WebGL2RenderingContext | null {
  const context = canvas.getContext('webgl2', ATTRIBUTES);
  return context instanceof WebGL2RenderingContext ? context : null;
}

export function adapterName(gl: WebGL2RenderingContext): string {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER);
  return typeof name === 'string' && name !== '' ? name : 'unknown';
}

/** Never throws, since the caller has other ways to paint. A `canvas` keeps its context if that is usable. */
export async function webgl2Available({
  allowSoftware = false,
  canvas,
}: {
  allowSoftware?: boolean;
  canvas?: Canvas;
} = {}): Promise<Availability> {
  const gl = getContext(canvas ?? makeCanvas(1, 1));
  if (!gl) return { ok: false, reason: NO_WEBGL2 };
  const availability = describeContext(gl, allowSoftware);
  if (!canvas || !availability.ok) gl.getExtension('WEBGL_lose_context')?.loseContext();
  return availability;
}

function describeContext(gl: WebGL2RenderingContext, allowSoftware: boolean): Availability {
  const name = adapterName(gl);
  if (!pickTextureFormat(gl)) return { ok: false, reason: NO_FLOATS };
  if (isSoftwareName(name) && !allowSoftware) {
    return { ok: false, software: true, reason: `WebGL2 runs in software here (${name}), slower than WASM.` };
  }
  return { ok: true, adapter: name };
}

/** The browser restores a lost context only if the default is prevented. The listener stays with the canvas: the last
 * painter may be gone, and the next one may be lost before it is complete. */
const preventDefault = (event: Event): void => event.preventDefault();

/** Resets what would affect draws and uploads. The canvas may come with a context that was used before. */
function resetState(gl: WebGL2RenderingContext): void {
  const switches = [
    gl.BLEND,
    gl.CULL_FACE,
    gl.DEPTH_TEST,
    gl.DITHER,
    gl.RASTERIZER_DISCARD,
    gl.SAMPLE_ALPHA_TO_COVERAGE,
    gl.SAMPLE_COVERAGE,
    gl.SCISSOR_TEST,
    gl.STENCIL_TEST,
  ];
  for (const one of switches) gl.disable(one);
  gl.colorMask(true, true, true, true);
  gl.bindVertexArray(null);
  gl.bindBuffer(gl.PIXEL_PACK_BUFFER, null);
  gl.bindBuffer(gl.PIXEL_UNPACK_BUFFER, null);
  for (let unit = 0; unit < gl.getParameter(gl.MAX_COMBINED_TEXTURE_IMAGE_UNITS); unit++) {
    gl.bindSampler(unit, null);
  }
  const plain = [
    gl.PACK_ROW_LENGTH,
    gl.PACK_SKIP_PIXELS,
    gl.PACK_SKIP_ROWS,
    gl.UNPACK_ROW_LENGTH,
    gl.UNPACK_IMAGE_HEIGHT,
    gl.UNPACK_SKIP_PIXELS,
    gl.UNPACK_SKIP_ROWS,
    gl.UNPACK_SKIP_IMAGES,
    gl.UNPACK_FLIP_Y_WEBGL,
    gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL,
  ];
  for (const name of plain) gl.pixelStorei(name, 0);
  gl.pixelStorei(gl.PACK_ALIGNMENT, 4);
  gl.pixelStorei(gl.UNPACK_ALIGNMENT, 4);
  gl.pixelStorei(gl.UNPACK_COLORSPACE_CONVERSION_WEBGL, gl.BROWSER_DEFAULT_WEBGL);
}

function limitsOf(gl: WebGL2RenderingContext, layers: number): GpuLimits {
  const limit = (name: number) => Number(gl.getParameter(name));
  const [wide = 0, tall = 0]: ArrayLike<number> & Iterable<number> = gl.getParameter(gl.MAX_VIEWPORT_DIMS);
  return {
    layers,
    textureSize: Math.min(limit(gl.MAX_TEXTURE_SIZE), wide, tall),
    units: limit(gl.MAX_TEXTURE_IMAGE_UNITS),
    uniforms: limit(gl.MAX_FRAGMENT_UNIFORM_VECTORS),
  };
}

/** Opens a context on `canvas`, or on a canvas of its own. A lost context is awaited. `check` may then throw, before
 * anything is changed. With `isExact`, values have 32 bits. */
export async function openContext(
  canvas: Canvas | null,
  check = (): void => undefined,
  isExact = false,
): Promise<Context> {
  const used = canvas ?? makeCanvas(1, 1);
  const gl = getContext(used);
  if (!gl) {
    throw new EngineError(
      canvas ? 'The canvas gives no WebGL2 context; give one that has no other context.' : NO_WEBGL2,
    );
  }
  used.addEventListener('webglcontextlost', preventDefault);
  if (gl.isContextLost()) await waitForRestore(used);
  check();
  resetState(gl);
  const storage = pickTextureFormat(gl, isExact);
  if (!storage) {
    // A lost context denies everything.
    const refusal = isExact ? NO_FLOAT32 : NO_FLOATS;
    throw new EngineError(gl.isContextLost() ? 'The WebGL2 context was lost as it was opened.' : refusal);
  }
  const { format, layers } = storage;
  return {
    gl,
    canvas: used,
    ownsCanvas: canvas === null,
    limits: limitsOf(gl, layers),
    format,
    texelBytes: format === 'RGBA32F' ? 16 : 8,
    parallel: gl.getExtension('KHR_parallel_shader_compile'),
  };
}

function waitForRestore(canvas: Canvas): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (then: () => void) => () => {
      clearTimeout(timer);
      canvas.removeEventListener('webglcontextrestored', done);
      then();
    };
    const done = finish(resolve);
    const fail = finish(() => {
      reject(new EngineError('The browser does not give the lost WebGL2 context back; reload the page.'));
    });
    const timer = setTimeout(fail, RESTORE_TIMEOUT_MS);
    canvas.addEventListener('webglcontextrestored', done);
  });
}
