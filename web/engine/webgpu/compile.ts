// From an operation of the plan to its kernel: which .wgsl file, with what before it, bound to what.

import { EngineError, impossible } from '../error.ts';
import { type Band, blocks, type Operation, type Resample, type Source } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import camera from './camera.wgsl?raw';
import { compileConvolution } from './convolution.ts';
import gather from './gather.wgsl?raw';
import { type Kernel, kernelOf, linear, type Target } from './kernel.ts';
import map from './map.wgsl?raw';
import normalise from './normalise.wgsl?raw';
import { joinCode, maxPoolCode, rearrangeCode } from './rearrange.ts';
import { compileProduct, compileReduce } from './reduce.ts';
import resample from './resample.wgsl?raw';
import { Shader } from './shader.ts';

/** What a source reads: a frame, or for `run` an array in its place. */
export type Feed = 'external' | 'texture' | 'picture';

export const TO_BUFFER: Target = { kind: 'buffer' };

/** Threads below which a GPU is mostly idle, so that a sum is better shared out. */
const FEW_THREADS = 16384;

export function compile(plan: Plan, operation: Operation, target: Target = TO_BUFFER): Kernel {
  const shader = new Shader(plan, operation, target);
  switch (operation.kind) {
    case 'source':
      throw new EngineError(`The picture '${operation.name}' has to be compiled for what feeds it.`);
    case 'convolution':
      return compileConvolution(shader, operation);
    case 'resample':
      return compileResample(shader, operation);
    case 'normalise': {
      const [n] = operation.output.shape;
      shader.readInputs();
      shader.add(`const EPSILON = ${operation.epsilon};`);
      shader.add(`fn scale(c: i32) -> vec4f { return ${shader.channel(operation.scale)}; }`);
      shader.add(`fn shift(c: i32) -> vec4f { return ${shader.channel(operation.shift)}; }`);
      shader.finish();
      return kernelOf(shader, normalise, [blocks(operation.output), n, 1]);
    }
    case 'map':
      return pointKernel(shader, 'vec4f(0)');
    case 'maxPool':
      return pointKernel(shader, maxPoolCode(operation));
    case 'reduce':
      return compileReduce(shader, operation);
    case 'product':
      return compileProduct(shader, operation);
    case 'rearrange':
      return pointKernel(shader, rearrangeCode(operation));
    case 'join':
      return pointKernel(shader, joinCode(operation));
    default:
      return impossible(operation);
  }
}

/** One thread per block of four channels; `made` is an expression or the body of `make`. */
function pointKernel(shader: Shader, made: string): Kernel {
  const [n, , h, w] = shader.operation.output.shape;
  shader.readInputs();
  const body = made.includes('return') ? made : `  return ${made};`;
  shader.add(`fn make(n: i32, y: i32, x: i32, c: i32) -> vec4f {\n${body}\n}`);
  shader.finish();
  return kernelOf(shader, map, linear(n * h * w * blocks(shader.operation.output)));
}

export function compileSource(plan: Plan, source: Source, feed: Feed): Kernel {
  const picture = plan.inputs[0];
  if (!picture) throw new EngineError('The plan has no picture.');
  const [, , h, w] = source.output.shape;
  if (feed === 'picture') {
    const shader = new Shader(plan, { ...source, inputs: [picture] }, TO_BUFFER);
    shader.readInputs('picture');
    shader.add('fn make(n: i32, y: i32, x: i32, c: i32) -> vec4f {\n  return read_0(n, y, x, c);\n}');
    shader.finish();
    return kernelOf(shader, map, linear(h * w));
  }
  const shader = new Shader(plan, source, TO_BUFFER);
  shader.bind({ kind: 'crop' }, 'var<uniform> crop: array<vec4f, 2>');
  shader.bind({ kind: 'sampler' }, 'var linear_sampler: sampler');
  if (feed === 'external') {
    shader.bind({ kind: 'external' }, 'var frame: texture_external');
    shader.add(
      'fn sample(at: vec2f) -> vec3f {\n  return textureSampleBaseClampToEdge(frame, linear_sampler, at).rgb;\n}',
    );
  } else {
    shader.bind({ kind: 'texture' }, 'var frame: texture_2d<f32>');
    shader.add(
      'fn sample(at: vec2f) -> vec3f {\n  return textureSampleLevel(frame, linear_sampler, at, 0).rgb;\n}',
    );
  }
  shader.finish();
  return kernelOf(shader, camera, [Math.ceil(w / 8), Math.ceil(h / 8), 1]);
}

const pair = (name: string, y: number, x: number): string => `const ${name} = vec2i(${y}, ${x});`;

/** `start_y(row)` and `weight_y(row, i)` of a band, or of none: the row itself. */
function bandCode(letter: 'x' | 'y', band: Band | null, weightsAt: number): string {
  if (!band) {
    return `fn start_${letter}(r: i32) -> i32 { return r; }\nfn weight_${letter}(r: i32, i: i32) -> f32 { return 1; }`;
  }
  const startsAt = weightsAt + band.rows * band.width;
  return `fn start_${letter}(r: i32) -> i32 { return bitcast<i32>(bands[${startsAt} + r]); }
fn weight_${letter}(r: i32, i: i32) -> f32 { return bands[${weightsAt} + r * ${band.width} + i]; }`;
}

function compileResample(shader: Shader, operation: Resample): Kernel {
  const { left, right, name } = operation;
  const [n, , h, w] = operation.output.shape;
  const width = [left?.width ?? 1, right?.width ?? 1] as const;
  const lengthOf = (band: Band | null) => (band ? band.rows * (band.width + 1) : 0);
  shader.readInputs();
  const fill = (target: ArrayBuffer) => {
    let at = 0;
    for (const band of [left, right]) {
      if (!band) continue;
      new Float32Array(target).set(band.weights, at);
      new Int32Array(target).set(band.starts, at + band.weights.length);
      at += lengthOf(band);
    }
  };
  const bytes = (lengthOf(left) + lengthOf(right)) * 4;
  if (bytes > 0) {
    const data = { label: `${name} matrices`, owner: operation, layout: 'matrices', bytes, fill };
    shader.bind({ kind: 'data', data }, 'var<storage, read> bands: array<f32>');
  }
  shader.add(bandCode('y', left, 0));
  shader.add(bandCode('x', right, lengthOf(left)));
  shader.add(pair('WIDTH', width[0], width[1]));
  shader.finish();
  const outputs = n * h * w * blocks(operation.output);
  const much = width[0] * width[1] >= 64 && outputs < FEW_THREADS;
  return much ? kernelOf(shader, gather, [outputs, 1, 1]) : kernelOf(shader, resample, linear(outputs));
}
