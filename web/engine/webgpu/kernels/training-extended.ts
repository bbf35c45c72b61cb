// Kernels and functions of a training step that our own looks do not need. Fetched when a step has one.

import { computedConvCode, convWeightGradientCode } from '../../codegen/computed-conv-code.ts';
import {
  gridSampleGradientCode,
  gridSamplePositionGradientCode,
} from '../../codegen/grid-sample-gradient-code.ts';
import { maxPoolGradientCode } from '../../codegen/max-pool-gradient-code.ts';
import { sineCode } from '../../codegen/sine-code.ts';
import { uniformNoiseCode } from '../../codegen/uniform-noise-code.ts';
import { compileCrossEntropy } from './cross-entropy.ts';
import { elementwiseKernel } from './elementwise.ts';
import { EXTENDED } from './extended.ts';
import type { Kernel } from './kernel.ts';
import {
  compileWindowGradient,
  hasWholeWindows,
  hasWindowKernel,
  windowMaximum,
} from './max-pool-gradient.ts';
import type { ExtendedKernels, ExtendedOperation, ShaderBuilder } from './shader.ts';
import { compileTraining } from './training.ts';
import { WGSL } from './wgsl.ts';

function compileExtended(shader: ShaderBuilder, operation: ExtendedOperation): Kernel {
  switch (operation.kind) {
    case 'computedConvolution':
      return elementwiseKernel(shader, computedConvCode(WGSL, operation));
    case 'convWeightGradient':
      return elementwiseKernel(shader, convWeightGradientCode(WGSL, operation));
    case 'crossEntropy':
      return compileCrossEntropy(shader, operation);
    case 'maxPool':
      return hasWholeWindows(operation)
        ? elementwiseKernel(shader, windowMaximum(operation))
        : EXTENDED.compileExtended(shader, operation);
    case 'maxPoolGradient':
      return hasWindowKernel(operation)
        ? compileWindowGradient(shader, operation)
        : elementwiseKernel(shader, maxPoolGradientCode(WGSL, operation));
    case 'gridSampleGradient':
      return elementwiseKernel(shader, gridSampleGradientCode(WGSL, operation));
    case 'gridSamplePositionGradient':
      return elementwiseKernel(shader, gridSamplePositionGradientCode(WGSL, operation));
    case 'uniformNoise':
      return elementwiseKernel(shader, uniformNoiseCode(WGSL, operation));
    default:
      return EXTENDED.compileExtended(shader, operation);
  }
}

/** Sine and cosine that shadow WGSL's own, which are not exact enough for gradients. */
const sine = (name: 'sin' | 'cos'): string =>
  `fn ${name}(x: vec4f) -> vec4f {\n${sineCode(WGSL, name === 'cos' ? 1 : 0)}\n}`;

/** All kernels of training. */
export const TRAINING: ExtendedKernels = {
  functions: { ...EXTENDED.functions, 'sin(': sine('sin'), 'cos(': sine('cos') },
  compileExtended: (shader, operation) =>
    compileTraining(shader, operation) ?? compileExtended(shader, operation),
};
