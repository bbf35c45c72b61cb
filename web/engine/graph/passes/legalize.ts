// Legalization: splits operations that read more tensors than a kernel can. A concatenation becomes several: a layer
// of a DenseNet reads all layers before it. No other operator takes so many inputs, and a file that gives them is
// refused.

import { EngineError } from '../../error.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import type { Concat, Operation } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';

/** A concatenation has no constants per channel. */
const MAX_CONCAT_INPUTS = MAX_READ_TENSORS + 1;

export const legalize = (operations: readonly Operation[]): Operation[] =>
  operations.flatMap(legalizeOperation);

function legalizeOperation(operation: Operation): Operation[] {
  const { kind, name, inputs } = operation;
  if (kind === 'concat') return splitConcat(operation);
  if (inputs.length <= MAX_READ_TENSORS) return [operation];
  throw new EngineError(
    `Node '${name}' reads ${inputs.length} tensors at once; the engine supports up to ${MAX_READ_TENSORS}.`,
  );
}

/** Splits a concatenation. The last part makes its output. */
function splitConcat(concat: Concat): Concat[] {
  const { name, inputs } = concat;
  if (inputs.length <= MAX_CONCAT_INPUTS) return [concat];
  const inner: Concat[] = [];
  const outputs: Tensor[] = [];
  for (let at = 0; at < inputs.length; at += MAX_CONCAT_INPUTS) {
    const parts = inputs.slice(at, at + MAX_CONCAT_INPUTS);
    const [first, second] = parts;
    if (!first || !second) {
      outputs.push(...parts);
      continue;
    }
    const size = parts.reduce((sum, part) => sum + part.shape[concat.axis], 0);
    const dims = first.shape.map((dim, axis) => (axis === concat.axis ? size : dim));
    const output = makeTensor(`${concat.output.name} from ${at}`, dims);
    inner.push({ kind: 'concat', name, inputs: parts, output, epilogue: null, axis: concat.axis });
    outputs.push(output);
  }
  return [...inner, ...splitConcat({ ...concat, inputs: outputs })];
}
