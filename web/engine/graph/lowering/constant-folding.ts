// Constant folding: arithmetic on constants at load instead of on the GPU. Files have it for shapes, and for weights
// that are products of others (weight normalization, spectral normalization, scaled 8-bit weights).
//
// Integers are few and are evaluated at once, exactly. Floats may be many. They stay an expression over the file's
// constants until their bytes are needed. So a chain of nodes takes only the memory of its result, and a reduction
// only that of its sums.

import { type Constant, constantOf, isInteger, lazyConstant, sizeOf } from '../../onnx/constant.ts';
import { bigints, integerConstant, wrapToType } from '../../onnx/integers.ts';
import {
  BLOCK_SIZE,
  estimateCost,
  evaluate,
  isEvaluable,
  StridedIterator,
  topologicalOrder,
} from '../eval/evaluator.ts';
import { applyBinary as applyInteger, evaluateIntegers, resultType } from '../eval/integer-evaluator.ts';
import { applyBinary } from '../eval/scalar-math.ts';
import { type Binary, binary, type Expression, input, sizeOfTree } from '../ir/expression.ts';
import type { Reduce } from '../ir/operation.ts';
import { productOf, stridesOf } from '../ir/strides.ts';
import { dimsOf, type GraphBuilder, type NodeReader, type Quantized, type Value } from './builder.ts';
import { checkBroadcast, type EmitElementwise, emitElementwise, MAX_EXPRESSION } from './elementwise.ts';

type How = Reduce['how'];

/** Integers that are worth computing at load, and floats that may be broadcast from fewer. */
const MAX_FOLDED = 1024;
/** Additions at load per byte of the budget. Weights need a few for each of their bytes. */
const WORK_PER_BYTE = 4;
/** The cost of one integer, in additions. */
const WORK_PER_INTEGER = 32;
/** Nodes of an expression that is kept. Larger ones are evaluated. */
const MAX_TREE = 64;

/** What is known while one graph is folded. */
class ConstantFolder {
  /** The constants that `input` nodes refer to. */
  readonly leaves: Constant[] = [];
  /** Outputs of the file's nodes, whose values are float32. */
  readonly rounded = new Set<Expression>();
  readonly #inputs = new Map<Constant, Expression>();
  readonly #trees = new Map<Constant, Expression>();
  readonly #registers: Float64Array[] = [];
  #worked = 0;

  constructor(readonly builder: GraphBuilder) {}

  leaf(constant: Constant): Expression {
    const known = this.#inputs.get(constant);
    if (known) return known;
    const made = input(this.leaves.push(constant) - 1);
    this.#inputs.set(constant, made);
    return made;
  }

  /** The expression of a constant that is not evaluated yet; else the constant as a leaf. */
  tree(constant: Constant): Expression {
    return this.#trees.get(constant) ?? this.leaf(constant);
  }

  /** Whether the work still fits the budget. */
  canAfford(steps: number): boolean {
    return this.#worked + steps <= WORK_PER_BYTE * this.builder.budget;
  }

  /** Counts work that is about to be done. Throws if it exceeds the budget, which is larger for larger files. */
  spendWork(node: NodeReader, steps: number): void {
    const affords = this.canAfford(steps);
    this.#worked += steps;
    if (affords) return;
    throw node.fail("needs more work on constants than the engine allows for the model's size.");
  }

