// Fusion: fewer and larger operations that compute the same. On small networks, dispatches are most of the cost of a
// frame, so all that can be fused into a neighbour is:
//
// - an element-wise operation becomes the epilogue of the operation before, or part of the element-wise operation
//   after;
// - a scale or shift per channel after a convolution (batch norm) is folded into its weights;
// - an element-wise operation that could do neither, since its input has other readers, becomes a convolution's
//   prologue;
// - a matrix on the left and one on the right become one resampling;
// - a view absorbs the reshapes around it.
//
// This pass knows no backend.

import {
  type Expression,
  input,
  laneMatrix,
  rewrite,
  SPLAT,
  sizeOfTree,
  VALUE,
  visitAll,
} from '../ir/expression.ts';
import {
  type Convolution,
  type Elementwise,
  type IndexMap,
  isReshape,
  type Movement,
  type Operation,
  ownInputCount,
  type Resample,
} from '../ir/operation.ts';
import { channelBlocks, sameShape, type Tensor } from '../ir/tensor.ts';

/** Tensors that a fused operation may read. With weights, constants and the output they must fit 8 bindings. */
const MAX_INPUTS = 4;
const MAX_TREE = 160;
const MAX_PROLOGUE = 8;
/** Multiply-adds up to which one dense pass over two bands costs less than another dispatch. */
const CHEAP_RESAMPLE = 2 ** 26;

/** The operations in order, with gaps where some were fused, and the producers and readers of tensors. It is updated
 * in place: a hostile graph has thousands of edges and as many fusions. */
class FusionGraph {
  readonly operations: (Operation | undefined)[] = [];
  readonly producer = new Map<Tensor, number>();
  readonly #readers = new Map<Tensor, Set<number>>();

  constructor(
    operations: readonly Operation[],
    readonly keep: ReadonlySet<Tensor>,
  ) {
    operations.forEach((operation, at) => {
      this.put(at, operation);
    });
  }

  put(at: number, operation: Operation | undefined): void {
    for (const tensor of this.operations[at]?.inputs ?? []) this.#readers.get(tensor)?.delete(at);
    this.operations[at] = operation;
    if (!operation) return;
    this.producer.set(operation.output, at);
    for (const tensor of operation.inputs) {
      const known = this.#readers.get(tensor);
      if (known) known.add(at);
      else this.#readers.set(tensor, new Set([at]));
    }
  }

  /** Whether the tensor has a single reader and is no output. */
  isPrivate(tensor: Tensor): boolean {
    return this.#readers.get(tensor)?.size === 1 && !this.keep.has(tensor);
  }

  producerIndex(tensor: Tensor): number {
    return this.producer.get(tensor) ?? -1;
  }
}

/** Operations that an output depends on, in order. */
export function withoutDead(operations: readonly Operation[], outputs: readonly Tensor[]): Operation[] {
  const needed = new Set<Tensor>(outputs);
  const kept: Operation[] = [];
  for (const operation of [...operations].reverse()) {
    if (!needed.has(operation.output)) continue;
    kept.push(operation);
    for (const tensor of operation.inputs) needed.add(tensor);
  }
  return kept.reverse();
}

/** Tries to fuse the operation at that index with its producers. False if it cannot. */
type FusionStep = (graph: FusionGraph, at: number) => boolean;

export function fuse(operations: readonly Operation[], outputs: readonly Tensor[]): Operation[] {
  const keep = new Set(outputs);
  let fused = withoutDead(operations, outputs);
  for (const step of [fuseElementwise, mergeViews, mergeResample, fuseElementwise])
    fused = fuseUntilDone(fused, keep, step);
  fused = fused.map(operation => (operation.kind === 'convolution' ? foldScaleShift(operation) : operation));
  return fuseUntilDone(fused, keep, fusePrologue);
}

/** Element-wise operations alone, fused where possible, and without what no output depends on. */
export const fuseElementwiseOnly = (
  operations: readonly Operation[],
  outputs: readonly Tensor[],
): Operation[] => fuseUntilDone(withoutDead(operations, outputs), new Set(outputs), fuseElementwise);

function fuseUntilDone(operations: Operation[], keep: ReadonlySet<Tensor>, step: FusionStep): Operation[] {
  const graph = new FusionGraph(operations, keep);
  for (let changed = true; changed; ) {
    changed = false;
    for (let at = 0; at < operations.length; at++) while (step(graph, at)) changed = true;
  }
  return graph.operations.filter(operation => operation !== undefined);
}

