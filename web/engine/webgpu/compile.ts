// From an operation of the plan to its kernel: which .wgsl file, with what before it, bound to what.

import { EngineError, impossible } from '../error.ts';
import {
  type Axis,
  type Band,
  blocks,
  type Convolution,
  type Operation,
  type Resample,
  type Source,
} from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import camera from './camera.wgsl?raw';
import direct from './direct.wgsl?raw';
import gather from './gather.wgsl?raw';
import grouped from './grouped.wgsl?raw';
import { type Kernel, linear, type Target } from './kernel.ts';
import map from './map.wgsl?raw';
import normalise from './normalise.wgsl?raw';
import { joinCode, maxPoolCode, rearrangeCode } from './rearrange.ts';
import { compileProduct, compileReduce } from './reduce.ts';
import resample from './resample.wgsl?raw';
import { Shader } from './shader.ts';
import split from './split.wgsl?raw';
import tile from './tile.wgsl?raw';
import { blockCode, FULL, packGrouped, packWeights } from './weights.ts';

/** What a source reads: a frame, or for `run` an array in its place. */
export type Feed = 'external' | 'texture' | 'picture';

export const TO_BUFFER: Target = { kind: 'buffer' };

/** Threads below which a GPU is mostly idle, so that a sum is better shared out. */
const FEW_THREADS = 16384;
const FEW_TILES = 128;

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
      return kernel(shader, normalise, [blocks(operation.output), n, 1]);
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

function kernel(shader: Shader, body: string, workgroups: readonly [number, number, number]): Kernel {
  const { name } = shader.operation;
  if (Math.max(...workgroups) > 65535) {
    throw new EngineError(`Node '${name}' is too large for WebGPU: ${workgroups.join(' x ')} workgroups.`);
  }
  return { label: name, code: shader.code(body), bindings: shader.bindings, workgroups };
}

/** One thread per block of four channels; `made` is an expression or the body of `make`. */
function pointKernel(shader: Shader, made: string): Kernel {
  const [n, , h, w] = shader.operation.output.shape;
  shader.readInputs();
  const body = made.includes('return') ? made : `  return ${made};`;
  shader.add(`fn make(n: i32, y: i32, x: i32, c: i32) -> vec4f {\n${body}\n}`);
  shader.finish();
  return kernel(shader, map, linear(n * h * w * blocks(shader.operation.output)));
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
    return kernel(shader, map, linear(h * w));
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
  return kernel(shader, camera, [Math.ceil(w / 8), Math.ceil(h / 8), 1]);
}

function axisCode(letter: 'x' | 'y', axis: Axis): string {
  const cases = axis.phases.map(
    ({ first, count, start }, i) => `    case ${i} { return vec3i(${first}, ${count}, ${start}); }`,
  );
  return `fn phase_${letter}(phase: i32) -> vec3i {
  switch phase {
${cases.join('\n')}
    default { return vec3i(0); }
  }
}`;
}

const pair = (name: string, y: number, x: number): string => `const ${name} = vec2i(${y}, ${x});`;

function declareGeometry(shader: Shader, { weights, x, y, prologue }: Convolution): void {
  const [, , kh, kw] = weights.dims;
  shader.add(`const TAPS = ${kh * kw};`);
  shader.add(pair('KERNEL', kh, kw));
  shader.add(pair('OUTPUT_STRIDE', y.outputStride, x.outputStride));
  shader.add(pair('INPUT_STRIDE', y.inputStride, x.inputStride));
  shader.add(pair('INPUT_STEP', y.inputStep, x.inputStep));
  shader.add(pair('KERNEL_STEP', y.kernelStep, x.kernelStep));
  shader.add(axisCode('y', y));
  shader.add(axisCode('x', x));
  if (prologue) shader.valueFunction('prepare', prologue);
  shader.add(`
fn load(n: i32, y: i32, x: i32, c: i32) -> vec4f {
  if (y < 0 || x < 0 || y >= sizes[2].z || x >= sizes[2].w) {
    return vec4f(0);
  }
  return ${prologue ? 'prepare(read_0(n, y, x, c))' : 'read_0(n, y, x, c)'};
}`);
}

function compileConvolution(shader: Shader, operation: Convolution): Kernel {
  const { weights, bias, group, name } = operation;
  const [n, , height, width] = operation.output.shape;
  const out = blocks(operation.output);
  shader.readInputs();
  declareGeometry(shader, operation);
  const factor = weights.scale
    ? shader.channel(
        weights.scale.map(s => s * (group > 1 ? 1 : FULL[weights.type])),
        1,
      )
    : '';
  const scaled = factor ? `raw * ${factor}` : 'raw';
  const value = bias ? `${scaled} + ${shader.channel(bias)}` : scaled;
  if (group > 1) {
    shader.add(`const GROUPS = ${group};`);
    shader.bind(
      { kind: 'data', data: packGrouped(weights, group, name) },
      'var<storage, read> weights: array<f32>',
    );
    shader.finish(value);
    return kernel(shader, grouped, linear(n * height * width * out));
  }
  const { element, code } = blockCode(weights.type);
  shader.bind(
    { kind: 'data', data: packWeights(weights, name) },
    `var<storage, read> weights: array<${element}>`,
  );
  shader.add(code);
  const zero = weights.zero ? shader.channel(weights.zero.map(z => z / FULL[weights.type])) : 'vec4f(0)';
  shader.add(`fn zero_point(c: i32) -> vec4f {\n  return ${zero};\n}`);
  const bases = [
    Math.ceil(height / operation.y.outputStride),
    Math.ceil(width / operation.x.outputStride),
  ] as const;
  const phases = operation.y.outputStride * operation.x.outputStride;
  shader.add(`const BASES = ${shader.size(bases[0], bases[1])};`);
  shader.finish(value);
  const pixels = n * bases[0] * bases[1];
  const tap = (axis: Axis) => Math.max(...axis.phases.map(phase => phase.count));
  const depth = tap(operation.y) * tap(operation.x) * blocks(operation.inputs[0] ?? operation.output);
  const tiles = Math.ceil(pixels / 64) * Math.ceil(out / 8) * phases;
  if (out >= 8 && tiles >= FEW_TILES)
    return kernel(shader, tile, [Math.ceil(pixels / 64), Math.ceil(out / 8), phases]);
  if ((pixels * out * phases) / 4 < FEW_THREADS && depth >= 16) {
    return kernel(shader, split, [Math.ceil(pixels / 8), out, phases]);
  }
  return kernel(shader, direct, [Math.ceil(bases[1] / 32), Math.ceil((n * bases[0]) / 8), out * phases]);
}

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
  return much ? kernel(shader, gather, [outputs, 1, 1]) : kernel(shader, resample, linear(outputs));
}
