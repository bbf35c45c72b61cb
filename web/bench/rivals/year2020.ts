// The way of 2020, after Murr's page (Learning to Learn to See, 2020): the camera is drawn to a WebGL canvas,
// whose shader makes the soft grey picture; readPixels brings it to JavaScript, which keeps the red channel;
// TensorFlow.js predicts on WebGL; data() brings the painting back; it goes up again as a texture of floats, and
// is drawn. Written anew from that description, so it differs: its TensorFlow.js is of today, the network is the
// look's, and its soft picture is a coarse level of mipmaps where the look's own guide averages cells.

import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { reordered } from './canvas-io.ts';
import { missingNothing } from './capabilities.ts';
import quad from './quad.vert.glsl?raw';
import type { Engine, Place, Rival } from './rival.ts';
import show from './show.frag.glsl?raw';
import soft from './soft.frag.glsl?raw';
import { open, prepare, start, toTensor } from './tfjs.ts';

/** Cells along the side of what the network sees: see limner's guide. */
const CELLS = 11;

export const year2020: Engine = {
  format: 'tfjs',
  fence:
    'none needed: the painting is in memory when data() resolves; then one pixel of the canvas read back',
  missing: missingNothing,
  prepare: () => prepare('webgl'),
  create,
};

async function create({ pixels, picture, canvas, files }: Place): Promise<Rival> {
  await start('webgl');
  const model = await open(files);
  const image = toTensor(picture, pixels);
  const seen = await guideOf(model, image);
  if (seen.shape[3] !== 1) throw new Error('the page of 2020 knew guides of one channel only');
  const easel = new Easel(canvas, pixels);
  const paint = async (guide: tf.Tensor): Promise<Float32Array> => {
    const painting = tf.tidy(() => model.execute({ guide }, 'painting') as tf.Tensor4D);
    const values = await painting.data<'float32'>();
    painting.dispose();
    return values;
  };
  return {
    version: tf.version_core,
    adapter: '',
    run: async () => reordered(await paint(seen), 'pixels', 'planes'),
    step: async () => {
      await paint(seen);
    },
    frame: async video => {
      const guide = tf.tensor4d(easel.red(video), [1, pixels, pixels, 1]);
      easel.show(await paint(guide));
      guide.dispose();
    },
    finished: async () => easel.wait(),
  };
}

/** What the network sees of the picture, worked out once: here the shader does that for each frame. */
async function guideOf(model: GraphModel, image: tf.Tensor4D): Promise<tf.Tensor> {
  const [name = 'image'] = model.inputs.map(input => input.name.replace(/:0$/, ''));
  return tf.tidy(() => model.execute({ [name]: image }, 'guide') as tf.Tensor);
}

/** A WebGL canvas that frames pass through on their way in, and paintings on their way out. */
class Easel {
  readonly #gl: WebGL2RenderingContext;
  readonly #frame: WebGLTexture;
  readonly #painting: WebGLTexture;
  readonly #soft: WebGLProgram;
  readonly #show: WebGLProgram;
  readonly #rgba: Uint8Array<ArrayBuffer>;
  readonly #red: Float32Array<ArrayBuffer>;

  constructor(
    canvas: HTMLCanvasElement,
    readonly pixels: number,
  ) {
    canvas.width = pixels;
    canvas.height = pixels;
    const gl = canvas.getContext('webgl2', { preserveDrawingBuffer: true });
    if (!gl) throw new Error('this browser has no WebGL2');
    this.#gl = gl;
    this.#frame = gl.createTexture();
    this.#painting = gl.createTexture();
    this.#soft = program(gl, soft);
    this.#show = program(gl, show);
    this.#rgba = new Uint8Array(4 * pixels ** 2);
    this.#red = new Float32Array(pixels ** 2);
  }

  /** The red channel of the soft grey picture as 0..1, its first row the upper one; the same array each time. */
  red(video: HTMLVideoElement): Float32Array {
    const gl = this.#gl;
    const side = Math.min(video.videoWidth, video.videoHeight);
    gl.bindTexture(gl.TEXTURE_2D, this.#frame);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, video);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.useProgram(this.#soft);
    gl.uniform2f(
      gl.getUniformLocation(this.#soft, 'square'),
      side / video.videoWidth,
      side / video.videoHeight,
    );
    gl.uniform1f(gl.getUniformLocation(this.#soft, 'level'), Math.log2(side / CELLS));
    this.#draw();
    gl.readPixels(0, 0, this.pixels, this.pixels, gl.RGBA, gl.UNSIGNED_BYTE, this.#rgba);
    for (let i = 0; i < this.#red.length; i++) this.#red[i] = (this.#rgba[4 * i] ?? 0) / 255;
    return this.#red;
  }

  show(painting: Float32Array): void {
    const gl = this.#gl;
    const { pixels } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.#painting);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB32F, pixels, pixels, 0, gl.RGB, gl.FLOAT, painting);
    // Floats are not filtered everywhere; the canvas has as many pixels.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.useProgram(this.#show);
    this.#draw();
  }

  /** Until everything is drawn. */
  wait(): void {
    const gl = this.#gl;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #draw(): void {
    this.#gl.viewport(0, 0, this.pixels, this.pixels);
    this.#gl.drawArrays(this.#gl.TRIANGLES, 0, 3);
  }
}

function program(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const made = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, quad],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error('this browser gives no WebGL2 shader');
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(made, shader);
  }
  gl.linkProgram(made);
  if (!gl.getProgramParameter(made, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(made) ?? '');
  return made;
}