function fuseElementwise(graph: FusionGraph, at: number): boolean {
  const operation = graph.operations[at];
  if (operation?.kind !== 'elementwise') return false;
  const producers = operation.inputs.map(tensor => graph.producerIndex(tensor));
  const latest = Math.max(-1, ...producers);
  for (const [k, producer] of producers.entries()) {
    const made = graph.operations[producer];
    const tensor = operation.inputs[k];
    if (!made || !tensor || !graph.isPrivate(tensor)) continue;
    // An element-wise producer moves to its reader. Any other stays, so the reader's other inputs must exist before
    // it.
    if (made.kind !== 'elementwise' && producer !== latest) continue;
    const merged = mergeElementwise(made, operation, k);
    if (!merged) continue;
    graph.put(at, undefined);
    graph.put(producer, undefined);
    graph.put(made.kind === 'elementwise' ? at : producer, merged);
    return true;
  }
  return false;
}

/** Computes `reader` within `made`, which produces its input `k`; null if that is impossible. */
function mergeElementwise(made: Operation, reader: Elementwise, k: number): Operation | null {
  if (made.kind === 'concat') return null;
  // The kernel of the camera reads a frame and no tensors.
  if (made.kind === 'frameInput' && reader.inputs.length > 1) return null;
  const [n, c, h, w] = made.output.shape;
  const [rn, rc, rh, rw] = reader.output.shape;
  const small = channelBlocks(made.output) === 1 && channelBlocks(reader.output) === 1;
  if (n !== rn || h !== rh || w !== rw || (c !== rc && !small)) return null;
  const before = made.epilogue ?? VALUE;
  // A single channel that is broadcast has to be repeated in its block.
  const value = c === 1 && rc > 1 ? laneMatrix(SPLAT, [0, 0, 0, 0], before) : before;
  const inputs = [...made.inputs];
  const renumber = new Map<number, number>();
  reader.inputs.forEach((tensor, i) => {
    if (i === k) return;
    const known = inputs.indexOf(tensor, ownStart(made));
    renumber.set(i, known >= 0 ? known : inputs.push(tensor) - 1);
  });
  if (inputs.length > MAX_INPUTS) return null;
  const epilogue = rewrite(reader.epilogue, leaf => {
    if (leaf.kind !== 'input') return leaf;
    return leaf.index === k ? value : input(renumber.get(leaf.index) ?? 0);
  });
  if (sizeOfTree(epilogue) > MAX_TREE) return null;
  return { ...made, inputs, output: reader.output, epilogue };
}

/** The index of the first input that may serve an epilogue. */
const ownStart = (operation: Operation): number =>
  operation.kind === 'elementwise' ? 0 : ownInputCount(operation);

function mergeResample(graph: FusionGraph, at: number): boolean {
  const after = graph.operations[at];
  const tensor = after?.inputs[0];
  if (after?.kind !== 'resample' || !tensor || !graph.isPrivate(tensor)) return false;
  const producer = graph.producerIndex(tensor);
  const before = graph.operations[producer];
  const merged = before?.kind === 'resample' ? mergeMatrices(before, after) : null;
  if (!merged) return false;
  graph.put(producer, undefined);
  graph.put(at, merged);
  return true;
}

/** Exporters reshape to many dimensions, transpose, and reshape back. All of it is one view. */
function mergeViews(graph: FusionGraph, at: number): boolean {
  const after = graph.operations[at];
  const tensor = after?.inputs[0];
  if (after?.kind !== 'movement' || !tensor || after.inputs.indexOf(tensor, 1) >= 0) return false;
  const producer = graph.producerIndex(tensor);
  const before = graph.operations[producer];
  const source = before?.inputs[0];
  if (before?.kind !== 'movement' || !source || !isCopy(before.epilogue)) return false;
  const view = viewOfView(before, after);
  const sole = graph.isPrivate(tensor);
  if (!view || (!sole && view !== after.map)) return false;
  const inputs = [source, ...after.inputs.slice(1)];
  const merged: Operation = { ...after, inputs, map: view };
  const made = isReshape(merged) && sameShape(source.shape, after.output.shape) ? asCopy(merged) : merged;
  if (sole) graph.put(producer, undefined);
  graph.put(at, made);
  return true;
}

export const isCopy = (epilogue: Expression | null): boolean =>
  epilogue === null || epilogue.kind === 'value';

/** If one of two views only reshapes, the other one is both; else null. */
function viewOfView(before: Movement, after: Movement): Extract<IndexMap, { kind: 'view' }> | null {
  if (before.map.kind !== 'view' || after.map.kind !== 'view') return null;
  if (isReshape(before)) return after.map;
  return isReshape(after) ? before.map : null;
}

const asCopy = ({ epilogue, name, inputs, output }: Movement): Elementwise => {
  const whole = rewrite(epilogue ?? VALUE, leaf => (leaf.kind === 'value' ? input(0) : leaf));
  return { kind: 'elementwise', name, inputs, output, epilogue: whole };
};

