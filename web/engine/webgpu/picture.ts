// The picture: the camera's frame as the network sees it, in a kernel of its own, together with the means of
// its cells, or (for `run`) from an array.

import type { Resample, Source } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import camera from './camera.wgsl?raw';
import cells from './cells.wgsl?raw';
import { pointKernel, TO_BUFFER } from './compile.ts';
import { type FrameLayout, type Kernel, kernelOf, type Target } from './kernel.ts';
import { declareBands } from './resample.ts';
import sampling from './sampling.wgsl?raw';
import { Shader } from './shader.ts';
import type { Style } from './style.ts';

/** Declares `sampled(at)`: a pixel of the picture, from the frame. */
export function declareSampling(shader: Shader, frame: FrameLayout): void {
  shader.bind({ kind: 'crop' }, 'var<uniform> crop: array<vec4f, 2>');
  shader.bindFrame(frame, 0, 'var linear_sampler: sampler');
  if (frame.way === 'external') {
    shader.bindFrame(frame, 1, 'var frame: texture_external');
    shader.add(
      'fn sample(at: vec2f) -> vec3f {\n  return textureSampleBaseClampToEdge(frame, linear_sampler, at).rgb;\n}',
    );
  } else {
    shader.bindFrame(frame, 1, 'var frame: texture_2d<f32>');
    shader.add(
      'fn sample(at: vec2f) -> vec3f {\n  return textureSampleLevel(frame, linear_sampler, at, 0).rgb;\n}',
    );
  }
  shader.add(sampling);
}

export function compileSource(
  plan: Plan,
  style: Style,
  source: Source,
  frame: FrameLayout,
  target: Target,
): Kernel {
  const [, , h, w] = source.output.shape;
  const shader = new Shader(plan, style, source, target);
  declareSampling(shader, frame);
  shader.finish();
  return kernelOf(shader, camera, [Math.ceil(w / 8), Math.ceil(h / 8), 1]);
}

/** The picture from an array, as `run` is given it. */
export function compileGiven(plan: Plan, style: Style, source: Source): Kernel {
  const shader = new Shader(plan, style, { ...source, inputs: plan.inputs.slice(0, 1) }, TO_BUFFER);
  return pointKernel(shader, 'read_0(n, y, x, c)', 'picture');
}

/** The picture and a resampling of it to few values, at once: each workgroup makes the pixels of one cell. */
export function compileCells(
  plan: Plan,
  style: Style,
  source: Source,
  means: Resample,
  frame: FrameLayout,
): Kernel {
  const [, , h, w] = means.output.shape;
  const shader = new Shader(plan, style, { ...means, inputs: [source.output] }, TO_BUFFER);
  shader.baked = true;
  shader.add(`const THREADS = ${style.threads};`);
  declareSampling(shader, frame);
  declareBands(shader, means);
  shader.epilogue('seen', source.epilogue, source.output, 2);
  const buffer = plan.places.get(source.output)?.buffer ?? 0;
  shader.bind({ kind: 'write', buffer }, 'var<storage, read_write> picture: array<Block>');
  shader.finish();
  return kernelOf(shader, cells, [w, h, 1]);
}
