// Kernels of operations that looks of our own do without: fetched when a model has one of them.

import { addressOf } from '../../codegen/view-address.ts';
import { impossible } from '../../error.ts';
import type { IndexMap, Join, MaxPool, Normalise, Rearrange, View } from '../../graph/ir/operation.ts';
import { blocks, LANES } from '../../graph/ir/tensor.ts';
import { compileLoops } from './conv-naive.ts';
import { pointKernel } from './elementwise.ts';
import normalise from './instance-norm.wgsl?raw';
import type { Kernel } from './kernel.ts';
import { compileProduct } from './matmul.ts';
import { perLane, READ, vector } from './movement.ts';
import { compileReduce } from './reduce.ts';
import { type ExtendedKernels, type ExtendedOperation, literal, type Shader } from './shader.ts';

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
const ERF = `fn erf(x: vec4f) -> vec4f {
  let t = 1 / (1 + 0.3275911 * abs(x));
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1 - p * exp(-x * x));
}`;
// WGSL leaves a negative base open; ONNX has -2 ^ 2 = 4. WGSL has no infinity and no NaN that may be relied
// on: 0 to a negative power is the largest float, and a negative base to a fraction that of its size.
const POWER = `fn power(x: vec4f, y: vec4f) -> vec4f {
  let nothing = select(vec4f(0), vec4f(3.4028234e38), y < vec4f(0));
  let size = select(exp2(y * log2(abs(x))), nothing, x == vec4f(0));
  let odd = abs(y) % 2 == vec4f(1);
  let result = select(size, -size, (x < vec4f(0)) & odd);
  return select(result, vec4f(1), y == vec4f(0));
}`;
const SIGMOID = `fn sigmoid(x: vec4f) -> vec4f {
  return 1 / (1 + exp(clamp(-x, vec4f(-80), vec4f(80))));
}`;
const SOFTPLUS = `fn softplus(x: vec4f) -> vec4f {
  return max(x, vec4f(0)) + log(1 + exp(-abs(x)));
}`;
const functions = { 'erf(': ERF, 'power(': POWER, 'sigmoid(': SIGMOID, 'softplus(': SOFTPLUS };

function compileExtended(shader: Shader, operation: ExtendedOperation): Kernel {
  switch (operation.kind) {
    case 'convolution':
      return compileLoops(shader, operation);
    case 'rearrange':
      return compileRearrange(shader, operation, operation.map);
    case 'normalise':
      return compileNormalise(shader, operation);
    case 'maxPool':
      return pointKernel(shader, maxPoolCode(operation));
    case 'reduce':
      return compileReduce(shader, operation);
    case 'product':
      return compileProduct(shader, operation);
    case 'join':
      return pointKernel(shader, joinCode(operation));
    default:
      return impossible(operation);
  }
}

function compileNormalise(shader: Shader, { epsilon, scale, shift, output }: Normalise): Kernel {
  const { threads } = shader.context.style;
  shader.readInputs();
  shader.add(`const THREADS = ${threads === 64 ? 256 : threads};`);
  shader.add(`const EPSILON = ${epsilon};`);
  shader.add(`fn scale(c: i32) -> vec4f { return ${shader.channel(scale)}; }`);
  shader.add(`fn shift(c: i32) -> vec4f { return ${shader.channel(shift)}; }`);
  shader.finish();
  return shader.kernel(normalise, [blocks(output), output.shape[0], 1]);
}

function compileRearrange(shader: Shader, operation: Rearrange, map: IndexMap): Kernel {
  switch (map.kind) {
    case 'view':
      return compileView(shader, operation, map);
    case 'pad':
      return pointKernel(shader, padCode(map));
    case 'extend':
      return pointKernel(shader, perLane(`${extendCode(map)}\n      made[lane] = ${READ};`));
    default:
      return impossible(map);
  }
}

/** The input with one value around it. */
const padCode = ({ before, value }: Extract<IndexMap, { kind: 'pad' }>): string =>
  perLane(`      let i = o - ${vector(before)};
      let inside = all(i >= vec4i(0)) && all(i < sizes[2]);
      made[lane] = ${literal(value)};
      if (inside) {
        made[lane] = ${READ};
      }`);

/** The input with more of it around it; `edge` is in `movement.ts`. */
function extendCode({ before, mode }: Extract<IndexMap, { kind: 'extend' }>): string {
  const start = `      let place = o - ${vector(before)};`;
  if (mode === 'wrap') return `${start}\n      let i = (place % sizes[2] + sizes[2]) % sizes[2];`;
  return `${start}
      let last = sizes[2] - vec4i(1);
      let inner = abs(place);
      let i = max(select(inner, 2 * last - inner, inner > last), vec4i(0));`;
}

function compileView(shader: Shader, { inputs, output }: Rearrange, view: View): Kernel {
  const { rest, place, at } = addressOf(view, inputs[0]?.shape ?? output.shape, output.shape);
  const lines = [
    ...(rest ? [`let rest = ${rest};`] : []),
    ...(place ? [`let place = ${place};`] : []),
    `let i = vec4i(${at.join(', ')});`,
    `made[lane] = ${READ};`,
  ];
  return pointKernel(shader, perLane(lines.map(line => `      ${line}`).join('\n')));
}

/** The parts one after the other along the axis. */
function joinCode({ axis, inputs }: Join): string {
  const letter = 'xyzw'[axis] ?? 'y';
  let at = 0;
  const parts = inputs.map((tensor, k) => {
    const start = at;
    at += tensor.shape[axis];
    const inner = [0, 1, 2, 3].map(a => (a === axis ? start : 0));
    return `      if (o.${letter} >= ${start} && o.${letter} < ${at}) {
        let i = o - ${vector(inner)};
        made[lane] = read_${k}(i.x, i.z, i.w, i.y / ${LANES})[i.y % ${LANES}];
      }`;
  });
  return perLane(parts.join('\n'));
}

function maxPoolCode({ kernel, strides, before, dilations }: MaxPool): string {
  return `  var made = vec4f(-3.4028234e38);
  for (var j = 0; j < ${kernel[0]}; j++) {
    for (var i = 0; i < ${kernel[1]}; i++) {
      let at = vec2i(y * ${strides[0]} + j * ${dilations[0]}, x * ${strides[1]} + i * ${dilations[1]}) - vec2i(${before[0]}, ${before[1]});
      if (all(at >= vec2i(0)) && at.x < sizes[2].z && at.y < sizes[2].w) {
        made = max(made, read_0(n, at.x, at.y, c));
      }
    }
  }
  return made;`;
}

export const EXTENDED: ExtendedKernels = { functions, compileExtended };
