// Compiles an operation to its kernel: a .wgsl file, the code before it, and its bindings.

import { EngineError } from '../../error.ts';
import { type Expression, visitAll } from '../../graph/ir/expression.ts';
import type { Convolution, FrameInput, Operation } from '../../graph/ir/operation.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { classOf, isTiledConv } from './conv-class.ts';
import { compileGemmConv } from './conv-gemm.ts';
import { compileTiledConv } from './conv-tiled.ts';
import { elementwiseKernel } from './elementwise.ts';
import { type Kernel, type Target, TO_BUFFER } from './kernel.ts';
import { compileResample } from './resample.ts';
import { type ExtendedKernels, type KernelContext, ShaderBuilder } from './shader.ts';

/** Whether it only uses functions that WGSL has. */
function usesBuiltinsAlone(tree: Expression | null): boolean {
  let plain = true;
  if (tree)
    visitAll(tree, node => {
      if ('name' in node && /erf|pow|sigmoid|softplus/.test(node.name)) plain = false;
    });
  return plain;
}

/** The extended kernels, fetched if the plan needs one of them. */
export async function fetchKernels({ operations }: Plan): Promise<ExtendedKernels | null> {
  return operations.every(isCommon) ? null : (await import('./extended.ts')).EXTENDED;
}

const isCommon = (operation: Operation): boolean =>
  usesBuiltinsAlone(operation.epilogue) &&
  usesBuiltinsAlone(operation.kind === 'convolution' ? operation.prologue : null) &&
  isCommonKind(operation);

const isCommonKind = (operation: Operation): boolean =>
  operation.kind === 'convolution'
    ? isTiledConv(operation)
    : ['frameInput', 'elementwise', 'resample'].includes(operation.kind);

/** Compiles all but the picture, whose kernel is one for each kind of frame. */
export function compile(
  context: KernelContext,
  operation: Exclude<Operation, FrameInput>,
  target: Target = TO_BUFFER,
): Kernel {
  const { plan, extended } = context;
  const shader = new ShaderBuilder(context, operation, target);
  // A look has one painting, so its kernel shares no pipeline.
  shader.inlineSizes = plan.hasCamera && operation.output === plan.outputs[0];
  switch (operation.kind) {
    case 'resample':
      return compileResample(shader, operation);
    case 'elementwise':
      return elementwiseKernel(shader, 'vec4f(0)');
    case 'convolution':
      if (isTiledConv(operation)) return compileConv(shader, operation);
      break;
    default:
      break;
  }
  if (!extended) throw new EngineError('Kernels were not fetched.');
  return extended.compileExtended(shader, operation);
}

function compileConv(shader: ShaderBuilder, operation: Convolution): Kernel {
  const { config } = shader.context;
  const shape = config.shapes[classOf(config, operation)];
  return shape === 'gemm' ? compileGemmConv(shader, operation) : compileTiledConv(shader, operation, shape);
}
