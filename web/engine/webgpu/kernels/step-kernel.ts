// Compiles an operation of a training step. Its kernels are compiled once for thousands of steps, so each is fitted to its
// operation.

import { EngineError } from '../../error.ts';
import { type Expression, visitAll } from '../../graph/ir/expression.ts';
import type { FrameInput, Operation } from '../../graph/ir/operation.ts';
import { compile } from './compile.ts';
import { isTiledConv } from './conv-class.ts';
import { type Kernel, TO_BUFFER } from './kernel.ts';
import { compilePlaneConv, isPlaneConv } from './plane-conv.ts';
import { compileRowConv, isRowConv } from './row-conv.ts';
import { type ExtendedKernels, type KernelContext, ShaderBuilder } from './shader.ts';
import { fitConfig } from './step-config.ts';
import { compileTraining } from './training.ts';

export function compileStepKernel(context: KernelContext, operation: Exclude<Operation, FrameInput>): Kernel {
  if (operation.kind === 'convolution' && isRowConv(context, operation)) {
    return compileRowConv(new ShaderBuilder(context, operation, TO_BUFFER), operation);
  }
  if (operation.kind === 'convolution' && isPlaneConv(operation)) {
    return compilePlaneConv(new ShaderBuilder(context, operation, TO_BUFFER), operation);
  }
  return compile({ ...context, config: fitConfig(context.config, operation) }, operation);
}

const COMMON: ExtendedKernels = {
  functions: {},
  compileExtended(shader, operation) {
    const kernel = compileTraining(shader, operation);
    if (!kernel) throw new EngineError(`The kernel of node '${operation.name}' was not fetched.`);
    return kernel;
  },
};

const COMMON_KINDS: readonly Operation['kind'][] = [
  'concat',
  'elementwise',
  'matMul',
  'movement',
  'reduce',
  'resample',
  'sumOfParts',
];

function isCommon(operation: Operation): boolean {
  switch (operation.kind) {
    case 'convolution':
      return isTiledConv(operation) && isCommonFormula(operation.prologue);
    case 'convWeightGradient':
      return operation.group === 1;
    default:
      return COMMON_KINDS.includes(operation.kind);
  }
}

/** Whether it only uses functions that WGSL has, exact enough for gradients. */
function isCommonFormula(tree: Expression | null): boolean {
  let isCommon = true;
  if (tree)
    visitAll(tree, node => {
      if ('name' in node && /erf|pow|sigmoid|softplus|sin|cos/.test(node.name)) isCommon = false;
    });
  return isCommon;
}

/** What the operations of a step need, and the formulas of its update. */
export const fetchStepKernels = async (
  operations: readonly Operation[],
  formulas: readonly Expression[],
): Promise<ExtendedKernels> =>
  operations.every(one => isCommon(one) && isCommonFormula(one.epilogue)) && formulas.every(isCommonFormula)
    ? COMMON
    : (await import('./training-extended.ts')).TRAINING;
