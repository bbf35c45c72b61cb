// Kernels of a training step besides those that paint. Those that our own looks do not need are in `training-extended.ts`.

import { elementwiseKernel } from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import { compileMatMul } from './matmul.ts';
import { compileConcat, compileMovement } from './movement.ts';
import { compileReduce } from './reduce.ts';
import type { ExtendedOperation, ShaderBuilder } from './shader.ts';
import { compileWeightGradient } from './weight-gradient.ts';

/** Null for other operations. */
export function compileTraining(shader: ShaderBuilder, operation: ExtendedOperation): Kernel | null {
  switch (operation.kind) {
    case 'concat':
      return compileConcat(shader, operation);
    case 'convWeightGradient':
      return operation.group === 1 ? compileWeightGradient(shader, operation) : null;
    case 'matMul':
      return compileMatMul(shader, operation);
    case 'movement':
      return compileMovement(shader, operation);
    case 'reduce':
      return compileReduce(shader, operation);
    case 'sumOfParts':
      return elementwiseKernel(shader, sumOfParts(operation.parts));
    default:
      return null;
  }
}

const sumOfParts = (parts: number): string => `  var made = vec4f(0);
  for (var part = 0; part < ${parts}; part++) {
    made += read_0(part * sizes[0].x + n, y, x, c);
  }
  return made;`;
