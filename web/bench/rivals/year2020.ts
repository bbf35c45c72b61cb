// The pipeline of 2020, after Murr's page (Learning to Learn to See, 2020). The camera is drawn to a WebGL canvas,
// whose shader makes the soft grey guide. readPixels reads it back, and JavaScript keeps the red channel.
// TensorFlow.js predicts on WebGL, data() reads the painting back, and it is uploaded as a float texture and drawn.
// This is a reimplementation from that description, so it differs: TensorFlow.js is today's, the network is the
// look's, and the guide is a coarse mipmap level where the look's own guide averages cells.

import type { GraphModel } from '@tensorflow/tfjs-converter';
import * as tf from '@tensorflow/tfjs-core';
import { convertLayout } from './canvas-io.ts';
import { alwaysAvailable } from './capabilities.ts';
import quadShader from './quad.vert.glsl?raw';
import type { Engine, Rival, RivalContext } from './rival.ts';
import showShader from './show.frag.glsl?raw';
import guideShader from './soft.frag.glsl?raw';
import { openModel, prepareTfjs, startTfjs, toTensor } from './tfjs.ts';

/** Cells along the side of the guide, as in limner's. */
const CELLS = 11;

export const year2020: Engine = {
  format: 'tfjs',
  fence:
    'none needed: the painting is in memory when data() resolves; then one pixel of the canvas read back',
  unavailableReason: alwaysAvailable,
  prepare: () => prepareTfjs('webgl'),
  create,
};

async function create({ pixels, image, canvas, files }: RivalContext): Promise<Rival> {
  await startTfjs('webgl');
  const model = await openModel(files);
  const tensor = toTensor(image, pixels);
  const testGuide = await computeGuide(model, tensor);
  if (testGuide.shape[3] !== 1) throw new Error('the page of 2020 takes guides of one channel only');
  const glCanvas = new GlCanvas(canvas, pixels);
  const paint = async (guide: tf.Tensor): Promise<Float32Array> => {
    const painting = tf.tidy(() => model.execute({ guide }, 'painting') as tf.Tensor4D);
    const values = await painting.data<'float32'>();
    painting.dispose();
    return values;
  };
  return {
    version: tf.version_core,
    adapter: '',
    run: async () => convertLayout(await paint(testGuide), 'hwc', 'chw'),
    step: async () => {
      await paint(testGuide);
    },
    frame: async video => {
      const guide = tf.tensor4d(glCanvas.readGuide(video), [1, pixels, pixels, 1]);
      glCanvas.showPainting(await paint(guide));
      guide.dispose();
    },
    finished: async () => glCanvas.finish(),
  };
}

/** Computes the guide of the test image once; for frames the shader does that. */
async function computeGuide(model: GraphModel, image: tf.Tensor4D): Promise<tf.Tensor> {
  const [name = 'image'] = model.inputs.map(input => input.name.replace(/:0$/, ''));
  return tf.tidy(() => model.execute({ [name]: image }, 'guide') as tf.Tensor);
}

/** A WebGL canvas that turns frames into guides and shows paintings. */
class GlCanvas {
  readonly #gl: WebGL2RenderingContext;
  readonly #frame: WebGLTexture;
  readonly #painting: WebGLTexture;
  readonly #guideProgram: WebGLProgram;
  readonly #showProgram: WebGLProgram;
  readonly #rgba: Uint8Array<ArrayBuffer>;
  readonly #guide: Float32Array<ArrayBuffer>;

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
    this.#guideProgram = linkProgram(gl, guideShader);
    this.#showProgram = linkProgram(gl, showShader);
    this.#rgba = new Uint8Array(4 * pixels ** 2);
    this.#guide = new Float32Array(pixels ** 2);
  }

  /** The red channel of the guide as 0..1, top row first, in the same array each time. */
  readGuide(video: HTMLVideoElement): Float32Array {
    const gl = this.#gl;
    const side = Math.min(video.videoWidth, video.videoHeight);
    gl.bindTexture(gl.TEXTURE_2D, this.#frame);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, video);
    gl.generateMipmap(gl.TEXTURE_2D);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR_MIPMAP_LINEAR);
    gl.useProgram(this.#guideProgram);
    gl.uniform2f(
      gl.getUniformLocation(this.#guideProgram, 'square'),
      side / video.videoWidth,
      side / video.videoHeight,
    );
    gl.uniform1f(gl.getUniformLocation(this.#guideProgram, 'level'), Math.log2(side / CELLS));
    this.#draw();
    gl.readPixels(0, 0, this.pixels, this.pixels, gl.RGBA, gl.UNSIGNED_BYTE, this.#rgba);
    for (let i = 0; i < this.#guide.length; i++) this.#guide[i] = (this.#rgba[4 * i] ?? 0) / 255;
    return this.#guide;
  }

  showPainting(painting: Float32Array): void {
    const gl = this.#gl;
    const { pixels } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.#painting);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGB32F, pixels, pixels, 0, gl.RGB, gl.FLOAT, painting);
    // Not every GPU filters floats, and the canvas has the same size.
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
    gl.useProgram(this.#showProgram);
    this.#draw();
  }

  /** Waits until everything is drawn. */
  finish(): void {
    const gl = this.#gl;
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #draw(): void {
    this.#gl.viewport(0, 0, this.pixels, this.pixels);
    this.#gl.drawArrays(this.#gl.TRIANGLES, 0, 3);
  }
}

function linkProgram(gl: WebGL2RenderingContext, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  for (const [kind, text] of [
    [gl.VERTEX_SHADER, quadShader],
    [gl.FRAGMENT_SHADER, fragment],
  ] as const) {
    const shader = gl.createShader(kind);
    if (!shader) throw new Error('this browser gives no WebGL2 shader');
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) throw new Error(gl.getProgramInfoLog(program) ?? '');
  return program;
}
