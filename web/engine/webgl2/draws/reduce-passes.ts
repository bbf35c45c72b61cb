// Reductions and normalizations as draws. Fragments cannot share work, so sums over much of an image go along rows
// first, and then along columns. Between the draws, means and roots of mean squares are stored: unlike sums, they are
// as large as the values themselves, so half floats can hold them.

import {
  binary,
  constant,
  type Expression,
  input,
  rewrite,
  unary,
  VALUE,
} from '../../graph/ir/expression.ts';
import type { Normalization, Reduce } from '../../graph/ir/operation.ts';
import type { Shape, Tensor } from '../../graph/ir/tensor.ts';
import type { DrawStep, MakeTensor, PowerSum } from './step.ts';

/** Values per output from which on a reduction goes along rows first. */
const MIN_VALUES = 128;
/** The axis of sums along rows. */
const ROWS = [false, false, false, true] as const;

export function reduceOrNormalizePasses(
  operation: Normalization | Reduce,
  temporary: MakeTensor,
): DrawStep[] {
  return operation.kind === 'reduce'
    ? reducePasses(operation, temporary)
    : normalizationPasses(operation, temporary);
}

function reducePasses(operation: Reduce, temporary: MakeTensor): DrawStep[] {
  const [image, ...others] = operation.inputs;
  const [images, channels, rows, columns] = operation.axes;
  if (!image || !columns || !(images || channels || rows)) return [operation];
  const [n, c, h, w] = image.shape;
  const count = image.shape.reduce((product, size, axis) => product * (operation.axes[axis] ? size : 1), 1);
  if (count < MIN_VALUES) return [operation];
  const middle = temporary(`${operation.name} rows`, [n, c, h, 1]);
  const isSum = operation.how === 'sum';
  const whole = binary('mul', VALUE, constant(w));
  const epilogue = isSum ? substituteValue(operation.epilogue ?? VALUE, whole) : operation.epilogue;
  return [
    { ...operation, inputs: [image], axes: ROWS, output: middle, epilogue: isSum ? meanOf(w) : null },
    { ...operation, inputs: [middle, ...others], axes: [images, channels, rows, false], epilogue },
  ];
}

/** One axis of a normalization, and the number of values along it. */
interface SummedAxis {
  readonly along: PowerSum['along'];
  readonly count: number;
}

function summedAxes({ channels, axes }: Normalization, [, , h, w]: Shape): SummedAxis[] {
  const all: SummedAxis[] = [
    { along: 'rows', count: axes[1] ? w : 1 },
    { along: 'columns', count: axes[0] ? h : 1 },
    { along: 'channels', count: channels },
  ];
  const several = all.filter(({ count }) => count > 1);
  return several.length > 0 ? several : all.slice(0, 1);
}

/** Means along one axis after the other, then roots of mean squares in the same way. */
function normalizationPasses(operation: Normalization, temporary: MakeTensor): DrawStep[] {
  const { name, inputs, output, channels, inverse, epilogue } = operation;
  const [image = output, ...others] = inputs;
  const steps: DrawStep[] = [];
  const sums = (what: string, power: 1 | 2, mean: readonly Tensor[]): Tensor => {
    let from = image;
    for (const { along, count } of summedAxes(operation, image.shape)) {
      const [n, c, h, w] = from.shape;
      const made = temporary(`${name} ${what} along ${along}`, [
        n,
        along === 'channels' && channels === c ? 1 : c,
        along === 'columns' ? 1 : h,
        along === 'rows' ? 1 : w,
      ]);
      const whole = meanOf(count);
      const common = { kind: 'powerSum', name, along, channels, power } as const;
      // The mean is subtracted once, from the values themselves.
      const read = from === image ? [image, ...mean] : [from];
      steps.push({
        ...common,
        inputs: read,
        output: made,
        epilogue: power === 2 ? unary('sqrt', whole) : whole,
      });
      from = made;
    }
    return from;
  };
  const mean = sums('means', 1, []);
  const deviation = sums('deviations', 2, [mean]);
  const variance = binary('mul', input(2), input(2));
  const factor = substituteValue(inverse, variance);
  const normalized = binary('mul', binary('sub', input(0), input(1)), factor);
  steps.push({
    kind: 'elementwise',
    name,
    inputs: [image, mean, deviation, ...others],
    output,
    epilogue: epilogue ? epilogueOfLastDraw(normalized, epilogue) : normalized,
  });
  return steps;
}

const meanOf = (count: number): Expression => binary('mul', VALUE, constant(1 / count));

function substituteValue(epilogue: Expression, value: Expression): Expression {
  return rewrite(epilogue, leaf => (leaf.kind === 'value' ? value : leaf));
}

/** The epilogue of the normalization, for the element-wise draw that ends it. That draw computes the normalized
 * `value` from three textures (image, mean, deviation) where the operation has one input, so the other inputs of the
 * epilogue come two later. */
function epilogueOfLastDraw(value: Expression, epilogue: Expression): Expression {
  return rewrite(epilogue, leaf => {
    if (leaf.kind === 'value') return value;
    return leaf.kind === 'input' ? input(leaf.index + 2) : leaf;
  });
}
