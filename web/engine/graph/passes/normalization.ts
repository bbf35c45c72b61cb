// Normalizations that a file spells out. Exporters write instance, group and layer norm as means, differences and roots,
// with reshapes between; a normalization of a reshaped picture is another one of the picture itself. Both become one
// operation. It reads its input in place, needs none of the tensors between, and squares nothing that is stored: squares
// of values up to 255, in sums over a picture, are beyond half floats.
//
// What is recognized is (x - mean) * f(variance) and x * f(variance) + (shift - mean * f(variance)), where `mean` and
// `variance` are those of x over the same values, whatever f is. Other factors and what is added stay element-wise
// operations. All else stays as it is.

import {
  binary,
  type Expression,
  input,
  rewrite,
  sizeOfTree,
  unary,
  VALUE,
  visitAll,
} from '../ir/expression.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import {
  type Elementwise,
  isReshape,
  type Movement,
  type Normalization,
  type Operation,
  type Reduce,
} from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor, type Shape, sameShape, type Tensor } from '../ir/tensor.ts';
import { contains, type Factor, factorsOf, multiply, onlyOther, splitScale } from './factors.ts';
import { fuseElementwiseOnly, isCopy } from './fusion.ts';
import {
  findTogether,
  type Grouping,
  groupingOf,
  reduceGrouping,
  type Together,
  togetherGrouping,
} from './grouping.ts';
import { functionOfMean, isMeanOf } from './means.ts';

/** Operations in a row that compute a function of a variance, and nodes of their expression. */
const MAX_CHAIN = 16;
const MAX_TREE = 64;

/** A mean or a variance, or a function of one. */
interface Statistic {
  readonly reduce: Reduce;
  /** Of the sum (`value`). */
  readonly of: Expression;
  /** A factor of each channel of the tensor that was read. */
  readonly scale: Expression | null;
}

/** x - mean. */
interface Centered {
  readonly x: Tensor;
  readonly grouping: Grouping;
}

const countOf = (tensor: Tensor): number => productOf(tensor.shape);

class NormalizationFuser {
  readonly #producers: Map<Tensor, Operation>;
  readonly #sources = new Map<Tensor, Tensor>();
  readonly #statistics = new Map<Tensor, Statistic | null>();

  constructor(readonly operations: readonly Operation[]) {
    this.#producers = new Map(operations.map(operation => [operation.output, operation]));
  }

  /** The operations that take its place. */
  fuse(operation: Operation): Operation[] {
    if (operation.kind === 'normalization') return this.#fuseReshaped(operation);
    return operation.kind === 'elementwise' ? this.#fuseTree(operation) : [operation];
  }

  /** The tensor of which this one has the same values in the same order. */
  #source(tensor: Tensor): Tensor {
    let source = this.#sources.get(tensor) ?? tensor;
    for (let from = this.#copied(source); from; from = this.#copied(source)) source = from;
    this.#sources.set(tensor, source);
    return source;
  }

