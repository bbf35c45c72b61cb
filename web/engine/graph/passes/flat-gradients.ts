// Gradients of learned weights, in parts and in the order of the parameter, so that the update of the weights adds up the
// parts: the sum and the copy into that order are no operations of their own. The gradient of a bias is summed where the
// one of the weights is, as that reads what it sums anyway.

import type { ConvWeightGradient, FlatGradient, Operation, Reduce } from '../ir/operation.ts';
import { isReshape } from '../ir/operation.ts';
import { LANES, makeTensor, type Tensor } from '../ir/tensor.ts';
import { isCopy } from './fusion.ts';

/** Products that a thread should have, and parts that an update adds up. */
const MIN_PRODUCTS = 64;
const MAX_PARTS = 128;

/** A gradient's tensor: (parts, elements, 1, 1). */
export interface GradientParts {
  readonly tensor: Tensor;
  readonly parts: number;
}

export interface FlatGradients {
  readonly operations: readonly Operation[];
  /** By the tensor that had the gradient. */
  readonly parts: ReadonlyMap<Tensor, GradientParts>;
}

const blocksOf = (channels: number): number => Math.ceil(channels / LANES);

/** Into how many parts the pixels are split. */
function countParts({ inputs, output }: ConvWeightGradient, minThreads: number): number {
  const [from = output, gradient = output] = inputs;
  const [n, outputs, rows, columns] = gradient.shape;
  const threads = blocksOf(outputs) * blocksOf(from.shape[1]) * output.shape[2];
  const most = Math.min((n * rows * columns) / MIN_PRODUCTS, n * rows, MAX_PARTS);
  return Math.max(1, Math.floor(Math.min(minThreads / threads, most)));
}

class GradientFlattener {
  readonly #makers: Map<Tensor, Operation>;
  readonly #readers = new Map<Tensor, number>();
  /** What takes the place of an operation; null for nothing. */
  readonly #replaced = new Map<Operation, Operation | null>();
  readonly parts = new Map<Tensor, GradientParts>();

  constructor(
    readonly operations: readonly Operation[],
    readonly outputs: readonly Tensor[],
    readonly minThreads: number,
  ) {
    this.#makers = new Map(operations.map(operation => [operation.output, operation]));
    for (const tensor of operations.flatMap(({ inputs }) => inputs))
      this.#readers.set(tensor, (this.#readers.get(tensor) ?? 0) + 1);
  }

  flatten(gradients: readonly Tensor[]): FlatGradients {
    const biases = new Map<Tensor, Reduce>();
    for (const tensor of gradients) {
      const made = this.#makers.get(tensor);
      if (made?.kind === 'reduce' && isBiasSum(made) && !this.#readers.get(tensor)) {
        if (made.inputs[0]) biases.set(made.inputs[0], made);
      }
    }
    for (const tensor of gradients) this.#flattenOne(tensor, biases);
    const operations = this.operations.flatMap(one => {
      const found = this.#replaced.get(one);
      return found === undefined ? [one] : (found ?? []);
    });
    return { operations, parts: this.parts };
  }

  #flattenOne(tensor: Tensor, biases: Map<Tensor, Reduce>): void {
    if (this.#readers.get(tensor)) return;
    const dropped: Operation[] = [];
    const through = (test: (operation: Operation) => boolean, made: Operation | undefined) => {
      const [source] = made?.inputs ?? [];
      if (!made || !source || !test(made) || made.inputs.length > 1) return made;
      if (this.#readers.get(source) !== 1 || this.outputs.includes(source)) return made;
      dropped.push(made);
      return this.#makers.get(source);
    };
    let made = this.#makers.get(tensor);
    for (let next = through(isReorder, made); next !== made; next = through(isReorder, made)) made = next;
    made = through(isPlainSum, made);
    if (made?.kind !== 'convWeightGradient' || made.group > 1 || !isCopy(made.epilogue)) return;
    if (made.inputs.length > 2) return;
    for (const operation of dropped) this.#replaced.set(operation, null);
    const [, gradient] = made.inputs;
    const bias = gradient && biases.get(gradient);
    if (gradient && bias) biases.delete(gradient);
    if (bias) this.#replaced.set(bias, null);
    const parts = countParts(made, this.minThreads);
    const inParts = (whole: Tensor): Tensor => {
      const flat = parts === 1 ? whole : makeTensor(`${whole.name} in parts`, [parts, whole.shape[1], 1, 1]);
      this.parts.set(whole, { tensor: flat, parts });
      return flat;
    };
    const [, , kh, kw] = made.output.shape;
    const flat: FlatGradient = { kernel: [kh, kw], bias: bias ? inParts(bias.output) : null };
    this.#replaced.set(made, { ...made, output: inParts(tensor), epilogue: null, parts, flat });
  }
}

const isReorder = (operation: Operation): boolean =>
  (operation.kind === 'movement' && isReshape(operation) && isCopy(operation.epilogue)) ||
  (operation.kind === 'elementwise' && operation.epilogue.kind === 'input');

const isPlainSum = (operation: Operation): boolean =>
  operation.kind === 'sumOfParts' && isCopy(operation.epilogue);

/** Whether it sums each channel over images and pixels. */
function isBiasSum({ how, epilogue, inputs, output }: Reduce): boolean {
  const [from] = inputs;
  const [n, c, h, w] = output.shape;
  const isWhole = n === 1 && h === 1 && w === 1 && c === from?.shape[1];
  return how === 'sum' && isCopy(epilogue) && inputs.length === 1 && isWhole;
}

/** `gradients` are outputs of the graph, in the shape (1, elements, 1, 1). `minThreads` is how many threads a GPU should have
 * at once: sums are split for them. */
export const flattenGradients = (
  operations: readonly Operation[],
  outputs: readonly Tensor[],
  gradients: readonly Tensor[],
  minThreads: number,
): FlatGradients => new GradientFlattener(operations, outputs, minThreads).flatten(gradients);
