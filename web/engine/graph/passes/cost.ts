// Limits the cost of a frame. A file of a hundred bytes can ask for any amount of memory and work, and a GPU that is
// overloaded takes the whole desktop with it.

import { EngineError } from '../../error.ts';
import { bytesOf } from '../../onnx/constant.ts';
import { multiplyAdds, padToLanes } from '../ir/cost.ts';
import type { Operation } from '../ir/operation.ts';
import { paddedLength } from '../ir/tensor.ts';
import type { Plan } from './plan.ts';

/** Values of a picture, or of what a look makes of one. Other shapes than a square may have longer sides. */
const MAX_PIXELS = 4096 ** 2;
const MAX_BYTES = 2 ** 30;
/** Sixteen times our largest look at 256 pixels. */
const MAX_MULTIPLY_ADDS = 2 ** 38;

/** Throws an error that names the costliest node. */
export function checkCost({ operations, buffers, hasCamera }: Plan): void {
  const large = operations.find(({ output: { shape } }) => hasCamera && shape[2] * shape[3] > MAX_PIXELS);
  if (large) {
    const size = large.output.shape.slice(2).join(' x ');
    throw new EngineError(`Node '${large.name}' makes ${size} values; a look has up to 4096 x 4096.`);
  }
  const bytes = [...buffers, ...weightBytes(operations)].reduce((a, b) => a + b, 0);
  if (bytes > MAX_BYTES) {
    const { name } = costliest(operations, ({ output }) => paddedLength(output));
    const most = `the engine allows ${MAX_BYTES}`;
    throw new EngineError(
      `The model needs ${bytes} bytes on the GPU, most of them for node '${name}'; ${most}.`,
    );
  }
  const products = operations.reduce((sum, operation) => sum + multiplyAdds(operation), 0);
  if (products > MAX_MULTIPLY_ADDS) {
    const { name } = costliest(operations, multiplyAdds);
    const many = `${products.toExponential(1)} multiply-adds a frame, most of them in node '${name}'`;
    throw new EngineError(
      `The model needs ${many}; the engine supports up to ${MAX_MULTIPLY_ADDS.toExponential(1)}.`,
    );
  }
}

function costliest(
  operations: readonly Operation[],
  cost: (operation: Operation) => number,
): { name: string } {
  let [most, found] = [-1, { name: '' }];
  for (const operation of operations) {
    const own = cost(operation);
    if (own > most) [most, found] = [own, operation];
  }
  return found;
}

/** Weights that convolutions share count once, as on the GPU. */
function weightBytes(operations: readonly Operation[]): number[] {
  const bytes = new Map<object, number>();
  for (const operation of operations) {
    if (operation.kind !== 'convolution') continue;
    const { weights, group } = operation;
    const [a, b, kh, kw] = weights.dims;
    const width = bytesOf(weights.type);
    const own = group > 1 ? 4 * a * b * kh * kw : padToLanes(a) * padToLanes(b) * kh * kw * width;
    bytes.set(weights.zero ?? weights.bytes, own);
  }
  return [...bytes.values()];
}