  /** The tensor that was only copied to this one; undefined if it was made otherwise. */
  #copied(tensor: Tensor): Tensor | undefined {
    const made = this.#producers.get(tensor);
    const from = made?.inputs[0];
    if (!from || made.inputs.length !== 1 || countOf(from) !== countOf(tensor)) return undefined;
    const isReshaped = made.kind === 'movement' && isCopy(made.epilogue) && isReshape(made);
    return isReshaped || (made.kind === 'elementwise' && made.epilogue.kind === 'input') ? from : undefined;
  }

  #fuseTree(operation: Elementwise): Operation[] {
    const before: Operation[] = [];
    let current = operation;
    for (let next = this.#fuseOnce(current, before); next; next = this.#fuseOnce(current, before))
      current = next;
    return [...before, current];
  }

  /** The operation with one normalization taken out; null if there is none. What makes that goes to `before`. */
  #fuseOnce(operation: Elementwise, before: Operation[]): Elementwise | null {
    const nodes: Expression[] = [];
    visitAll(operation.epilogue, node => nodes.push(node));
    for (const node of nodes) {
      if (node.kind !== 'binary') continue;
      const found =
        node.name === 'add' ? this.#matchSum(operation, node) : this.#matchProduct(operation, node);
      const made = found && this.#emit(operation, found, before);
      if (!made) continue;
      const inputs = [...found.inputs, made];
      const normalized = input(inputs.length - 1);
      const epilogue = rewrite(operation.epilogue, leaf => leaf, new Map([[node, found.finish(normalized)]]));
      const next = withoutUnread({ ...operation, inputs, epilogue });
      if (next.inputs.length <= MAX_READ_TENSORS) return next;
    }
    return null;
  }

  /** (x - mean) * f(variance). */
  #matchProduct(operation: Elementwise, node: Expression): Match | null {
    const factors = factorsOf(node);
    if (factors.length < 2) return null;
    for (const one of factors) {
      const centered = one.inverted ? null : this.#centered(operation, one.of);
      const rest = factors.filter(factor => factor !== one);
      const found = centered && this.#findVariance(operation, rest, centered);
      if (found) return { ...found, ...centered, inputs: operation.inputs };
    }
    return null;
  }

  /** x * f(variance) + (shift - mean * f(variance)), as TensorFlow normalizes. */
  #matchSum(operation: Elementwise, { left, right }: Extract<Expression, { kind: 'binary' }>): Match | null {
    return this.#matchOffset(operation, left, right) ?? this.#matchOffset(operation, right, left);
  }

  #matchOffset(reader: Elementwise, scaled: Expression, read: Expression): Match | null {
    const { operation, offset } = this.#inline(reader, read);
    const isShifted = offset.kind === 'binary' && offset.name === 'sub';
    const own = factorsOf(scaled);
    const others = factorsOf(isShifted ? offset.right : offset);
    for (const one of own) {
      const rest = own.filter(factor => factor !== one);
      const other = onlyOther(others, rest);
      if (!other || other.inverted || one.inverted) continue;
      // Without a shift, the mean is negated.
      const negated = other.of.kind === 'unary' && other.of.name === 'neg' ? other.of.of : null;
      const mean = isShifted ? other.of : negated;
      const centered = mean && this.#difference(operation, one.of, mean);
      const found = centered && this.#findVariance(operation, rest, centered);
      if (!found) continue;
      const finish = (normalized: Expression) => {
        const made = found.finish(normalized);
        return isShifted ? binary('add', made, offset.left) : made;
      };
      return { ...found, ...centered, inputs: operation.inputs, finish };
    }
    return null;
  }

  /** What computes the input `tree`, a number for each channel, as part of the operation itself. */
  #inline(operation: Elementwise, tree: Expression): { operation: Elementwise; offset: Expression } {
    const tensor = inputOf(operation, tree);
    const made = tensor && this.#producers.get(tensor);
    const fits = made?.kind === 'elementwise' && tensor?.shape[1] === operation.output.shape[1];
    if (!fits || contains(made.epilogue, 'laneMatrix')) return { operation, offset: tree };
    const inputs = [...operation.inputs];
    const offset = rewrite(made.epilogue, leaf => {
      const from = inputOf(made, leaf);
      if (!from) return leaf;
      const known = inputs.indexOf(from);
      return input(known >= 0 ? known : inputs.push(from) - 1);
    });
    return { operation: { ...operation, inputs }, offset };
  }

  /** A function of the variance among the factors; the others remain. */
  #findVariance(
    operation: Elementwise,
    factors: readonly Factor[],
    centered: Centered,
  ): Pick<Match, 'inverse' | 'finish'> | null {
    for (const one of factors) {
      const statistic = this.#statistic(operation, one.of);
      const tensor = inputOf(operation, one.of);
      if (!statistic || !tensor || !this.#isVariance(statistic.reduce, centered)) continue;
      if (groupingOf(operation.output.shape, tensor.shape).key !== centered.grouping.key) continue;
      const ofVariance = functionOfMean(statistic.of, centered.grouping.each);
      const inverse = one.inverted ? unary('reciprocal', ofVariance) : ofVariance;
      const scale = statistic.scale ? [{ of: statistic.scale, inverted: one.inverted }] : [];
      const rest = [...scale, ...factors.filter(factor => factor !== one)];
      return { inverse, finish: normalized => multiply(normalized, rest) };
    }
    return null;
  }

  /** Whether it sums the squares of the centered values. */
  #isVariance(reduce: Reduce, centered: Centered): boolean {
    const [from] = reduce.inputs;
    const made = from && this.#producers.get(this.#source(from));
    if (reduce.how !== 'sum' || made?.kind !== 'elementwise' || made.epilogue.kind !== 'binary') return false;
    const { name, left, right } = made.epilogue;
    const isSquare = name === 'pow' ? right.kind === 'constant' && right.value === 2 : name === 'mul';
    const bases = name === 'pow' ? [left] : [left, right];
    return (
      isSquare &&
      reduceGrouping(reduce)?.key === centered.grouping.key &&
      bases.every(base => {
        const own = this.#centered(made, base);
        return own?.x === centered.x && own.grouping.key === centered.grouping.key;
      })
    );
  }

  #centered(operation: Elementwise, tree: Expression): Centered | null {
    if (tree.kind === 'binary') {
      return tree.name === 'sub' ? this.#difference(operation, tree.left, tree.right) : null;
    }
    const tensor = inputOf(operation, tree);
    if (!tensor || countOf(tensor) !== countOf(operation.output)) return null;
    const made = this.#producers.get(this.#source(tensor));
    if (made?.kind !== 'elementwise' || made.epilogue.kind !== 'binary') return null;
    return this.#centered(made, made.epilogue);
  }

  /** `left` - `right`, if `right` is the mean of `left`. */
  #difference(operation: Elementwise, left: Expression, right: Expression): Centered | null {
    const [all, mean] = [inputOf(operation, left), inputOf(operation, right)];
    const statistic = this.#statistic(operation, right);
    if (!all || !mean || !statistic || countOf(all) !== countOf(operation.output)) return null;
    const { reduce, of, scale } = statistic;
    const [from] = reduce.inputs;
    const x = this.#source(all);
    if (!from || reduce.how !== 'sum' || scale || this.#source(from) !== x) return null;
    const grouping = reduceGrouping(reduce);
    const isOwn = groupingOf(operation.output.shape, mean.shape).key === grouping?.key;
    return grouping && isOwn && isMeanOf(of, grouping.each) ? { x, grouping } : null;
  }

  /** The function of a reduction that the operation reads as its input `tree`. */
  #statistic(operation: Elementwise, tree: Expression): Statistic | null {
    const tensor = inputOf(operation, tree);
    if (!tensor || countOf(tensor) === countOf(operation.output)) return null;
    const known = this.#statistics.get(tensor);
    const found = known === undefined ? this.#readStatistic(tensor) : known;
    this.#statistics.set(tensor, found);
    const isPerChannel = found?.scale && contains(found.scale, 'perChannel');
    return isPerChannel && tensor.shape[1] !== operation.output.shape[1] ? null : found;
  }

  #readStatistic(tensor: Tensor): Statistic | null {
    const chain: Chain = { reduce: null, known: new Map() };
    const of = this.#expand(tensor, chain, false);
    const { reduce } = chain;
    if (!of || !reduce) return null;
    const [rest, scale] = splitScale(of);
    return contains(rest, 'perChannel') ? null : { reduce, of: rest, scale };
  }

  /** How the tensor is computed from a sum, `value`; null if it is computed from anything else. `isMoved`: whether it is
   * read in another shape. */
  #expand(tensor: Tensor, chain: Chain, isMoved: boolean): Expression | null {
    const made = this.#producers.get(tensor);
    const known = chain.known.get(tensor);
    if (known && isMoved && contains(known, 'perChannel')) return null;
    if (known !== undefined || !made) return known ?? null;
    const isReduce = made.kind === 'reduce' && (chain.reduce ?? made) === made;
    const isReshaped = made.kind === 'movement' && isReshape(made);
    if (!isReduce && !isReshaped && made.kind !== 'elementwise') return null;
    if (chain.known.size >= MAX_CHAIN) return null;
    chain.known.set(tensor, null);
    if (made.kind === 'reduce') chain.reduce = made;
    let fails = false;
    const read = (index: number): Expression => {
      const from = made.inputs[index];
      const isWhole = from && countOf(from) === countOf(tensor);
      const of = isWhole ? this.#expand(from, chain, isMoved || isReshaped) : null;
      fails ||= !of;
      return of ?? VALUE;
    };
    const of = rewrite(made.epilogue ?? VALUE, leaf => {
      if (leaf.kind === 'input' && made.kind === 'elementwise') return read(leaf.index);
      if (leaf.kind === 'value') return isReshaped ? read(0) : VALUE;
      // A constant for each channel says nothing of the channels of another shape.
      fails ||= leaf.kind === 'input' || leaf.kind === 'live' || (leaf.kind === 'perChannel' && isMoved);
      return leaf;
    });
    if (fails || contains(of, 'laneMatrix') || sizeOfTree(of) > MAX_TREE) return null;
    chain.known.set(tensor, of);
    return of;
  }

  /** A normalization of a reshaped tensor, as one of the tensor itself. */
  #fuseReshaped(operation: Normalization): Operation[] {
    const { name, inputs, output, inverse, epilogue } = operation;
    const [tensor, ...others] = inputs;
    const x = tensor && this.#source(tensor);
    if (!x || x === tensor || others.length > 0) return [operation];
    const before: Operation[] = [];
    const place = this.#place(x, togetherGrouping(output.shape, operation), name, before);
    const repeated = place && repeatChannels(epilogue, output.shape, place.from.shape);
    if (!place || repeated === undefined) return [operation];
    const made = emitNormalization({ ...place, inverse, epilogue: repeated }, name, before);
    return [...before, reshaped(made, output, name)];
  }

  /** The normalized tensor, in the shape of the operation's output. */
  #emit({ name, output }: Elementwise, { x, grouping, inverse }: Match, before: Operation[]): Tensor | null {
    const place = this.#place(x, grouping, name, before);
    if (!place) return null;
    const made = emitNormalization({ ...place, inverse, epilogue: null }, name, before);
    if (sameShape(made.shape, output.shape)) return made;
    const back = makeTensor(`${made.name} in place`, output.dims);
    before.push(reshaped(made, back, name));
    return back;
  }

  /** The tensor to normalize: x, or x with whole groups as its channels. */
  #place(x: Tensor, grouping: Grouping, name: string, before: Operation[]): Place | null {
    const together = findTogether(x.shape, grouping);
    if (together) return { from: x, ...together };
    const [n, c, h, w] = x.shape;
    const channels = grouping.each / (h * w);
    if (!Number.isInteger(channels) || c % channels !== 0) return null;
    const shape = [n, c / channels, channels * h, w] as const;
    const found = findTogether(shape, grouping);
    if (!found) return null;
    const from = makeTensor(`${x.name} in groups for ${name}`, shape);
    before.push(reshaped(x, from, name));
    return { from, ...found };
  }
}

