// Draws that our own looks do not use. Fetched when a model has one.

import { readCode } from '../../codegen/expression-code.ts';
import { gridSampleCode } from '../../codegen/grid-sample-code.ts';
import { operandCode } from '../../codegen/matmul-code.ts';
import { maxPoolCode } from '../../codegen/max-pool-code.ts';
import { concatCode, movementCode } from '../../codegen/movement-code.ts';
import { packGrouped } from '../../codegen/pack-grouped-weights.ts';
import { COMBINE, NEUTRAL } from '../../codegen/reduce-code.ts';
import { EngineError } from '../../error.ts';
import type { Convolution, MatMul, Reduce } from '../../graph/ir/operation.ts';
import { axisCode, declareGeometry, pair } from './conv.ts';
import convNaive from './conv-naive.glsl?raw';
import type { Draw } from './draw.ts';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import { GLSL } from './glsl-math.ts';
import matmul from './matmul.glsl?raw';
import powerSum from './power-sum.glsl?raw';
import reduce from './reduce.glsl?raw';
import type { ShaderBuilder } from './shader.ts';
import type { DrawStep, PowerSum } from './step.ts';
import type { TextureLayouts } from './texture-layout.ts';

export { reduceOrNormalizePasses } from './reduce-passes.ts';

/** Whether `i` is an element of the input. */
const INSIDE = 'all(greaterThanEqual(i, ivec4(0))) && all(lessThan(i, sizes[2]))';
const NAIVE_WEIGHTS_WIDTH = 1024;
/** Four weights. */
const NAIVE_WEIGHTS = `vec4 weightBlock(int i) {
  return texelFetch(weights, ivec2(i % WEIGHTS_WIDTH, i / WEIGHTS_WIDTH), 0);
}`;

export function compileExtended(layouts: TextureLayouts, step: DrawStep): Draw {
  if (step.kind === 'powerSum') return compilePowerSum(layouts, step);
  const shader = startShader(layouts, step);
  switch (step.kind) {
    case 'convolution':
      return compileNaiveConv(shader, step);
    case 'reduce':
      return compileReduce(shader, step);
    case 'matMul':
      return compileMatMul(shader, step);
    case 'maxPool':
      return elementwiseDraw(shader, makeCode(maxPoolCode(GLSL, step)));
    case 'gridSample':
      return elementwiseDraw(shader, makeCode(gridSampleCode(GLSL, step)));
    case 'movement':
      return elementwiseDraw(shader, makeCode(movementCode(GLSL, step, INSIDE)));
    case 'concat':
      return elementwiseDraw(shader, makeCode(concatCode(GLSL, step)));
    default:
      break;
  }
  throw new EngineError(`Node '${step.name}' (${step.kind}) is compiled elsewhere.`);
}

/** What each kind of sum reads, by the number `i` of its values. */
const SUMMED: Readonly<Record<PowerSum['along'] | 'group', readonly [count: string, value: string]>> = {
  rows: ['sizes[2].w', 'read_0(n, y, i, c)'],
  columns: ['sizes[2].z', 'read_0(n, i, x, c)'],
  channels: ['(sizes[2].y + 3) / 4', 'read_0(n, y, x, i)'],
  group: ['GROUP', 'member(n, y, x, c, i)'],
};

function compilePowerSum(layouts: TextureLayouts, step: PowerSum): Draw {
  const { along, channels, power, inputs, output } = step;
  const operation = { ...step, kind: 'elementwise', epilogue: step.epilogue ?? { kind: 'value' } } as const;
  const shader = startShader(layouts, operation);
  const [image = output, mean] = inputs;
  const whole = along === 'channels' && channels === image.shape[1];
  const [count, value] = SUMMED[along === 'channels' && !whole ? 'group' : along];
  const distance = mean ? `${value} - ${readCode(1, mean, image.shape)}` : value;
  shader.add(`#define GROUP ${channels}`);
  shader.add(`#define COUNT ${count}`);
  shader.add(`#define WHOLE ${whole}`);
  shader.add(`#define VALUE ${distance}`);
  shader.add(`#define POWER(v) ${power === 2 ? '(v) * (v)' : '(v)'}`);
  return elementwiseDraw(shader, powerSum);
}

export function compileNaiveConv(shader: ShaderBuilder, operation: Convolution): Draw {
  const { weights, bias, group, name, x, y } = operation;
  const packed = packGrouped(weights, group, name);
  const height = Math.ceil(packed.bytes / 16 / NAIVE_WEIGHTS_WIDTH);
  const { textureSize } = shader.layouts.limits;
  if (Math.max(NAIVE_WEIGHTS_WIDTH, height) > textureSize) {
    throw new EngineError(
      `Node '${name}' needs ${height} rows of weights; this GPU allows ${textureSize} a texture.`,
    );
  }
  const bytes = NAIVE_WEIGHTS_WIDTH * height * 16;
  const layout = `${packed.layout} naive`;
  shader.table('weights', { ...packed, layout, bytes, numbers: 'float', width: NAIVE_WEIGHTS_WIDTH, height });
  shader.add(`const int GROUPS = ${group};\nconst int WEIGHTS_WIDTH = ${NAIVE_WEIGHTS_WIDTH};`);
  declareGeometry(shader, operation);
  shader.add(pair('INPUT_STEP', y.inputStep, x.inputStep));
  shader.add(pair('KERNEL_STEP', y.kernelStep, x.kernelStep));
  shader.add(axisCode('x', x));
  shader.add(NAIVE_WEIGHTS);
  const scaled = weights.scale ? `sum * ${shader.channel(weights.scale, 1)}` : 'sum';
  shader.add(
    `vec4 scaleShift(vec4 sum, int c) { return ${scaled}${bias ? ` + ${shader.channel(bias)}` : ''}; }`,
  );
  return elementwiseDraw(shader, convNaive);
}

function compileReduce(shader: ShaderBuilder, { how, axes: [n, c, h, w] }: Reduce): Draw {
  shader.add(`#define NEUTRAL ${NEUTRAL[how]}`);
  shader.add(`const bvec4 REDUCED = bvec4(${n}, ${h}, ${w}, ${c});`);
  shader.add(`vec4 combine(vec4 a, vec4 b) { return ${COMBINE[how]}; }`);
  return elementwiseDraw(shader, reduce);
}

/** `vec4 left(n, y, x, c)`. */
const declareOperand = (name: string, code: string): string =>
  `vec4 ${name}(int n, int y, int x, int c) { return ${code}; }`;

function compileMatMul(shader: ShaderBuilder, { inputs, output }: MatMul): Draw {
  const [left = output, right = output] = inputs;
  const operands = [
    declareOperand('left', operandCode(0, left, output)),
    declareOperand('right', operandCode(1, right, output)),
  ];
  return elementwiseDraw(shader, `${operands.join('\n')}\n${matmul}`);
}
