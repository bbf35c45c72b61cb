// Views, padding and concatenation.

import { concatCode, movementCode } from '../../codegen/movement-code.ts';
import type { Concat, Movement } from '../../graph/ir/operation.ts';
import { elementwiseKernel } from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import type { ShaderBuilder } from './shader.ts';
import { WGSL } from './wgsl.ts';

/** Whether `i` is an element of the input. */
const INSIDE = 'all(i >= vec4i(0)) && all(i < sizes[2])';

export const compileMovement = (shader: ShaderBuilder, operation: Movement): Kernel =>
  elementwiseKernel(shader, movementCode(WGSL, operation, INSIDE));

export const compileConcat = (shader: ShaderBuilder, operation: Concat): Kernel =>
  elementwiseKernel(shader, concatCode(WGSL, operation));
