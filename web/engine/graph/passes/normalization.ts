// Normalizations that a file spells out. Exporters write instance, group and layer norm as means, differences
// and roots, with reshapes between; a normalization of a reshaped picture is another one of the picture
// itself. Both become one operation. It reads its input in place, needs none of the tensors between, and
// squares nothing that is stored: squares of values up to 255, in sums over a picture, are beyond half
// floats.
//
// What is recognized is (x - mean) * f(variance) and x * f(variance) + (shift - mean * f(variance)), where `mean` and
// `variance` are those of x over the same values, whatever f is. Other factors and what is added stay element-wise
// operations. All else stays as it is.

import { binary, type Expression, input, rewrite, unary, visitAll } from '../ir/expression.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import type { Elementwise, Normalization, Operation } from '../ir/operation.ts';
import { makeTensor, sameShape, type Tensor } from '../ir/tensor.ts';
import { type Centered, Centering } from './centering.ts';
import { contains, type Factor, factorsOf, multiply, onlyOther } from './factors.ts';
import { fuseElementwiseOnly } from './fusion.ts';
import { groupingOf, groupingOfAxes } from './grouping.ts';
import { functionOfMean } from './means.ts';
import { emitNormalization, findPlacement, repeatChannels } from './placement.ts';
import { inputOf, Producers } from './producers.ts';
import { reshapeTo } from './reshape.ts';
import { Statistics } from './statistics.ts';

class NormalizationFuser {
  readonly #producers: Producers;
  readonly #statistics: Statistics;
  readonly #centering: Centering;

  constructor(operations: readonly Operation[]) {
    this.#producers = new Producers(operations);
    this.#statistics = new Statistics(this.#producers);
    this.#centering = new Centering(this.#producers, this.#statistics);
  }

  /** The operations that take its place. */
  fuse(operation: Operation): Operation[] {
    if (operation.kind === 'normalization') return this.#fuseReshaped(operation);
    return operation.kind === 'elementwise' ? this.#fuseTree(operation) : [operation];
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
      const centered = one.inverted ? null : this.#centering.of(operation, one.of);
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
      const centered = mean && this.#centering.difference(operation, one.of, mean);
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
    const made = tensor && this.#producers.of(tensor);
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
      const statistic = this.#statistics.of(operation, one.of);
      if (!statistic || !this.#centering.isVariance(statistic.reduce, centered)) continue;
      if (groupingOf(operation.output.shape, statistic.tensor.shape).key !== centered.grouping.key) continue;
      const ofVariance = functionOfMean(statistic.of, centered.grouping.each);
      const inverse = one.inverted ? unary('reciprocal', ofVariance) : ofVariance;
      const scale = statistic.scale ? [{ of: statistic.scale, inverted: one.inverted }] : [];
      const rest = [...scale, ...factors.filter(factor => factor !== one)];
      return { inverse, finish: normalized => multiply(normalized, rest) };
    }
    return null;
  }

  /** A normalization of a reshaped tensor, as one of the tensor itself. */
  #fuseReshaped(operation: Normalization): Operation[] {
    const { name, inputs, output, inverse, epilogue } = operation;
    const [tensor, ...others] = inputs;
    const x = tensor && this.#producers.source(tensor);
    if (!x || x === tensor || others.length > 0) return [operation];
    const before: Operation[] = [];
    const placement = findPlacement(x, groupingOfAxes(output.shape, operation), name, before);
    const repeated = placement && repeatChannels(epilogue, output.shape, placement.from.shape);
    if (!placement || repeated === undefined) return [operation];
    const made = emitNormalization({ ...placement, inverse, epilogue: repeated }, name, before);
    return [...before, reshapeTo(output, made, name)];
  }

  /** The normalized tensor, in the shape of the operation's output. */
  #emit({ name, output }: Elementwise, { x, grouping, inverse }: Match, before: Operation[]): Tensor | null {
    const placement = findPlacement(x, grouping, name, before);
    if (!placement) return null;
    const made = emitNormalization({ ...placement, inverse, epilogue: null }, name, before);
    if (sameShape(made.shape, output.shape)) return made;
    const back = makeTensor(`${made.name} in place`, output.dims);
    before.push(reshapeTo(back, made, name));
    return back;
  }
}

interface Match extends Centered {
  /** The operation's, and what the match adds. */
  readonly inputs: readonly Tensor[];
  readonly inverse: Expression;
  /** What the matched node becomes. */
  readonly finish: (normalized: Expression) => Expression;
}

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
