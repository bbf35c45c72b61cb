// GL programs of draws, one per distinct text, and the draws themselves. All programs start compiling before the
// first is checked, so that a browser can compile them in parallel and off the main thread.

import { assertNever, EngineError } from '../../error.ts';
import type { Crop } from '../../frames/source.ts';
import type { OnCompiled } from '../../painter.ts';
import type { Draw, Sampled } from '../draws/draw.ts';
import type { Area } from '../draws/texture-layout.ts';
import type { Context } from './context.ts';
import triangle from './fullscreen-triangle.glsl?raw';
import type { Textures } from './textures.ts';

interface LinkedProgram {
  readonly program: WebGLProgram;
  readonly fragment: WebGLShader;
  readonly uniform: (name: string) => WebGLUniformLocation | null;
}

/** A draw, ready to be repeated. */
export interface PreparedDraw {
  readonly draw: Draw;
  readonly linked: LinkedProgram;
  readonly textures: readonly { readonly target: number; readonly texture: WebGLTexture | null }[];
  readonly sizes: Int32Array;
  readonly framebuffer: WebGLFramebuffer | null;
  /** Layers of the target; none for the canvas. */
  readonly layers: number;
  readonly area: Area;
}

/** What the painter provides. */
export interface FrameResources {
  readonly frame: WebGLTexture | null;
  /** Of the canvas. */
  readonly size: readonly [width: number, height: number];
}

export class ProgramCache {
  readonly #made = new Map<string, LinkedProgram>();
  readonly #vertex: WebGLShader;

  constructor(
    readonly context: Context,
    readonly textures: Textures,
  ) {
    this.#vertex = this.#shader(context.gl.VERTEX_SHADER, triangle);
  }

  get count(): number {
    return this.#made.size;
  }

  #shader(type: number, code: string): WebGLShader {
    const { gl } = this.context;
    const shader = gl.createShader(type);
    if (!shader) throw new EngineError('WebGL2 makes no shader; its context was lost.');
    gl.shaderSource(shader, code);
    gl.compileShader(shader);
    return shader;
  }

  prepare(draw: Draw, resources: FrameResources): PreparedDraw {
    const { target, samplers, vectors, label } = draw;
    const { units, uniforms } = this.context.limits;
    if (samplers.length > units) {
      throw new EngineError(
        `Node '${label}' reads ${samplers.length} textures at once; this GPU allows ${units}.`,
      );
    }
    if (vectors > uniforms) {
      throw new EngineError(`Node '${label}' is given ${vectors} uniforms; this GPU allows ${uniforms}.`);
    }
    const [width, height] = resources.size;
    const values = target.kind === 'canvas' ? null : this.textures.valueTexture(target.texture);
    return {
      draw,
      linked: this.#linked(draw.code),
      textures: samplers.map(({ sampled }) => this.#texture(sampled, resources)),
      sizes: new Int32Array(draw.sizes),
      framebuffer: values?.framebuffer ?? null,
      layers: values?.size.layers ?? 0,
      area: target.kind === 'canvas' ? { top: 0, width, height } : target.area,
    };
  }

  #texture(sampled: Sampled, resources: FrameResources): { target: number; texture: WebGLTexture | null } {
    const { gl } = this.context;
    switch (sampled.kind) {
      case 'values':
        return { target: gl.TEXTURE_2D_ARRAY, texture: this.textures.valueTexture(sampled.texture).texture };
      case 'table':
        return { target: gl.TEXTURE_2D, texture: this.textures.table(sampled.table) };
      case 'frame':
        return { target: gl.TEXTURE_2D, texture: resources.frame };
      default:
        return assertNever(sampled);
    }
  }

  #linked(code: string): LinkedProgram {
    const known = this.#made.get(code);
    if (known) return known;
    const { gl } = this.context;
    const program = gl.createProgram();
    const fragment = this.#shader(gl.FRAGMENT_SHADER, code);
    gl.attachShader(program, this.#vertex);
    gl.attachShader(program, fragment);
    gl.linkProgram(program);
    const locations = new Map<string, WebGLUniformLocation | null>();
    const uniform = (name: string) => {
      const location = locations.has(name)
        ? (locations.get(name) ?? null)
        : gl.getUniformLocation(program, name);
      locations.set(name, location);
      return location;
    };
    const made = { program, fragment, uniform };
    this.#made.set(code, made);
    return made;
  }

  /** Waits for all programs, sets their samplers, and warms them up. */
  async waitForPrograms(
    draws: readonly PreparedDraw[],
    live: Float32Array,
    onCompiled?: OnCompiled,
  ): Promise<void> {
    const { gl, parallel } = this.context;
    const checked = new Set<LinkedProgram>();
    const total = new Set(draws.map(({ linked }) => linked)).size;
    for (const prepared of draws) {
      const { draw, linked } = prepared;
      if (checked.has(linked)) continue;
      checked.add(linked);
      const { program, fragment, uniform } = linked;
      // Without the extension, a check blocks: other tasks run between programs.
      do await new Promise(resolve => setTimeout(resolve));
      while (
        parallel &&
        !gl.getProgramParameter(program, parallel.COMPLETION_STATUS_KHR) &&
        !gl.isContextLost()
      );
      if (gl.isContextLost()) throw new EngineError('The WebGL2 context was lost while the look was set up.');
      if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
        const log = gl.getShaderInfoLog(fragment) || gl.getProgramInfoLog(program) || 'it gives no reason';
        throw new EngineError(
          `WebGL2 refused the program of '${draw.label}' (${log.trim().split('\n')[0]}).`,
        );
      }
      gl.useProgram(program);
      draw.samplers.forEach(({ name }, unit) => {
        gl.uniform1i(uniform(name), unit);
      });
      this.#warmUp(prepared, live);
      onCompiled?.(checked.size, total);
    }
  }

  /** Draws one texel into a texture, which every frame overwrites. Drivers may compile a program only as it draws: they
   * do so now, while others are linked, and not in the first frame. */
  #warmUp(prepared: PreparedDraw, live: Float32Array): void {
    const { gl } = this.context;
    const hasFrame = prepared.draw.samplers.some(({ sampled }) => sampled.kind === 'frame');
    if (!prepared.framebuffer || hasFrame) return;
    this.draw({ ...prepared, area: { ...prepared.area, width: 1, height: 1 } }, live, null);
    gl.flush();
  }

  /** Draws. Sets live inputs and the frame's crop if the program reads them. */
  draw(prepared: PreparedDraw, live: Float32Array, crop: Crop | null): void {
    const { linked, textures, sizes, framebuffer, area } = prepared;
    const { gl } = this.context;
    const { program, uniform } = linked;
    gl.useProgram(program);
    textures.forEach(({ target, texture }, unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(target, texture);
    });
    gl.uniform4iv(uniform('sizes'), sizes);
    const lives = uniform('live');
    if (lives) gl.uniform4fv(lives, live);
    if (crop) {
      gl.uniform4f(uniform('crop'), ...crop.corner, ...crop.step);
      gl.uniform1i(uniform('taps'), crop.taps);
    }
    gl.bindFramebuffer(gl.FRAMEBUFFER, framebuffer);
    gl.viewport(0, area.top, area.width, area.height);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  destroy(): void {
    const { gl } = this.context;
    gl.deleteShader(this.#vertex);
    for (const { program, fragment } of this.#made.values()) {
      gl.deleteShader(fragment);
      gl.deleteProgram(program);
    }
  }
}
