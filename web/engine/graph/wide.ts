// Joins of more tensors than a kernel may be given, as joins of joins: a layer of a DenseNet reads all that came
// before it.

import { makeTensor } from './builder.ts';
import type { Join, Operation, Tensor } from './operation.ts';
import { MOST_JOINED } from './plan.ts';

export const narrowed = (operations: readonly Operation[]): Operation[] =>
  operations.flatMap<Operation>(operation => (operation.kind === 'join' ? joinsOf(operation) : operation));

/** The last of them makes what the join makes. */
function joinsOf(join: Join): Join[] {
  const { name, inputs } = join;
  if (inputs.length <= MOST_JOINED) return [join];
  const inner: Join[] = [];
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
    inner.push({ kind: 'join', name, inputs: parts, output, epilogue: null, axis: join.axis });
    joined.push(output);
  }
  return [...inner, ...joinsOf({ ...join, inputs: joined })];
}
