// Lowering of operators over whole axes: Reduce..., global pooling, Softmax. They become reductions and element-wise
// operations.

import { binary, constant, type Expression, unary } from '../ir/expression.ts';
import type { Reduce } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { asConstant, foldElementwise, foldReduction } from './constant-folding.ts';
import { broadcast } from './elementwise.ts';
import { reshape } from './movement.ts';

type How = Reduce['how'];

const NONE = constant(0);

/** Reduces `axes`, which stay as dimensions of 1. */
export function lowerReduction(
  node: NodeReader,
  value: Value,
  axes: readonly number[],
  how: How,
  name: string,
): Value {
  const dims = dimsOf(value);
  const kept = dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
  if (productOf(kept) === productOf(dims)) return value;
  const constant = asConstant(node, value);
  const folded = constant && foldReduction(node, constant, kept, how, name);
  if (folded) return { kind: 'constant', constant: folded };
  if (dims.length <= 4) return emitReduce(node, value, axes, kept, how, name);
  // Merge neighbouring dimensions that are all reduced or all kept, until four are left.
  const groups: { size: number; reduced: boolean }[] = [];
  dims.forEach((dim, i) => {
    const [last, reduced] = [groups.at(-1), axes.includes(i)];
    if (last && (last.reduced === reduced || dim === 1)) last.size *= dim;
    else groups.push({ size: dim, reduced });
  });
  if (groups.length > 4) throw node.fail(`reduces ${dims.length} dimensions along [${axes.join(', ')}].`);
  const merged = reshape(
    node,
    value,
    groups.map(({ size }) => size),
    `${name} of four`,
  );
  const over = groups.flatMap(({ reduced }, i) => (reduced ? [i] : []));
  const short = groups.map(({ size, reduced }) => (reduced ? 1 : size));
  return reshape(node, emitReduce(node, merged, over, short, how, `${name} in four`), kept, name);
}

function emitReduce(
  node: NodeReader,
  value: Value,
  axes: readonly number[],
  dims: readonly number[],
  how: How,
  name: string,
): Value {
  const shift = 4 - dims.length;
  const over = (axis: number) => axes.includes(axis - shift);
  return node.builder.emit({
    kind: 'reduce',
    name: node.node.name,
    inputs: [node.builder.tensor(value, name)],
    output: makeTensor(name, dims),
    epilogue: null,
    how,
    axes: [over(0), over(1), over(2), over(3)],
  });
}

interface Reduction {
  readonly how: How;
  readonly before?: (x: Expression) => Expression;
  readonly after?: (x: Expression, count: number) => Expression;
}

const square = (x: Expression): Expression => binary('mul', x, x);

const REDUCTIONS: Readonly<Record<string, Reduction>> = {
  ReduceL1: { how: 'sum', before: x => unary('abs', x) },
  ReduceL2: { how: 'sum', before: square, after: x => unary('sqrt', x) },
  ReduceLogSum: { how: 'sum', after: x => unary('log', x) },
  ReduceMax: { how: 'max' },
  ReduceMean: { how: 'sum', after: (x, count) => binary('div', x, constant(count)) },
  ReduceMin: { how: 'min' },
  ReduceProd: { how: 'product' },
  ReduceSum: { how: 'sum' },
  ReduceSumSquare: { how: 'sum', before: square },
};

/** The axes that a node reduces; all if it names none. */
export function readAxes(node: NodeReader, rank: number): number[] {
  const listed = node.ints('axes') ?? (node.has(1) ? node.integers(1) : []);
  if (listed.length > 0) return node.axes(listed, rank);
  return node.int('noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, i) => i);
}

export function lowerReduce(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const axes = readAxes(node, dims.length);
  const kept = node.int('keepdims', 1) === 1;
  const short = kept
    ? dims.map((dim, i) => (axes.includes(i) ? 1 : dim))
    : dims.filter((_, i) => !axes.includes(i));
  if (node.node.op === 'ReduceLogSumExp') {
    node.define(reshape(node, logSumExp(node, value, axes), short));
    return;
  }
  const reduction = REDUCTIONS[node.node.op];
  if (!reduction) throw node.fail('is not supported by the engine.');
  const { how, before, after } = reduction;
  const count = productOf(axes.map(axis => dims[axis] ?? 1));
  const prepared = before ? emitPart(node, 'of', [value], ([x]) => before(x ?? NONE)) : value;
  const reduced = lowerReduction(node, prepared, axes, how, `${node.output} reduced`);
  const made = after ? emitPart(node, 'made', [reduced], ([x]) => after(x ?? NONE, count)) : reduced;
  node.define(reshape(node, made, short));
}

/** Emits an element-wise part of the node. */
export function emitPart(
  node: NodeReader,
  name: string,
  values: readonly Value[],
  make: (inputs: Expression[]) => Expression,
): Value {
  const dims = broadcast(node, values.map(dimsOf));
  return foldElementwise(node, dims, values, make, `${node.output} ${name}`);
}

function logSumExp(node: NodeReader, value: Value, axes: readonly number[]): Value {
  const most = lowerReduction(node, value, axes, 'max', `${node.output} most`);
  const powers = emitPart(node, 'powers', [value, most], ([x = NONE, m = NONE]) =>
    unary('exp', binary('sub', x, m)),
  );
  const sum = lowerReduction(node, powers, axes, 'sum', `${node.output} sum`);
  return emitPart(node, 'log', [sum, most], ([s = NONE, m = NONE]) => binary('add', unary('log', s), m));
}

/** GlobalAveragePool and GlobalMaxPool reduce all but the first two dimensions. */
export function lowerGlobalPool(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  if (dims.length < 3) throw node.fail(`has an input of ${dims.length} dimensions, which is no picture.`);
  const axes = dims.flatMap((_, i) => (i < 2 ? [] : [i]));
  if (node.node.op === 'GlobalMaxPool') {
    node.define(lowerReduction(node, value, axes, 'max', node.output));
    return;
  }
  const sum = lowerReduction(node, value, axes, 'sum', `${node.output} sum`);
  const count = productOf(dims.slice(2));
  node.define(
    foldElementwise(node, dimsOf(sum), [sum], ([x = NONE]) => binary('mul', x, constant(1 / count))),
  );
}

/** Softmax and LogSoftmax. Before opset 13 they cover the axis and all after it. */
export function lowerSoftmax(node: NodeReader): void {
  const value = node.value(0);
  const dims = dimsOf(value);
  const old = node.builder.opset < 13;
  const first = node.axis(node.int('axis', old ? 1 : -1), dims.length);
  const axes = old ? dims.flatMap((_, i) => (i < first ? [] : [i])) : [first];
  const most = lowerReduction(node, value, axes, 'max', `${node.output} most`);
  const shifted = emitPart(node, 'shifted', [value, most], ([x = NONE, m = NONE]) => binary('sub', x, m));
  const powers = emitPart(node, 'powers', [shifted], ([x = NONE]) => unary('exp', x));
  const sum = lowerReduction(node, powers, axes, 'sum', `${node.output} sum`);
  const made =
    node.node.op === 'LogSoftmax'
      ? foldElementwise(node, dims, [shifted, sum], ([x = NONE, s = NONE]) =>
          binary('sub', x, unary('log', s)),
        )
      : foldElementwise(node, dims, [powers, sum], ([x = NONE, s = NONE]) => binary('div', x, s));
  node.define(made);
}
