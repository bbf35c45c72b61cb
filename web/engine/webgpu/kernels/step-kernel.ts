// Compiles an operation of a training step. Its kernels are compiled once for thousands of steps, so each is fitted to its
// operation.

import type { FrameInput, Operation } from '../../graph/ir/operation.ts';
import { compile } from './compile.ts';
import { type Kernel, TO_BUFFER } from './kernel.ts';
import { compilePlaneConv, isPlaneConv } from './plane-conv.ts';
import { type KernelContext, ShaderBuilder } from './shader.ts';
import { fitConfig } from './step-config.ts';

export function compileStepKernel(context: KernelContext, operation: Exclude<Operation, FrameInput>): Kernel {
  if (operation.kind === 'convolution' && isPlaneConv(operation)) {
    return compilePlaneConv(new ShaderBuilder(context, operation, TO_BUFFER), operation);
  }
  return compile({ ...context, config: fitConfig(context.config, operation) }, operation);
}
