// Evaluates expressions over constants, a block of elements at a time. So no intermediate tensor is in memory as a
// whole, however many nodes a file has.

import { bytesOf, type Constant, halfToFloat } from '../../onnx/constant.ts';
import { type Expression, visitAll } from '../ir/expression.ts';
import { broadcastStrides } from '../ir/strides.ts';
import { applyBinary, applyUnary } from './scalar-math.ts';

/** Elements that are evaluated together. */
export const BLOCK_SIZE = 256;

/** Iterates over the elements of `dims` in row-major order. `offset` is where the element lies by these strides. */
export class StridedIterator {
  offset = 0;
  readonly #at: number[];

  constructor(
    readonly dims: readonly number[],
    readonly strides: readonly number[],
  ) {
    this.#at = dims.map(() => 0);
  }

  advance(): void {
    for (let axis = this.dims.length - 1; axis >= 0; axis--) {
      const [dim, stride, turned] = [
        this.dims[axis] ?? 1,
        this.strides[axis] ?? 0,
        (this.#at[axis] ?? 0) + 1,
      ];
      this.offset += stride;
      this.#at[axis] = turned;
      if (turned < dim) return;
      this.offset -= dim * stride;
      this.#at[axis] = 0;
    }
  }
}

/** Reads single elements of a constant, without a copy. */
function elementReader({ type, bytes }: Constant): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type) {
    case 'float32':
      return i => view.getFloat32(4 * i, true);
    case 'float16':
      return i => halfToFloat(view.getUint16(2 * i, true));
    case 'float64':
      return i => view.getFloat64(8 * i, true);
    case 'int64':
      return i => Number(view.getBigInt64(8 * i, true));
    case 'int32':
      return i => view.getInt32(4 * i, true);
    case 'int16':
      return i => view.getInt16(2 * i, true);
    case 'uint16':
      return i => view.getUint16(2 * i, true);
    case 'int8':
    case 'int4':
      return i => view.getInt8(i);
    case 'uint8':
    case 'uint4':
    case 'bool':
      return i => view.getUint8(i);
    default:
      return type satisfies never;
  }
}

/** The distinct nodes, operands first. */
export function topologicalOrder(tree: Expression): Expression[] {
  const nodes: Expression[] = [];
  const seen = new Set<Expression>();
  const walk = (node: Expression): void => {
    if (seen.has(node)) return;
    seen.add(node);
    for (const operand of operandsOf(node)) walk(operand);
    nodes.push(node);
  };
  walk(tree);
  return nodes;
}

export function operandsOf(node: Expression): Expression[] {
  if (node.kind === 'unary' || node.kind === 'laneMatrix') return [node.of];
  if (node.kind === 'binary') return [node.left, node.right];
  return node.kind === 'select' ? [node.test, node.yes, node.no] : [];
}

/** Whether the evaluator can compute it: its leaves are constants and its functions are known here. */
export function isEvaluable(tree: Expression): boolean {
  let known = true;
  visitAll(tree, node => {
    if (['value', 'live', 'perChannel', 'laneMatrix'].includes(node.kind)) known = false;
    if (node.kind === 'unary' && node.name === 'erf') known = false;
  });
  return known;
}

const EXPENSIVE = ['exp', 'log', 'pow', 'sin', 'cos', 'tanh', 'sigmoid', 'softplus', 'mod'];

/** The cost per element, in additions. */
export function estimateCost(tree: Expression): number {
  let effort = 0;
  visitAll(tree, node => {
    effort += 'name' in node && EXPENSIVE.includes(node.name) ? 8 : 1;
  });
  return effort;
}

export interface Evaluation {
  readonly tree: Expression;
  readonly dims: readonly number[];
  readonly size: number;
  /** The constants that `input` nodes refer to by index. */
  readonly leaves: readonly Constant[];
  /** Nodes whose values are rounded to float32, as the outputs of the file's nodes are. */
  readonly rounded: ReadonlySet<Expression>;
}

/** Calls `take` with each element in order. The registers are reused by the next evaluation. */
export function evaluate(job: Evaluation, registers: Float64Array[], take: (value: number) => void): void {
  const order = topologicalOrder(job.tree);
  const indices = new Map(order.map((node, i) => [node, i]));
  const none = new Float64Array();
  const register = (node: Expression) => registers[indices.get(node) ?? -1] ?? none;
  const steps = order.map(node => makeStep(job, node, register(node), operandsOf(node).map(register)));
  const result = register(job.tree);
  for (let done = 0; done < job.size; done += BLOCK_SIZE) {
    const count = Math.min(BLOCK_SIZE, job.size - done);
    for (const step of steps) step(count);
    for (let i = 0; i < count; i++) take(result[i] ?? 0);
  }
}

/** A function that evaluates the next elements of one node. */
function makeStep(
  job: Evaluation,
  node: Expression,
  to: Float64Array,
  operands: readonly Float64Array[],
): (count: number) => void {
  const value = elementFunction(job, node, operands);
  if (!job.rounded.has(node)) {
    return count => {
      for (let i = 0; i < count; i++) to[i] = value(i);
    };
  }
  return count => {
    for (let i = 0; i < count; i++) to[i] = Math.fround(value(i));
  };
}

function elementFunction(
  job: Evaluation,
  node: Expression,
  [a = new Float64Array(), b = a, c = a]: readonly Float64Array[],
): (i: number) => number {
  switch (node.kind) {
    case 'constant':
      return () => node.value;
    case 'unary': {
      const { name } = node;
      return i => applyUnary(name, a[i] ?? 0) ?? Number.NaN;
    }
    case 'binary': {
      const { name } = node;
      return i => applyBinary(name, a[i] ?? 0, b[i] ?? 0);
    }
    case 'select':
      return i => (a[i] !== 0 ? (b[i] ?? 0) : (c[i] ?? 0));
    default:
      return node.kind === 'input' ? leafReader(job, node.index) : () => Number.NaN;
  }
}

/** Reads the elements of a constant in order; the index is ignored. */
function leafReader({ leaves, dims, size }: Evaluation, index: number): (i: number) => number {
  const leaf = leaves[index];
  if (!leaf) return () => Number.NaN;
  const read = elementReader(leaf);
  if (leaf.bytes.length === size * bytesOf(leaf.type)) {
    let at = 0;
    return () => read(at++);
  }
  const iterator = new StridedIterator(dims, broadcastStrides(leaf.dims, dims.length));
  return () => {
    const value = read(iterator.offset);
    iterator.advance();
    return value;
  };
}
