// The number of operations in a frame, for each size and each number of pixels. The graphs are built here with weights
// of zero: the number depends on shapes only, and files for all combinations would take long to write.

import { expect, test } from 'vitest';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { makePlan } from '../../engine/graph/passes/plan.ts';
import { type Constant, constantOf } from '../../engine/onnx/constant.ts';
import type { Attribute, OnnxModel, OnnxNode } from '../../engine/onnx/model.ts';

/** Channels up to 32 pixels, and after each doubling above. */
const COMPACT = { full: [96, [64, 32, 16, 16]], lean: [48, [32, 16, 8, 8]] } as const;
/** Channels of the outermost layer, largest number of channels, and layers at 256 pixels. */
const UNETS = { small: [4, 512, 8], medium: [8, 512, 8], large: [64, 512, 8] } as const;
const CELLS = 32;
const MAX_OPERATIONS = 24;

const ints = (value: number[]): Attribute => ({ kind: 'ints', value });
const float = (value: number): Attribute => ({ kind: 'float', value });
const text = (value: string): Attribute => ({ kind: 'string', value });
const DOUBLING = { coordinate_transformation_mode: text('asymmetric'), nearest_mode: text('floor') };

const constantOfIntegers = (name: string, values: readonly number[]): Constant => ({
  name,
  type: 'int64',
  dims: [values.length],
  bytes: new Uint8Array(BigInt64Array.from(values, BigInt).buffer),
});

type Size = keyof typeof COMPACT | keyof typeof UNETS;
const isCompact = (size: Size): size is keyof typeof COMPACT => size in COMPACT;

function look(size: Size, pixels: number): OnnxModel {
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
  constants.set('pads', constantOfIntegers('pads', [0, 0, 1, 1, 0, 0, 1, 1]));
  constants.set('scales', constantOf('scales', [4], Float32Array.of(1, 1, 2, 2)));
  const concat = (a: string, b: string) => add('Concat', [a, b], { axis: { kind: 'int', value: 1 } });
  const activated = (value: string) => add('LeakyRelu', [value], { alpha: float(0.2) });

  const resample = (rows: number, from: string, columns: number, output = '') =>
    add('MatMul', [add('MatMul', [zeros(rows, columns), from]), zeros(columns, rows)], {}, output);
  const pick = (pair: string) => add('Conv', [pair, zeros(1, 2, 1, 1)]);
  const cells = resample(CELLS, add('Conv', ['image', zeros(1, 3, 1, 1)]), pixels);
  const powers = add('Mul', [cells, add('Add', [zeros(1, 2, 1, 1), add('Mul', [zeros(1, 2, 1, 1), cells])])]);
  const moments = resample(CELLS, powers, CELLS);
  const [mean, square] = [pick(moments), pick(moments)];
  const deviation = add('Sqrt', [add('Sub', [square, add('Mul', [mean, mean])])]);
  const levelled = add('Div', [add('Sub', [pick(powers), mean]), deviation]);
  const shade = add('Mul', ['contrast', add('Mul', ['levels', levelled])]);
  const lit = add('Clip', [add('Add', [shade, 'brightness']), zeros(), zeros()]);

  const addCompact = (inner: number, outer: readonly number[]): string => {
    const edge = (from: string, a: number, b: number, stride = 1) =>
      add('Conv', [add('Pad', [from, 'pads'], { mode: text('edge') }), zeros(b, a, 3, 3), zeros(b)], {
        strides: ints([stride, stride]),
      });
    const doubled = (from: string, a: number, b: number) =>
      activated(edge(add('Resize', [from, '', 'scales'], DOUBLING), a, b));
    let value = add('Add', [resample(CELLS, lit, CELLS), zeros(1, 1, CELLS, CELLS)]);
    const skips = [1, 2, 2, 2].map((stride, level) => {
      value = activated(edge(value, level ? inner : 1, inner, stride));
      return value;
    });
    skips.pop();
    for (const [level, skip] of skips.reverse().entries())
      value = concat(doubled(value, level ? 2 * inner : inner, inner), skip);
    value = activated(edge(value, 2 * inner, inner));
    let channels = inner;
    for (const width of outer) {
      value = doubled(value, channels, width);
      channels = width;
    }
    return edge(value, channels, 3);
  };

  const half = { strides: ints([2, 2]), pads: ints([1, 1, 1, 1]) };
  const addUnet = (base: number, cap: number, levels: number): string => {
    const up = (from: string, a: number, b: number) =>
      add('ConvTranspose', [from, zeros(a, b, 4, 4), zeros(b)], half);
    const widths = Array.from({ length: levels }, (_, level) => Math.min(base * 2 ** level, cap));
    let value = 'guide';
    let channels = 1;
    const skips = widths.map(width => {
      value = activated(add('Conv', [value, zeros(width, channels, 4, 4), zeros(width)], half));
      channels = width;
      return { skip: value, width };
    });
    for (const { skip, width } of skips.slice(0, -1).reverse()) {
      value = concat(add('Relu', [up(value, channels, width)]), skip);
      channels = 2 * width;
    }
    return up(value, channels, 3);
  };

  resample(pixels, lit, CELLS, 'guide');
  const doublings = Math.log2(pixels / CELLS);
  let painted: string;
  if (isCompact(size)) {
    const [inner, outer] = COMPACT[size];
    painted = addCompact(inner, outer.slice(0, doublings));
  } else {
    const [base, cap, at256] = UNETS[size];
    painted = addUnet(base, cap, at256 + Math.log2(pixels / 256));
  }
  add('Mul', [add('Tanh', [painted]), zeros()], {}, 'painting');
  const picture = { name: 'image', type: 1, dims: [1, 3, pixels, pixels] };
  const live = ['brightness', 'contrast', 'levels'].map(name => ({ name, type: 1, dims: [] }));
  const outputs = ['painting', 'guide'].map(name => ({ name, type: 1, dims: null }));
  return { size: 0, opset: 21, metadata: new Map(), nodes, constants, inputs: [picture, ...live], outputs };
}

/** Layers of the network: `full` and `lean` have eight up to 32 pixels, and a last one. */
const layersOf = (size: Size, pixels: number): number =>
  isCompact(size) ? 9 + Math.log2(pixels / CELLS) : 2 * (UNETS[size][2] + Math.log2(pixels / 256));

const sizes = [...Object.keys(COMPACT), ...Object.keys(UNETS)] as Size[];

test.each(sizes.flatMap(size => [64, 128, 256, 512].map(pixels => [size, pixels] as const)))(
  'a frame of %s at %i pixels',
  async (size, pixels) => {
    const { operations } = await makePlan(await lower(look(size, pixels)), true);
    // The picture, its cells, their levels, and the guide that people see; `full` and `lean` have one of their own.
    const before = isCompact(size) ? 5 : 4;
    expect(operations).toHaveLength(before + layersOf(size, pixels));
    expect(operations.length).toBeLessThanOrEqual(MAX_OPERATIONS);
  },
);
