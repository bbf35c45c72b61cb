// Max pooling and its gradient.

import type { MaxPool, MaxPoolGradient } from '../graph/ir/operation.ts';
import type { Shape } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';

type Window = Pick<MaxPool, 'kernel' | 'strides' | 'before' | 'dilations'>;

/** Calls `take` for each window of each channel: where its largest element is, the first of several, and which output it
 * makes. */
function forEachMax(
  { kernel, strides, before, dilations }: Window,
  from: Reals,
  [n, c, height, width]: Shape,
  [, , tall, wide]: Shape,
  take: (at: number, output: number) => void,
): void {
  for (let channel = 0; channel < n * c; channel++) {
    for (let y = 0; y < tall; y++) {
      for (let x = 0; x < wide; x++) {
        let best = -1;
        for (let j = 0; j < kernel[0]; j++) {
          const row = y * strides[0] - before[0] + j * dilations[0];
          if (row < 0 || row >= height) continue;
          for (let i = 0; i < kernel[1]; i++) {
            const column = x * strides[1] - before[1] + i * dilations[1];
            if (column < 0 || column >= width) continue;
            const at = (channel * height + row) * width + column;
            if (best < 0 || (from[at] ?? 0) > (from[best] ?? 0)) best = at;
          }
        }
        take(best, (channel * tall + y) * wide + x);
      }
    }
  }
}

export function compileMaxPool(operation: MaxPool, from: Reals, input: Shape, to: Reals): () => void {
  const take = (at: number, output: number): void => {
    to[output] = from[at] ?? 0;
  };
  return () => forEachMax(operation, from, input, operation.output.shape, take);
}

export function compileMaxPoolGradient(
  operation: MaxPoolGradient,
  from: Reals,
  gradient: Reals,
  to: Reals,
): () => void {
  const [, pooled] = operation.inputs;
  const take = (at: number, output: number): void => {
    to[at] = (to[at] ?? 0) + (gradient[output] ?? 0);
  };
  return () => {
    to.fill(0);
    forEachMax(operation, from, operation.output.shape, (pooled ?? operation.output).shape, take);
  };
}