/** What is normalized, and how. */
interface Place extends Together {
  readonly from: Tensor;
}

function emitNormalization(
  { from, ...how }: Place & Pick<Normalization, 'inverse' | 'epilogue'>,
  name: string,
  before: Operation[],
): Tensor {
  const output = makeTensor(`${from.name} normalized for ${name}`, from.dims);
  before.push({ kind: 'normalization', name, inputs: [from], output, ...how });
  return output;
}

/** What is known while a statistic is read. */
interface Chain {
  reduce: Reduce | null;
  readonly known: Map<Tensor, Expression | null>;
}

interface Match extends Centered {
  /** The operation's, and what the match adds. */
  readonly inputs: readonly Tensor[];
  readonly inverse: Expression;
  /** What the matched node becomes. */
  readonly finish: (normalized: Expression) => Expression;
}

const inputOf = ({ inputs }: Elementwise, tree: Expression): Tensor | undefined =>
  tree.kind === 'input' ? inputs[tree.index] : undefined;

/** The epilogue for more channels, each group of which had one number. Undefined if that is impossible. */
function repeatChannels(
  epilogue: Expression | null,
  before: Shape,
  after: Shape,
): Expression | null | undefined {
  if (!epilogue) return null;
  const each = after[1] / before[1];
  if (contains(epilogue, 'laneMatrix')) return undefined;
  if (!contains(epilogue, 'perChannel')) return epilogue;
  if (before[0] !== after[0] || !Number.isInteger(each)) return undefined;
  return rewrite(epilogue, leaf => {
    if (leaf.kind !== 'perChannel') return leaf;
    const values = Float32Array.from({ length: after[1] }, (_, i) => leaf.values[Math.floor(i / each)] ?? 0);
    return { kind: 'perChannel', values };
  });
}

const reshaped = (from: Tensor, output: Tensor, name: string): Movement => ({
  kind: 'movement',
  name,
  inputs: [from],
  output,
  epilogue: null,
  map: { kind: 'view', dims: [countOf(from)], strides: [1], start: 0 },
});

/** Without the inputs that its epilogue does not read. */
function withoutUnread(operation: Elementwise): Elementwise {
  const read = new Set<number>();
  visitAll(operation.epilogue, node => {
    if (node.kind === 'input') read.add(node.index);
  });
  const kept = [...read].sort((a, b) => a - b);
  const inputs = kept.flatMap(index => operation.inputs[index] ?? []);
  const epilogue = rewrite(operation.epilogue, leaf =>
    leaf.kind === 'input' ? input(kept.indexOf(leaf.index)) : leaf,
  );
  return { ...operation, inputs, epilogue };
}

/** Fuses element-wise operations first: then a spelled-out normalization is few operations, in few forms. */
export function fuseNormalizations(
  operations: readonly Operation[],
  outputs: readonly Tensor[],
): Operation[] {
  const fused = fuseElementwiseOnly(operations, outputs);
  const fuser = new NormalizationFuser(fused);
  return fused.flatMap(operation => fuser.fuse(operation));
}
