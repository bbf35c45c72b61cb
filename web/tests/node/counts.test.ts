// The number of operations in a frame, for each size and each number of pixels. The graphs are built here with weights
// of zero: the number depends on shapes only, and files for all combinations would take long to write.

import { expect, test } from 'vitest';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { type Constant, constantOf } from '../../engine/onnx/constant.ts';
import type { Attribute, OnnxModel, OnnxNode } from '../../engine/onnx/model.ts';

/** Channels of the outermost layer, largest number of channels, and layers at 256 pixels. */
const SIZES = {
  lean: [16, 64, 7],
  small: [4, 512, 8],
  medium: [8, 512, 8],
  large: [64, 512, 8],
} as const;
const MAX_OPERATIONS = 24;

const ints = (value: number[]): Attribute => ({ kind: 'ints', value });
const float = (value: number): Attribute => ({ kind: 'float', value });

function look(size: keyof typeof SIZES, pixels: number): OnnxModel {
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Constant>();
  const zeros = (...dims: number[]): string => {
    const name = `k${constants.size}`;
    constants.set(name, constantOf(name, dims, new Float32Array(dims.reduce((a, b) => a * b, 1))));
    return name;
  };
  const add = (op: string, inputs: string[], attributes: Record<string, Attribute> = {}, output = '') => {
    const name = output || `n${nodes.length}`;
    nodes.push({
      name,
      op,
      domain: '',
      inputs,
      outputs: [name],
      attributes: new Map(Object.entries(attributes)),
    });
    return name;
  };
  const half = { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
  const down = (from: string, a: number, b: number) => add('Conv', [from, zeros(b, a, 4, 4), zeros(b)], half);
  const up = (from: string, a: number, b: number) =>
    add('ConvTranspose', [from, zeros(a, b, 4, 4), zeros(b)], half);

  const grey = add('Conv', ['image', zeros(1, 3, 1, 1)]);
  const narrow = add('MatMul', [add('MatMul', [zeros(11, pixels), grey]), zeros(pixels, 11)]);
  const coarse = add('MatMul', [add('MatMul', [zeros(pixels, 11), narrow]), zeros(11, pixels)]);
  const detail = add('Mul', ['detail', add('Sub', [grey, coarse])]);
  const shade = add('Mul', ['contrast', add('Add', [coarse, detail])]);
  add('Clip', [add('Add', [shade, 'brightness']), zeros(), zeros()], {}, 'guide');

  const [base, cap, at256] = SIZES[size];
  const levels = at256 + Math.log2(pixels / 256);
  const widths = Array.from({ length: levels }, (_, level) => Math.min(base * 2 ** level, cap));
  let value = 'guide';
  let channels = 1;
  const skips = widths.map(width => {
    value = add('LeakyRelu', [down(value, channels, width)], { alpha: float(0.2) });
    channels = width;
    return { skip: value, width };
  });
  for (const { skip, width } of skips.slice(0, -1).reverse()) {
    const grown = add('Relu', [up(value, channels, width)]);
    value = add('Concat', [grown, skip], { axis: { kind: 'int', value: 1 } });
    channels = 2 * width;
  }
  add('Mul', [add('Tanh', [up(value, channels, 3)]), zeros()], {}, 'painting');
  const picture = { name: 'image', type: 1, dims: [1, 3, pixels, pixels] };
  const live = ['brightness', 'contrast', 'detail'].map(name => ({ name, type: 1, dims: [] }));
  const outputs = ['painting', 'guide'].map(name => ({ name, type: 1, dims: null }));
  return { size: 0, opset: 21, metadata: new Map(), nodes, constants, inputs: [picture, ...live], outputs };
}

const sizes = Object.keys(SIZES) as (keyof typeof SIZES)[];

test.each(sizes.flatMap(size => [64, 128, 256, 512].map(pixels => [size, pixels] as const)))(
  'a frame of %s at %i pixels',
  async (size, pixels) => {
    const { operations } = await makePlan(await lower(look(size, pixels)), true);
    const layers = 2 * (SIZES[size][2] + Math.log2(pixels / 256));
    expect(operations).toHaveLength(3 + layers);
    expect(operations.length).toBeLessThanOrEqual(MAX_OPERATIONS);
  },
);
