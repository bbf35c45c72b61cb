// Operations on more tensors than a kernel may be given. Joins become joins of joins: a layer of a DenseNet reads
// all that came before it. No other operator takes so many, and a file that gives them is refused.

import { EngineError } from '../../error.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import type { Concat, Operation } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';

/** A join has no constants per channel. */
const MOST_JOINED = MAX_READ_TENSORS + 1;

export const narrowed = (operations: readonly Operation[]): Operation[] => operations.flatMap(narrow);

function narrow(operation: Operation): Operation[] {
  const { kind, name, inputs } = operation;
  if (kind === 'concat') return joinsOf(operation);
  if (inputs.length <= MAX_READ_TENSORS) return [operation];
  throw new EngineError(
    `Node '${name}' reads ${inputs.length} tensors at once; the engine runs up to ${MAX_READ_TENSORS}.`,
  );
}

/** The last of them makes what the join makes. */
function joinsOf(join: Concat): Concat[] {
  const { name, inputs } = join;
  if (inputs.length <= MOST_JOINED) return [join];
  const inner: Concat[] = [];
  const joined: Tensor[] = [];
  for (let at = 0; at < inputs.length; at += MOST_JOINED) {
    const parts = inputs.slice(at, at + MOST_JOINED);
    const [first, second] = parts;
    if (!first || !second) {
      joined.push(...parts);
      continue;
    }
    const size = parts.reduce((sum, part) => sum + part.shape[join.axis], 0);
    const dims = first.shape.map((dim, axis) => (axis === join.axis ? size : dim));
    const output = makeTensor(`${join.output.name} from ${at}`, dims);
    inner.push({ kind: 'concat', name, inputs: parts, output, epilogue: null, axis: join.axis });
    joined.push(output);
  }
  return [...inner, ...joinsOf({ ...join, inputs: joined })];
}
