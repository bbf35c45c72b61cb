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
import type { InstanceNorm, Reduce } from '../../graph/ir/operation.ts';
import type { DrawStep, MakeTensor } from './step.ts';

/** Values per output from which on a reduction goes along rows first. */
const MIN_VALUES = 128;
/** Axes of the sums along rows, and then along columns. */
const ROWS = [false, false, false, true] as const;
const COLUMNS = [false, false, true, false] as const;

export function reduceOrNormalizePasses(operation: InstanceNorm | Reduce, temporary: MakeTensor): DrawStep[] {
  return operation.kind === 'reduce'
    ? reducePasses(operation, temporary)
    : instanceNormPasses(operation, temporary);
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

function instanceNormPasses(operation: InstanceNorm, temporary: MakeTensor): DrawStep[] {
  const { name, inputs, output, epsilon, scale, shift, epilogue } = operation;
  const [image = output, ...others] = inputs;
  const [n, c, h, w] = image.shape;
  const rows = (what: string) => temporary(`${name} ${what} of rows`, [n, c, h, 1]);
  const whole = (what: string) => temporary(`${name} ${what}`, [n, c, 1, 1]);
  const [means, mean, roots, deviation] = [
    rows('means'),
    whole('mean'),
    rows('deviation'),
    whole('deviation'),
  ];
  const reduce = { kind: 'reduce', name, how: 'sum' } as const;
  const centered = binary('sub', input(0), input(1));
  const scaled = binary('mul', binary('div', centered, input(2)), { kind: 'perChannel', values: scale });
  const normalized = binary('add', scaled, { kind: 'perChannel', values: shift });
  return [
    { ...reduce, axes: ROWS, inputs: [image], output: means, epilogue: meanOf(w) },
    { ...reduce, axes: COLUMNS, inputs: [means], output: mean, epilogue: meanOf(h) },
    {
      kind: 'deviation',
      name,
      along: 'rows',
      inputs: [image, mean],
      output: roots,
      epilogue: unary('sqrt', meanOf(w)),
    },
    {
      kind: 'deviation',
      name,
      along: 'columns',
      inputs: [roots],
      output: deviation,
      epilogue: unary('sqrt', binary('add', meanOf(h), constant(epsilon))),
    },
    {
      kind: 'elementwise',
      name,
      inputs: [image, mean, deviation, ...others],
      output,
      epilogue: epilogue ? epilogueOfLastDraw(normalized, epilogue) : normalized,
    },
  ];
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