function mergeMatrices(before: Resample, after: Resample): Resample | null {
  if (before.epilogue || before.inputs.length > 1) return null;
  if ((before.left && after.left) || (before.right && after.right)) return null;
  const left = before.left ?? after.left;
  const right = before.right ?? after.right;
  const [n, , h, w] = after.output.shape;
  const cost = n * channelBlocks(after.output) * h * w * (left?.width ?? 1) * (right?.width ?? 1);
  if (cost > CHEAP_RESAMPLE) return null;
  return { ...after, inputs: [...before.inputs, ...after.inputs.slice(1)], left, right };
}

/** Folds scales and shifts per channel into the weights, if they come right after the sum. */
function foldScaleShift(operation: Convolution): Convolution {
  let current = operation;
  for (let next = foldOnce(current); next; next = foldOnce(current)) current = next;
  return current;
}

function foldOnce(operation: Convolution): Convolution | null {
  const tree = operation.epilogue;
  if (!tree) return null;
  let uses = 0;
  let above: Expression | undefined;
  visitAll(tree, node => {
    if (node.kind === 'unary' || node.kind === 'laneMatrix') uses += node.of.kind === 'value' ? 1 : 0;
    if (node.kind === 'select') uses += [node.test, node.yes, node.no].filter(n => n.kind === 'value').length;
    if (node.kind !== 'binary') return;
    const own = [node.left, node.right].filter(n => n.kind === 'value').length;
    uses += own;
    if (own > 0) above = node;
  });
  if (uses !== 1 || above?.kind !== 'binary') return null;
  const onLeft = above.left.kind === 'value';
  const factor = constantFactor(onLeft ? above.right : above.left, operation.output.shape[1]);
  if (!factor) return null;
  const folded = scaleShift(operation, above.name, factor, onLeft);
  if (!folded) return null;
  const epilogue = rewrite(tree, leaf => leaf, new Map([[above, VALUE]]));
  return { ...operation, ...folded, epilogue: epilogue.kind === 'value' ? null : epilogue };
}

function constantFactor(tree: Expression, channels: number): Float32Array | null {
  if (tree.kind === 'perChannel') return tree.values;
  return tree.kind === 'constant' ? new Float32Array(channels).fill(tree.value) : null;
}

function scaleShift(
  { weights, bias }: Convolution,
  name: string,
  factor: Float32Array,
  onLeft: boolean,
): Pick<Convolution, 'weights' | 'bias'> | null {
  const old = (i: number) => bias?.[i] ?? 0;
  const scaled = (by: (f: number) => number) => ({
    weights: { ...weights, scale: factor.map((f, i) => (weights.scale?.[i] ?? 1) * by(f)) },
    bias: bias && factor.map((f, i) => old(i) * by(f)),
  });
  if (name === 'mul') return scaled(f => f);
  if (name === 'div' && onLeft) return scaled(f => 1 / f);
  if (name === 'add') return { weights, bias: factor.map((f, i) => old(i) + f) };
  if (name === 'sub' && onLeft) return { weights, bias: factor.map((f, i) => old(i) - f) };
  return null;
}

function fusePrologue(graph: FusionGraph, at: number): boolean {
  const operation = graph.operations[at];
  const tensor = operation?.inputs[0];
  if (operation?.kind !== 'convolution' || operation.group !== 1 || operation.prologue || !tensor)
    return false;
  const producer = graph.producerIndex(tensor);
  const made = graph.operations[producer];
  const source = made?.inputs[0];
  if (made?.kind !== 'elementwise' || !source || made.inputs.length !== 1 || !graph.isPrivate(tensor))
    return false;
  if (!sameShape(source.shape, tensor.shape)) return false;
  if (!isCheapAndFinite(made.epilogue) || operation.inputs.indexOf(tensor, 1) >= 0) return false;
  const prologue = rewrite(made.epilogue, leaf => (leaf.kind === 'input' ? VALUE : leaf));
  graph.put(producer, undefined);
  graph.put(at, { ...operation, inputs: [source, ...operation.inputs.slice(1)], prologue });
  return true;
}

/** Cheap enough to repeat at every load, and finite for finite arguments, since empty lanes must stay harmless. */
function isCheapAndFinite(tree: Expression): boolean {
  let ok = sizeOfTree(tree) <= MAX_PROLOGUE;
  visitAll(tree, node => {
    if (node.kind === 'perChannel' || node.kind === 'laneMatrix') ok = false;
    if (node.kind === 'unary') ok &&= ['abs', 'neg', 'relu', 'tanh', 'sigmoid'].includes(node.name);
    if (node.kind === 'binary') ok &&= ['add', 'sub', 'mul', 'min', 'max', 'less'].includes(node.name);
  });
  return ok;
}
