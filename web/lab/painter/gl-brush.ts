/** Draws networks of a place with WebGL2, onto a canvas of its own. */
import type { Scene } from './draw-protocol.ts';
import type { View } from './evaluate.ts';
import { packWeights, ROW, showingShader } from './shader.ts';

const VERTEX = `#version 300 es
void main() { gl_Position = vec4(ivec2(gl_VertexID & 1, gl_VertexID >> 1) * 4 - 1, 0., 1.); }`;

export class GlBrush {
  readonly canvas = new OffscreenCanvas(1, 1);
  readonly #gl: WebGL2RenderingContext;
  readonly #programs = new Map<string, WebGLProgram>();

  /** Throws where there is no WebGL2. */
  constructor() {
    const gl = this.canvas.getContext('webgl2', { alpha: false, antialias: false, depth: false });
    if (!gl) throw new Error('There is no WebGL2.');
    this.#gl = gl;
    const texture = gl.createTexture();
    gl.bindTexture(gl.TEXTURE_2D, texture);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  get isLost(): boolean {
    return this.#gl.isContextLost();
  }

  /** Draws, and returns the milliseconds that it took besides reading the weights. */
  draw({ network, weights, latent }: Scene, view: View, width: number, height: number): number {
    const gl = this.#gl;
    const program = this.#programOf(showingShader(network));
    gl.useProgram(program);
    const texels = packWeights(network, weights);
    const rows = texels.length / 4 / ROW;
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, ROW, rows, 0, gl.RGBA, gl.FLOAT, texels);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
    gl.viewport(0, 0, width, height);
    const at = (name: string) => gl.getUniformLocation(program, name);
    gl.uniform4f(at('view'), ...view);
    gl.uniform2f(at('size'), width, height);
    gl.uniform2f(at('latent'), ...latent);
    this.#finish();
    const begin = performance.now();
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    this.#finish();
    return performance.now() - begin;
  }

  /** Waits until all is done. */
  #finish(): void {
    this.#gl.readPixels(0, 0, 1, 1, this.#gl.RGBA, this.#gl.UNSIGNED_BYTE, new Uint8Array(4));
  }

  #programOf(source: string): WebGLProgram {
    const known = this.#programs.get(source);
    if (known) return known;
    const gl = this.#gl;
    const program = gl.createProgram();
    for (const [type, text] of [
      [gl.VERTEX_SHADER, VERTEX],
      [gl.FRAGMENT_SHADER, source],
    ] as const) {
      const shader = gl.createShader(type);
      if (!shader) throw new Error('WebGL2 was lost.');
      gl.shaderSource(shader, text);
      gl.compileShader(shader);
      gl.attachShader(program, shader);
    }
    gl.linkProgram(program);
    if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
      throw new Error(`The shader does not compile: ${gl.getProgramInfoLog(program)}`);
    }
    this.#programs.set(source, program);
    return program;
  }
}
