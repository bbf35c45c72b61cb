// Tensors whose mean is subtracted.

import type { Expression } from '../ir/expression.ts';
import type { Elementwise, Reduce } from '../ir/operation.ts';
import type { Tensor } from '../ir/tensor.ts';
import { type Grouping, groupingOf, reduceGrouping } from './grouping.ts';
import { isMeanOf } from './means.ts';
import { countOf, inputOf, type Producers } from './producers.ts';
import type { Statistics } from './statistics.ts';

/** x - mean. */
export interface Centered {
  readonly x: Tensor;
  readonly grouping: Grouping;
}

export class Centering {
  constructor(
    readonly producers: Producers,
    readonly statistics: Statistics,
  ) {}

  /** What the operation centers by `tree`, or reads as centered. */
  of(operation: Elementwise, tree: Expression): Centered | null {
    if (tree.kind === 'binary') {
      return tree.name === 'sub' ? this.difference(operation, tree.left, tree.right) : null;
    }
    const tensor = inputOf(operation, tree);
    if (!tensor || countOf(tensor) !== countOf(operation.output)) return null;
    const made = this.producers.of(this.producers.source(tensor));
    if (made?.kind !== 'elementwise' || made.epilogue.kind !== 'binary') return null;
    return this.of(made, made.epilogue);
  }

  /** `left` - `right`, if `right` is the mean of `left`. */
  difference(operation: Elementwise, left: Expression, right: Expression): Centered | null {
    const all = inputOf(operation, left);
    const mean = this.statistics.of(operation, right);
    const [from] = mean?.reduce.inputs ?? [];
    if (!all || !mean || !from || countOf(all) !== countOf(operation.output)) return null;
    const x = this.producers.source(all);
    if (mean.reduce.how !== 'sum' || mean.scale || this.producers.source(from) !== x) return null;
    const grouping = reduceGrouping(mean.reduce);
    const isOwn = groupingOf(operation.output.shape, mean.tensor.shape).key === grouping?.key;
    return grouping && isOwn && isMeanOf(mean.of, grouping.each) ? { x, grouping } : null;
  }

  /** Whether it sums the squares of the centered values. */
  isVariance(reduce: Reduce, centered: Centered): boolean {
    const [from] = reduce.inputs;
    const made = from && this.producers.of(this.producers.source(from));
    if (reduce.how !== 'sum' || made?.kind !== 'elementwise' || made.epilogue.kind !== 'binary') return false;
    const { name, left, right } = made.epilogue;
    const isSquare = name === 'pow' ? right.kind === 'constant' && right.value === 2 : name === 'mul';
    const bases = name === 'pow' ? [left] : [left, right];
    return (
      isSquare &&
      reduceGrouping(reduce)?.key === centered.grouping.key &&
      bases.every(base => {
        const own = this.of(made, base);
        return own?.x === centered.x && own.grouping.key === centered.grouping.key;
      })
    );
  }
}
