// Kernels of operations that our own looks do not use. Fetched when a model has one.

import { gridSampleCode } from '../../codegen/grid-sample-code.ts';
import { maxPoolCode } from '../../codegen/max-pool-code.ts';
import { EngineError } from '../../error.ts';
import { compileNaiveConv } from './conv-naive.ts';
import { elementwiseKernel } from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import { compileMatMul } from './matmul.ts';
import { compileConcat, compileMovement } from './movement.ts';
import { compileNormalization } from './normalization.ts';
import { compileReduce } from './reduce.ts';
import type { ExtendedKernels, ExtendedOperation, ShaderBuilder } from './shader.ts';
import { WGSL } from './wgsl.ts';

// Abramowitz and Stegun 7.1.26, absolute error below 1.5e-7.
const ERF = `fn erf(x: vec4f) -> vec4f {
  let t = 1 / (1 + 0.3275911 * abs(x));
  let p = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  return sign(x) * (1 - p * exp(-x * x));
}`;
// WGSL does not define powers of negative bases; ONNX has -2 ^ 2 = 4. WGSL has no reliable infinity and NaN: 0 to a
// negative power is the largest float, and a negative base to a fraction is the power of its absolute value.
const POWER = `fn power(x: vec4f, y: vec4f) -> vec4f {
  let nothing = select(vec4f(0), vec4f(3.4028234e38), y < vec4f(0));
  let size = select(exp2(y * log2(abs(x))), nothing, x == vec4f(0));
  let odd = abs(y) % 2 == vec4f(1);
  let result = select(size, -size, (x < vec4f(0)) & odd);
  return select(result, vec4f(1), y == vec4f(0));
}`;
const SIGMOID = `fn sigmoid(x: vec4f) -> vec4f {
  return 1 / (1 + exp(clamp(-x, vec4f(-80), vec4f(80))));
}`;
const SOFTPLUS = `fn softplus(x: vec4f) -> vec4f {
  return max(x, vec4f(0)) + log(1 + exp(-abs(x)));
}`;
const functions = { 'erf(': ERF, 'power(': POWER, 'sigmoid(': SIGMOID, 'softplus(': SOFTPLUS };

function compileExtended(shader: ShaderBuilder, operation: ExtendedOperation): Kernel {
  switch (operation.kind) {
    case 'convolution':
      return compileNaiveConv(shader, operation);
    case 'movement':
      return compileMovement(shader, operation);
    case 'gridSample':
      return elementwiseKernel(shader, gridSampleCode(WGSL, operation));
    case 'normalization':
      return compileNormalization(shader, operation);
    case 'maxPool':
      return elementwiseKernel(shader, maxPoolCode(WGSL, operation));
    case 'reduce':
      return compileReduce(shader, operation);
    case 'matMul':
      return compileMatMul(shader, operation);
    case 'concat':
      return compileConcat(shader, operation);
    default:
      throw new EngineError(`Node '${operation.name}' (${operation.kind}) is compiled elsewhere.`);
  }
}

export const EXTENDED: ExtendedKernels = { functions, compileExtended };
