// From a step of the plan to its draw: which .glsl file, with what before it, bound to what.

import { EngineError, impossible } from '../error.ts';
import {
  LANES,
  type Product,
  type Reduce,
  type Resample,
  type Source,
  type Tensor,
} from '../graph/operation.ts';
import camera from './camera.glsl?raw';
import { compileConvolution } from './convolution.ts';
import deviation from './deviation.glsl?raw';
import type { Layouts, Limits } from './layout.ts';
import point from './point.glsl?raw';
import product from './product.glsl?raw';
import type { Draw } from './program.ts';
import { joinCode, maxPoolCode, rearrangeCode } from './rearrange.ts';
import reduce from './reduce.glsl?raw';
import resample from './resample.glsl?raw';
import { Shader } from './shader.ts';
import type { Step } from './steps.ts';

export function compile(layouts: Layouts, step: Exclude<Step, Source>, limits: Limits): Draw {
  if (step.kind === 'deviation') {
    const { epilogue, inputs, name, output } = step;
    return pointDraw(
      new Shader(layouts, { kind: 'map', name, inputs, output, epilogue: epilogue ?? VALUE }),
      deviation,
    );
  }
  const shader = new Shader(layouts, step);
  switch (step.kind) {
    case 'convolution':
      return compileConvolution(shader, step, limits);
    case 'resample':
      return compileResample(shader, step);
    case 'reduce':
      return compileReduce(shader, step);
    case 'product':
      return compileProduct(shader, step);
    case 'map':
      return pointDraw(shader, makeCode('  return vec4(0);'));
    case 'maxPool':
      return pointDraw(shader, makeCode(maxPoolCode(step)));
    case 'rearrange':
      return pointDraw(shader, makeCode(rearrangeCode(step)));
    case 'join':
      return pointDraw(shader, makeCode(joinCode(step)));
    default:
      return impossible(step);
  }
}

const VALUE = { kind: 'value' } as const;
const makeCode = (body: string): string => `vec4 make(int n, int y, int x, int c) {\n${body}\n}`;

/** `make` is called for every value on its own. */
function pointDraw(shader: Shader, make: string): Draw {
  shader.readInputs();
  return shader.draw(`${make}\n${point}`);
}

/** The picture, from a frame. */
export function compileSource(layouts: Layouts, source: Source): Draw {
  const shader = new Shader(layouts, source);
  shader.sample('frame', { kind: 'frame' }, 'sampler2D');
  shader.uniform('vec4 crop');
  shader.uniform('int taps');
  return shader.draw(`${camera}\n${point}`);
}

/** The picture, from a tensor in the frame's place. */
export function compilePicture(layouts: Layouts, source: Source, picture: Tensor): Draw {
  const shader = new Shader(layouts, { ...source, inputs: [picture] });
  return pointDraw(shader, makeCode('  return read_0(n, y, x, c);'));
}

/** A copy of a tensor on the canvas. */
export function compileShow(layouts: Layouts, tensor: Tensor): Draw {
  const epilogue = { kind: 'input', index: 0 } as const;
  const step = {
    kind: 'map',
    name: `show ${tensor.name}`,
    inputs: [tensor],
    output: tensor,
    epilogue,
  } as const;
  return pointDraw(new Shader(layouts, step, 'canvas'), makeCode('  return vec4(0);'));
}

function compileResample(shader: Shader, operation: Resample): Draw {
  const { left, right, name, output } = operation;
  const band = left ?? right;
  if (!band) throw new EngineError(`Node '${name}' has no matrix.`);
  const width = 1 + Math.ceil(band.width / 4);
  const fill = (target: ArrayBuffer) => {
    const floats = new Float32Array(target);
    for (let row = 0; row < band.rows; row++) {
      const at = row * width * LANES;
      floats[at] = band.starts[row] ?? 0;
      floats.set(band.weights.subarray(row * band.width, (row + 1) * band.width), at + LANES);
    }
  };
  const bytes = width * band.rows * 16;
  const layout = `matrix of ${output.name}`;
  shader.table('bands', {
    label: name,
    owner: band,
    layout,
    bytes,
    fill,
    numbers: 'float',
    width,
    height: band.rows,
  });
  shader.add(`#define BAND ${shader.size(band.width, right ? 1 : 0)}`);
  return pointDraw(shader, resample);
}

const NEUTRAL: Readonly<Record<Reduce['how'], string>> = {
  sum: '0.0',
  product: '1.0',
  max: '-3.4028234e38',
  min: '3.4028234e38',
};
const COMBINE: Readonly<Record<Reduce['how'], string>> = {
  sum: 'a + b',
  product: 'a * b',
  max: 'max(a, b)',
  min: 'min(a, b)',
};

function compileReduce(shader: Shader, { how, axes: [n, c, h, w] }: Reduce): Draw {
  shader.add(`#define NEUTRAL ${NEUTRAL[how]}`);
  shader.add(`const bvec4 REDUCED = bvec4(${n}, ${h}, ${w}, ${c});`);
  shader.add(`vec4 combine(vec4 a, vec4 b) { return ${COMBINE[how]}; }`);
  return pointDraw(shader, reduce);
}

/** `vec4 left(n, y, x, c)`: an element, where the input has one image or channel for all, that one. */
function operand(name: string, index: number, { shape }: Tensor, output: Tensor): string {
  const [n, c] = shape;
  const at = `${n === 1 ? '0' : 'n'}, y, x, ${c <= LANES ? '0' : 'c'}`;
  const lanes = c === 1 && output.shape[1] > 1 ? '.xxxx' : '';
  return `vec4 ${name}(int n, int y, int x, int c) { return read_${index}(${at})${lanes}; }`;
}

function compileProduct(shader: Shader, { inputs, output }: Product): Draw {
  const [left = output, right = output] = inputs;
  const operands = [operand('left', 0, left, output), operand('right', 1, right, output)];
  return pointDraw(shader, `${operands.join('\n')}\n${product}`);
}
