// Doubled pictures whose convolution comes later. Lowering folds a doubling into the convolution right after
// it (`ir/subpixel.ts`). Between the two, files have operations that do the same with each pixel wherever it
// is: an activation, a normalization, a concatenation. They commute with the doubling, so they are done with
// a quarter of the pixels, and the convolution reads those.
//
// A U-Net concatenates the doubled picture with one from its encoder. A convolution of both is the sum of two: that of
// the encoder's channels, and that of the doubled ones, which takes four products for nine.
//
// Each operation is emitted a second time, on the smaller picture; those that nothing reads are left out later.

import { binary, input, VALUE } from '../ir/expression.ts';
import type { Concat, ConvAxis, Convolution, Movement, Operation } from '../ir/operation.ts';
import { doubledBy, SUBPIXEL_AXIS, sumWeights } from '../ir/subpixel.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import { WeightSplitter } from './split-weights.ts';

/** Outputs of a split convolution for each doubled channel. The sum between is written and read, in place of
 * the doubled channels: with many more outputs that costs more than the products save. */
const MAX_OUTPUTS = 2;

class DoublingFolder {
  /** The tensor of which each pixel is two by two in this one. */
  readonly #halves = new Map<Tensor, Tensor>();
  readonly #makers = new Map<Tensor, Operation>();
  readonly #splitter = new WeightSplitter();

  /** The operations that take its place. Call it in the order of the graph. */
  fold(operation: Operation): Operation[] {
    const folded = operation.kind === 'convolution' ? this.#foldConvolution(operation) : [operation];
    const small = this.#halve(operation);
    this.#makers.set(operation.output, operation);
    return small ? [...folded, small] : folded;
  }

