// What an operation computes, in multiply-adds.

import { sizeOfTree } from './expression.ts';
import type { Axis, Operation } from './operation.ts';
import { LANES, stored } from './tensor.ts';

export const filled = (channels: number): number => Math.ceil(channels / LANES) * LANES;

const taps = ({ phases }: Axis): number => Math.max(...phases.map(({ count }) => count));

/** Products that an operation makes, blocks filled up, and steps of its epilogue. */
export function productsOf(operation: Operation): number {
  const own = stored(operation.output);
  const epilogue = operation.epilogue ? own * sizeOfTree(operation.epilogue) : 0;
  switch (operation.kind) {
    case 'convolution': {
      const { weights, group, y, x } = operation;
      const inputs = weights.transposed ? weights.dims[0] / group : weights.dims[1];
      return epilogue + own * taps(y) * taps(x) * (group > 1 ? inputs : filled(inputs));
    }
    case 'resample':
      return epilogue + own * (operation.left?.width ?? 1) * (operation.right?.width ?? 1);
    case 'maxPool':
      return epilogue + own * operation.kernel[0] * operation.kernel[1];
    case 'reduce':
      return epilogue + own + (operation.inputs[0] ? stored(operation.inputs[0]) : 0);
    case 'product':
      return epilogue + own * (operation.inputs[0]?.shape[3] ?? 1);
    default:
      return epilogue + own;
  }
}
