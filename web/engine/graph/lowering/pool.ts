// Lowering of pooling. An average over windows is a matrix on the left and one on the right, with or without the
// padding counted. So is a sum of powers.

import { binary, constant, unary } from '../ir/expression.ts';
import { type Column, emitResample, makeBandedMatrix } from './banded-matrix.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { windowPads } from './conv.ts';
import { emitElementwise } from './elementwise.ts';
import { defineSpatial, readSpatialInput, type SpatialInput } from './spatial.ts';

type Pair = readonly [number, number];

export interface Window {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly before: Pair;
  readonly after: Pair;
  /** Outputs along each axis. */
  readonly out: Pair;
}

export function readWindow(node: NodeReader, size: Pair, line: boolean): Window {
  if (!node.ints('kernel_shape')) throw node.fail('has no kernel_shape.');
  const kernel = node.pair('kernel_shape', line, 1);
  const strides = node.pair('strides', line, 1);
  const dilations = node.pair('dilations', line, 1);
  const [top, left, bottom, right] = windowPads(node, size, { kernel, strides, dilations }, line);
  const [before, after] = [[top, left] as const, [bottom, right] as const];
  const ceil = node.int('ceil_mode', 0) === 1;
  const outputs = (i: 0 | 1) => {
    const extent = (kernel[i] - 1) * dilations[i] + 1;
    return pooledSize(size[i] + before[i] + after[i], extent, strides[i], ceil, size[i] + before[i]);
  };
  return { kernel, strides, dilations, before, after, out: [outputs(0), outputs(1)] };
}

/** Outputs of a sliding window. With `ceil`, the last window may hang over if it starts within the input. */
function pooledSize(padded: number, extent: number, stride: number, ceil: boolean, last: number): number {
  const steps = (padded - extent) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const out = Math.ceil(steps) + 1;
  return (out - 1) * stride >= last ? out - 1 : out;
}

export function lowerMaxPool(node: NodeReader): void {
  if (node.node.outputs[1]) throw node.fail('returns indices, which the engine does not support.');
  const { tensor, line } = readSpatialInput(node);
  const [n, c, height, width] = tensor.shape;
  const { kernel, strides, dilations, before, out } = readWindow(node, [height, width], line);
  const common = { name: node.node.name, inputs: [tensor], output: node.outputTensor([n, c, ...out]) };
  const window = { kernel, strides, dilations, before };
  defineSpatial(node, node.builder.emit({ kind: 'maxPool', ...common, epilogue: null, ...window }), line);
}

/** The weight of each value in the window of output `o`, along one axis. */
type Weigh = (window: Window, i: 0 | 1, size: number, column: Column) => (o: number) => number;

function poolByMatrices(node: NodeReader, { tensor, line }: SpatialInput, weigh: Weigh): Value {
  const [n, c, height, width] = tensor.shape;
  const window = readWindow(node, [height, width], line);
  const dims = [n, c, ...window.out];
  node.outputTensor(dims); // refuses impossible sizes before the matrices are made
  const bands = ([0, 1] as const).map(i => {
    const size = i === 0 ? height : width;
    const column: Column = (o, tap) => o * window.strides[i] - window.before[i] + tap * window.dilations[i];
    return makeBandedMatrix(
      node,
      [window.out[i], window.kernel[i], size],
      column,
      weigh(window, i, size, column),
    );
  });
  return emitResample(node, tensor, dims, [bands[0] ?? null, bands[1] ?? null]);
}

export function lowerAveragePool(node: NodeReader): void {
  const whole = node.int('count_include_pad', 0) === 1;
  const picture = readSpatialInput(node);
  const value = poolByMatrices(node, picture, ({ kernel, dilations, after }, i, size, column) => {
    const end = whole ? size + after[i] : size;
    return o => {
      const [start, step] = [column(o, 0), dilations[i]];
      const first = whole ? 0 : Math.max(0, Math.ceil(-start / step));
      return 1 / (Math.min(kernel[i], Math.ceil((end - start) / step)) - first);
    };
  });
  defineSpatial(node, value, picture.line);
}

/** The p-th root of the sum of p-th powers. */
export function lowerLpPool(node: NodeReader): void {
  const p = node.int('p', 2);
  if (p < 1) throw node.fail(`has p = ${p}.`);
  const { tensor, line } = readSpatialInput(node);
  const given: Value = { kind: 'tensor', tensor };
  const powers = emitElementwise(
    node,
    tensor.dims,
    [given],
    ([x = constant(0)]) => (p === 2 ? binary('mul', x, x) : binary('pow', unary('abs', x), constant(p))),
    `${node.output} powers`,
  );
  const sums = poolByMatrices(
    node,
    { tensor: node.builder.tensor(powers, node.output), line },
    () => () => 1,
  );
  const root = emitElementwise(node, dimsOf(sums), [sums], ([x = constant(0)]) =>
    p === 2 ? unary('sqrt', x) : binary('pow', x, constant(1 / p)),
  );
  defineSpatial(node, root, line);
}