  /** The operation on the smaller picture, if its output is a doubled one. */
  #halve(operation: Operation): Operation | null {
    const { kind, output } = operation;
    const source = operation.epilogue ? null : doubledBy(operation);
    if (source) this.#halves.set(output, source);
    const commutes =
      kind === 'elementwise' || kind === 'normalization' || (kind === 'concat' && operation.axis === 1);
    const inputs = commutes && this.#halvesOf(operation);
    if (!inputs) return null;
    const [n, c, h, w] = output.shape;
    const small = makeTensor(`${output.name} before it is doubled`, [n, c, h / 2, w / 2]);
    this.#halves.set(output, small);
    return { ...operation, inputs, output: small };
  }

  /** What each input is a doubled picture of; null if one is another picture, or if two are the same. */
  #halvesOf({ kind, inputs }: Operation): Tensor[] | null {
    const isSpread = ({ shape: [, , h, w] }: Tensor) => kind === 'elementwise' && h === 1 && w === 1;
    const halves = inputs.flatMap(tensor => this.#halves.get(tensor) ?? (isSpread(tensor) ? tensor : []));
    const isDoubled = inputs.some(tensor => this.#halves.has(tensor));
    return isDoubled && new Set(halves).size === inputs.length ? halves : null;
  }

  #foldConvolution(convolution: Convolution): Operation[] {
    const { inputs, group, weights, y, x } = convolution;
    const [read] = inputs;
    if (!read || group !== 1 || weights.learned) return [convolution];
    const reflection = this.#reflectionOf(read);
    const before = reflection ? 0 : 1;
    if (!isOfThree(y, before) || !isOfThree(x, before)) return [convolution];
    const tensor = reflection?.inputs[0] ?? read;
    const half = this.#halves.get(tensor);
    if (half) return [convolveHalf(convolution, half, reflection)];
    const maker = this.#makers.get(tensor);
    const parts = maker?.kind === 'concat' ? this.#split(convolution, maker, reflection) : null;
    return parts ?? [convolution];
  }

  /** The operation that adds one pixel on each side, as if in a mirror. */
  #reflectionOf(tensor: Tensor): Movement | null {
    const maker = this.#makers.get(tensor);
    if (maker?.kind !== 'movement' || maker.map.kind !== 'extend' || maker.map.mode !== 'reflect')
      return null;
    const [n, c, h, w] = maker.inputs[0]?.shape ?? tensor.shape;
    const isAround = `${tensor.shape}` === `${[n, c, h + 2, w + 2]}` && `${maker.map.before}` === '0,0,1,1';
    return isAround ? maker : null;
  }

  /** The convolution of a concatenation as that of its doubled parts, which adds that of the others. */
  #split(convolution: Convolution, concat: Concat, reflection: Movement | null): Operation[] | null {
    const runs = concat.inputs.map(part => ({ channels: part.shape[1], isFirst: this.#halves.has(part) }));
    const halves = concat.inputs.flatMap(part => this.#halves.get(part) ?? []);
    const others = concat.inputs.filter(part => !this.#halves.has(part));
    const channels = halves.reduce((sum, half) => sum + half.shape[1], 0);
    const isWorthIt = convolution.output.shape[1] <= MAX_OUTPUTS * channels;
    // An epilogue would be done to a part of the sum.
    const isPlain = !convolution.epilogue && convolution.inputs.length === 1;
    if (!isPlain || concat.axis !== 1 || !isWorthIt || new Set(halves).size < halves.length) return null;
    const pair = this.#splitter.split(convolution.weights, runs);
    if (!pair) return null;
    const { output } = convolution;
    const before: Operation[] = [];
    const half = concatenate(halves, concat, before);
    const read = reflect(concatenate(others, concat, before), reflection, before);
    const sum = makeTensor(`${output.name} of what is not doubled`, output.dims);
    before.push({ ...convolution, inputs: [read], output: sum, weights: pair[1], bias: null });
    const whole = {
      ...convolution,
      weights: pair[0],
      inputs: [half, sum],
      epilogue: binary('add', VALUE, input(1)),
    };
    return [...before, convolveHalf(whole, half, reflection)];
  }
}

/** Whether it is a plain 3-tap axis that begins `before` pixels before the picture. */
const isOfThree = ({ outputStride, inputStride, inputStep, phases }: ConvAxis, before: number): boolean => {
  const [only, ...more] = phases;
  const isPlain = outputStride === 1 && inputStride === 1 && inputStep === 1 && more.length === 0;
  return isPlain && only?.first === 0 && only.count === 3 && only.start === -before;
};

const convolveHalf = (convolution: Convolution, half: Tensor, reflection: Movement | null): Convolution => ({
  ...convolution,
  inputs: [half, ...convolution.inputs.slice(1)],
  weights: sumWeights(convolution.weights),
  y: SUBPIXEL_AXIS,
  x: SUBPIXEL_AXIS,
  // The second pixel of a doubled picture is its first again.
  padding: reflection ? 'edge' : convolution.padding,
});

/** The parts as one tensor. What makes it goes to `before`. */
function concatenate(parts: readonly Tensor[], concat: Concat, before: Operation[]): Tensor {
  const [first = concat.output] = parts;
  if (parts.length === 1) return first;
  const [n, , h, w] = first.shape;
  const channels = parts.reduce((sum, part) => sum + part.shape[1], 0);
  const output = makeTensor(`${first.name} and ${parts.length - 1} more`, [n, channels, h, w]);
  before.push({ ...concat, inputs: parts, output });
  return output;
}

/** The tensor as the reflection pads it. */
function reflect(tensor: Tensor, reflection: Movement | null, before: Operation[]): Tensor {
  if (!reflection) return tensor;
  const [n, c, h, w] = tensor.shape;
  const output = makeTensor(`${tensor.name} reflected`, [n, c, h + 2, w + 2]);
  before.push({ ...reflection, inputs: [tensor], output });
  return output;
}

export function foldDoublings(operations: readonly Operation[]): Operation[] {
  const folder = new DoublingFolder();
  return operations.flatMap(operation => folder.fold(operation));
}
