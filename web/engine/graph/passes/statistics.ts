// Means, variances and functions of them, as an element-wise operation reads them.

import { type Expression, rewrite, sizeOfTree, VALUE, visitAll } from '../ir/expression.ts';
import { type Elementwise, isReshape, type Reduce } from '../ir/operation.ts';
import type { Tensor } from '../ir/tensor.ts';
import { contains, splitScale } from './factors.ts';
import { countOf, type Producers } from './producers.ts';

/** Operations in a row that compute a function of a sum, and nodes of their expression. */
const MAX_CHAIN = 16;
const MAX_TREE = 64;

/** A mean or a variance, or a function of one. */
export interface Statistic {
  /** Where it is kept, one number for each group of values. */
  readonly tensor: Tensor;
  readonly reduce: Reduce;
  /** Of the sum (`value`). */
  readonly of: Expression;
  /** A factor of each channel of the tensor. */
  readonly scale: Expression | null;
}

/** What is known while a statistic is read. */
interface Chain {
  reduce: Reduce | null;
  readonly known: Map<Tensor, Expression | null>;
}

export class Statistics {
  readonly #known = new Map<Tensor, Statistic | null>();

  constructor(readonly producers: Producers) {}

  /** The function of one sum that the operation computes by `tree`; null if it computes anything else. */
  of(operation: Elementwise, tree: Expression): Statistic | null {
    const tensor = soleInput(operation, tree);
    if (!tensor || countOf(tensor) === countOf(operation.output)) return null;
    const known = this.#known.get(tensor);
    const found = known === undefined ? this.#read(tensor) : known;
    this.#known.set(tensor, found);
    const isPerChannel = found?.scale && contains(found.scale, 'perChannel');
    if (!found || (isPerChannel && tensor.shape[1] !== operation.output.shape[1])) return null;
    return tree.kind === 'input' ? found : functionOf(found, tree);
  }

  #read(tensor: Tensor): Statistic | null {
    const chain: Chain = { reduce: null, known: new Map() };
    const of = this.#expand(tensor, chain, false);
    const { reduce } = chain;
    if (!of || !reduce) return null;
    const [rest, scale] = splitScale(of);
    return contains(rest, 'perChannel') ? null : { tensor, reduce, of: rest, scale };
  }

  /** How the tensor is computed from a sum, `value`; null if it is computed from anything else. `isMoved`:
   * whether it is read in another shape. */
  #expand(tensor: Tensor, chain: Chain, isMoved: boolean): Expression | null {
    const made = this.producers.of(tensor);
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
}

/** The only tensor that the tree reads, if it does the same with each of its elements. */
function soleInput({ inputs }: Elementwise, tree: Expression): Tensor | undefined {
  const read = new Set<Tensor | undefined>();
  visitAll(tree, node => {
    if (node.kind === 'input') read.add(inputs[node.index]);
    else if (['live', 'perChannel', 'laneMatrix', 'value'].includes(node.kind)) read.add(undefined);
  });
  const [only] = read;
  return read.size === 1 ? only : undefined;
}

function functionOf(statistic: Statistic, tree: Expression): Statistic | null {
  const of = rewrite(tree, leaf => (leaf.kind === 'input' ? statistic.of : leaf));
  return statistic.scale || sizeOfTree(of) > MAX_TREE ? null : { ...statistic, of };
}
