// Reductions and normalisations as draws: a fragment cannot share work with its neighbours, so whatever sums
// over much of an image does it along rows first, and then along columns.

import { binary, type Expression, input, number, rewrite, unary, VALUE } from '../graph/expression.ts';
import type { Normalise, Reduce } from '../graph/operation.ts';
import type { Step, Temporary } from './steps.ts';

/** Values for one output above which a reduction goes along rows first. */
const MANY = 128;
/** Axes of a sum along each row, and of what is left of a column. */
const ROWS = [false, false, false, true] as const;
const COLUMNS = [false, false, true, false] as const;

export function sumSteps(operation: Normalise | Reduce, temporary: Temporary): Step[] {
  return operation.kind === 'reduce'
    ? reduceSteps(operation, temporary)
    : normaliseSteps(operation, temporary);
}

function reduceSteps(operation: Reduce, temporary: Temporary): Step[] {
  const [image, ...others] = operation.inputs;
  const [images, channels, rows, columns] = operation.axes;
  if (!image || !columns || !(images || channels || rows)) return [operation];
  const [n, c, h] = image.shape;
  const count = image.shape.reduce((product, size, axis) => product * (operation.axes[axis] ? size : 1), 1);
  if (count < MANY) return [operation];
  const middle = temporary(`${operation.name} rows`, [n, c, h, 1]);
  return [
    { ...operation, inputs: [image], axes: ROWS, output: middle, epilogue: null },
    { ...operation, inputs: [middle, ...others], axes: [images, channels, rows, false] },
  ];
}

function normaliseSteps(operation: Normalise, temporary: Temporary): Step[] {
  const { name, inputs, output, epsilon, scale, shift, epilogue } = operation;
  const [image = output, ...others] = inputs;
  const [n, c, h, w] = image.shape;
  const rows = (what: string) => temporary(`${name} ${what} of rows`, [n, c, h, 1]);
  const whole = (what: string) => temporary(`${name} ${what}`, [n, c, 1, 1]);
  const [sums, mean, squares, factor] = [rows('sums'), whole('mean'), rows('squares'), whole('factor')];
  const share = binary('mul', VALUE, number(1 / (h * w)));
  const deviation = unary('sqrt', binary('add', share, number(epsilon)));
  const reduce = { kind: 'reduce', name, how: 'sum' } as const;
  const centred = binary('sub', input(0), input(1));
  const normalised = binary('add', binary('mul', centred, input(2)), { kind: 'channel', values: shift });
  return [
    { ...reduce, axes: ROWS, inputs: [image], output: sums, epilogue: null },
    { ...reduce, axes: COLUMNS, inputs: [sums], output: mean, epilogue: share },
    { kind: 'deviation', name, inputs: [image, mean], output: squares, epilogue: null },
    {
      ...reduce,
      axes: COLUMNS,
      inputs: [squares],
      output: factor,
      epilogue: binary('div', { kind: 'channel', values: scale }, deviation),
    },
    {
      kind: 'map',
      name,
      inputs: [image, mean, factor, ...others],
      output,
      epilogue: epilogue ? epilogueOver(normalised, epilogue) : normalised,
    },
  ];
}

/** The epilogue of an operation of one input, as that of a map which has three in its place. */
function epilogueOver(value: Expression, epilogue: Expression): Expression {
  return rewrite(epilogue, leaf => {
    if (leaf.kind === 'value') return value;
    return leaf.kind === 'input' ? input(leaf.index + 2) : leaf;
  });
}
