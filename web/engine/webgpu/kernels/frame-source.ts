// The picture: the camera's frame as the network sees it, in its own kernel or together with its downsampling. For
// `run`, an array replaces the frame.

import type { FrameInput, Resample } from '../../graph/ir/operation.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import frameDownsample from './frame-downsample.wgsl?raw';
import frameSampling from './frame-sampling.wgsl?raw';
import frameSource from './frame-source.wgsl?raw';
import { type FrameLayout, type Kernel, type Target, TO_BUFFER } from './kernel.ts';
import { declareBands } from './resample.ts';
import { type KernelContext, ShaderBuilder } from './shader.ts';

/** Declares `sampled(at)`, a pixel of the picture, from the frame or else from an array. Kernels call `take_crop`
 * first. */
export function declareSampling(shader: ShaderBuilder, source: Tensor, frame: FrameLayout | null): void {
  if (!frame) {
    shader.bind({ kind: 'picture' }, 'var<storage, read> given: array<Block>');
    shader.add(`fn take_crop() {}
fn sampled(at: vec2i) -> vec4f {
  return widen(given[at.y * ${source.shape[3]} + at.x]);
}`);
    return;
  }
  shader.bind({ kind: 'crop' }, 'var<uniform> crop: array<vec4f, 2>');
  shader.bindFrame(frame, 0, 'var linear_sampler: sampler');
  if (frame.kind === 'external') {
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
  shader.add(frameSampling);
}

export function compileFrameInput(
  context: KernelContext,
  source: FrameInput,
  frame: FrameLayout | null,
  target: Target,
): Kernel {
  const [, , h, w] = source.output.shape;
  const shader = new ShaderBuilder(context, source, target);
  declareSampling(shader, source.output, frame);
  shader.finish();
  return shader.kernel(frameSource, [Math.ceil(w / 8), Math.ceil(h / 8), 1]);
}

/** The picture and its downsampling at once: each workgroup computes the pixels of one cell. They are only
 * written where more than the downsampling reads them. */
export function compileDownsample(
  context: KernelContext,
  source: FrameInput,
  means: Resample,
  frame: FrameLayout | null,
): Kernel {
  const [, , h, w] = means.output.shape;
  const shader = new ShaderBuilder(context, { ...means, inputs: [source.output] }, TO_BUFFER);
  shader.inlineSizes = true;
  shader.add(`const THREADS = ${context.config.threads};`);
  declareSampling(shader, source.output, frame);
  declareBands(shader, means);
  shader.epilogue('value_of', source.epilogue, source.output, 2);
  const { operations, outputs, slices } = context.plan;
  const readers = operations.filter(({ inputs }) => inputs.includes(source.output));
  let keep = '';
  if (readers.length > 1 || outputs.includes(source.output)) {
    const buffer = slices.get(source.output)?.buffer ?? 0;
    shader.bind({ kind: 'write', buffer }, 'var<storage, read_write> picture: array<Block>');
    keep = 'picture[at] = narrow(value);';
  }
  shader.add(`fn keep(at: i32, value: vec4f) {${keep}}`);
  shader.finish();
  return shader.kernel(frameDownsample, [w, h, 1]);
}
