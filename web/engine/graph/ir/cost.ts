// The cost of an operation in multiply-adds.

import { sizeOfTree } from './expression.ts';
import type { ConvAxis, Operation } from './operation.ts';
import { LANES, paddedLength } from './tensor.ts';

export const padToLanes = (channels: number): number => Math.ceil(channels / LANES) * LANES;

const maxTaps = ({ phases }: ConvAxis): number => Math.max(...phases.map(({ count }) => count));

/** Multiply-adds of an operation with padded channel blocks, and the nodes of its epilogue. */
export function multiplyAdds(operation: Operation): number {
  const own = paddedLength(operation.output);
  const epilogue = operation.epilogue ? own * sizeOfTree(operation.epilogue) : 0;
  switch (operation.kind) {
    case 'convolution': {
      const { weights, group, y, x } = operation;
      const inputs = weights.transposed ? weights.dims[0] / group : weights.dims[1];
      return epilogue + own * maxTaps(y) * maxTaps(x) * (group > 1 ? inputs : padToLanes(inputs));
    }
    case 'resample':
      return epilogue + own * (operation.left?.width ?? 1) * (operation.right?.width ?? 1);
    case 'maxPool':
      return epilogue + own * operation.kernel[0] * operation.kernel[1];
    case 'reduce':
      return epilogue + own + (operation.inputs[0] ? paddedLength(operation.inputs[0]) : 0);
    case 'gridSample':
      return epilogue + own * 4;
    case 'matMul':
      return epilogue + own * (operation.inputs[0]?.shape[3] ?? 1);
    default:
      return epilogue + own;
  }
}