  /** Calls `take` with each element of a tree, in order. */
  forEachValue(
    node: NodeReader,
    dims: readonly number[],
    tree: Expression,
    take: (value: number) => void,
  ): void {
    const size = productOf(dims);
    this.spendWork(node, size * estimateCost(tree));
    const needed = topologicalOrder(tree).length;
    while (this.#registers.length < needed) {
      this.builder.spend(8 * BLOCK_SIZE);
      this.#registers.push(new Float64Array(BLOCK_SIZE));
    }
    const { leaves, rounded } = this;
    evaluate({ tree, dims, size, leaves, rounded }, this.#registers, take);
  }

  /** The constant of a tree. It is evaluated when its bytes are first needed. */
  lazy(node: NodeReader, name: string, dims: readonly number[], tree: Expression): Constant {
    const constant = lazyConstant({ name, dims }, () => this.#bytes(node, dims, tree));
    if (tree.kind !== 'input') this.rounded.add(tree);
    this.#trees.set(constant, tree);
    return constant;
  }

  /** The dequantized constant. Trees read it without its memory. */
  dequantize(node: NodeReader, value: Quantized): Constant {
    const made = this.builder.dequantize(value);
    if (this.#trees.has(made)) return made;
    const { constant, scale, zero, axis } = value;
    const dims = constant.dims.map((dim, i) => (i === axis && scale.length > 1 ? dim : 1));
    const [factor, origin] = [scale, zero].map(values => this.leaf(constantOf(constant.name, dims, values)));
    if (!factor || !origin) throw node.fail('has no scale.');
    const tree = binary('mul', binary('sub', this.leaf(constant), origin), factor);
    this.rounded.add(tree);
    this.#trees.set(made, tree);
    return made;
  }

  #bytes(node: NodeReader, dims: readonly number[], tree: Expression): Uint8Array {
    this.builder.spend(4 * productOf(dims));
    const values = new Float32Array(productOf(dims));
    let at = 0;
    this.forEachValue(node, dims, tree, value => {
      values[at++] = value;
    });
    return new Uint8Array(values.buffer);
  }
}

const FOLDERS = new WeakMap<GraphBuilder, ConstantFolder>();

function folderOf({ builder }: NodeReader): ConstantFolder {
  const known = FOLDERS.get(builder) ?? new ConstantFolder(builder);
  FOLDERS.set(builder, known);
  return known;
}

/** The value as a constant; null if it is computed. */
export function asConstant(node: NodeReader, value: Value): Constant | null {
  if (value.kind === 'quantized') return folderOf(node).dequantize(node, value);
  return value.kind === 'constant' ? value.constant : null;
}

/** The values as constants; null if one of them is computed. */
export function asConstants(node: NodeReader, values: readonly Value[]): Constant[] | null {
  return values.every(value => 'constant' in value)
    ? values.flatMap(value => asConstant(node, value) ?? [])
    : null;
}

/** Applies `make` element by element. Constants give a constant; otherwise as `emitElementwise`. */
export const foldElementwise: EmitElementwise = (node, dims, values, make, name = node.output) => {
  checkBroadcast(node, dims, values);
  const constants = asConstants(node, values);
  const folded = constants && fold(node, name, dims, constants, make);
  return folded ? { kind: 'constant', constant: folded } : emitElementwise(node, dims, values, make, name);
};

/** Null if a kernel should compute it. */
function fold(
  node: NodeReader,
  name: string,
  dims: readonly number[],
  constants: readonly Constant[],
  make: (inputs: Expression[]) => Expression,
): Constant | null {
  const size = sizeOf(dims, name);
  // A constant that is broadcast beyond everything in the file is left to a kernel, which broadcasts as it reads.
  const known = constants.some(one => productOf(one.dims) === size);
  if (size > MAX_FOLDED && !known) return null;
  const folder = folderOf(node);
  // Every tree has the full size. A smaller one is evaluated once, and not per element.
  const whole = make(
    constants.map(one => (productOf(one.dims) === size ? folder.tree(one) : folder.leaf(one))),
  );
  const tree = sizeOfTree(whole) > MAX_TREE ? make(constants.map(one => folder.leaf(one))) : whole;
  if (!isEvaluable(tree) || sizeOfTree(tree) > MAX_EXPRESSION) return null;
  const type = resultType(tree, folder.leaves);
  if (type?.startsWith('float')) {
    const leaf = tree.kind === 'input' ? folder.leaves[tree.index] : undefined;
    // Nothing changes.
    return leaf && productOf(leaf.dims) === size ? { ...leaf, dims } : folder.lazy(node, name, dims, tree);
  }
  if (size > MAX_FOLDED) return null;
  node.builder.spend(8 * size);
  const leaves = topologicalOrder(tree).flatMap(one =>
    one.kind === 'input' ? (folder.leaves[one.index] ?? []) : [],
  );
  if (leaves.every(isInteger) || (type !== null && type !== 'bool')) {
    folder.spendWork(node, WORK_PER_INTEGER * size * sizeOfTree(tree));
    return evaluateIntegers(node, name, dims, tree, folder.leaves);
  }
  // A comparison of floats.
  const answers: bigint[] = [];
  folder.forEachValue(node, dims, tree, value => answers.push(BigInt(value)));
  return integerConstant(name, 'bool', dims, answers);
}

/** The reduction of nothing, where there is one. */
const EMPTY: Partial<Record<How, number>> = { sum: 0, product: 1 };
const BINARY: Readonly<Record<How, Binary>> = { sum: 'add', product: 'mul', max: 'max', min: 'min' };

/** Reduces a constant to `kept`, which has a 1 for each reduced axis. Null if a kernel should do it. */
export function foldReduction(
  node: NodeReader,
  constant: Constant,
  kept: readonly number[],
  how: How,
  name: string,
): Constant | null {
  const { dims, type } = constant;
  const size = productOf(dims);
  const out = productOf(kept);
  const whole = isInteger(constant);
  if (whole && Math.max(size, out) > MAX_FOLDED) return null;
  if (size === 0 && EMPTY[how] === undefined) {
    throw node.fail(`reduces nothing, of which there is no ${how}.`);
  }
  const strides = stridesOf(kept).map((stride, i) => (kept[i] === 1 ? 0 : stride));
  const iterator = new StridedIterator(dims, strides);
  const folder = folderOf(node);
  if (whole) {
    folder.spendWork(node, WORK_PER_INTEGER * size);
    node.builder.spend(8 * out);
    const totals = Array<bigint | undefined>(out).fill(undefined);
    for (const value of bigints(constant)) {
      const total = totals[iterator.offset];
      const next = total === undefined ? value : applyInteger(node, BINARY[how], total, value);
      totals[iterator.offset] = wrapToType(type, next);
      iterator.advance();
    }
    return integerConstant(
      name,
      type,
      kept,
      totals.map(total => total ?? BigInt(EMPTY[how] ?? 0)),
    );
  }
  node.builder.spend((8 + 4) * out);
  const totals = new Float64Array(out).fill(EMPTY[how] ?? (how === 'max' ? -Infinity : Infinity));
  const binary = BINARY[how];
  folder.forEachValue(node, dims, folder.tree(constant), value => {
    totals[iterator.offset] = applyBinary(binary, totals[iterator.offset] ?? 0, value);
    iterator.advance();
  });
  return constantOf(name, kept, Float32Array.from(totals));
}

/** Multiplies constant matrices. Null if a kernel should do it. The larger one is read in place, whatever its
 * expression: the product of a weight and a vector takes no memory for the weight. */
export function foldMatMul(
  node: NodeReader,
  [left, right]: readonly [left: Value, right: Value],
  dims: readonly number[],
  name: string,
): Constant | null {
  const [rows = 1, columns = 1] = dims.slice(-2);
  const inner = dimsOf(left).at(-1) ?? 1;
  const sizes = [left, right].map(value => productOf(dimsOf(value)));
  const [first = 0, second = 0] = sizes;
  const onLeft = first >= second;
  const constants = asConstants(node, onLeft ? [left, right] : [right, left]);
  const [large, small] = constants ?? [];
  const batches = productOf(dims.slice(0, -2));
  const [own, other] = onLeft ? [rows, columns] : [columns, rows];
  if (!large || !small || isInteger(large) || isInteger(small)) return null;
  if (productOf(large.dims) !== batches * own * inner) return null;
  // The smaller operand may be one matrix for all.
  const shared = productOf(small.dims) !== batches * other * inner;
  if (shared && productOf(small.dims) !== other * inner) return null;
  const out = batches * rows * columns;
  const folder = folderOf(node);
  if (!folder.canAfford(out * inner)) return null;
  folder.spendWork(node, out * inner);
  node.builder.spend((8 + 4) * out);
  const held = node.builder.floats(small);
  const totals = new Float64Array(out);
  // Strides along the axes that only one of the two has.
  const [step, stride] = onLeft ? [1, 1] : [columns, inner];
  let i = 0;
  folder.forEachValue(node, large.dims, folder.tree(large), value => {
    const batch = Math.floor(i / (own * inner));
    const k = onLeft ? i % inner : Math.floor(i / columns) % inner;
    const at = onLeft ? Math.floor(i / inner) * columns : batch * rows * columns + (i % columns);
    const from = (shared ? 0 : batch * other * inner) + (onLeft ? k * columns : k);
    for (let j = 0; j < other; j++) {
      totals[at + j * step] = (totals[at + j * step] ?? 0) + value * (held[from + j * stride] ?? 0);
    }
    i++;
  });
  return constantOf(name, dims, Float32Array.from(totals));
}
