// From an operation of the plan to its kernel: which .wgsl file, with what before it, bound to what.

import { EngineError, impossible } from '../error.ts';
import { blocks, type Operation } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import { compileConvolution } from './convolution.ts';
import { type Kernel, kernelOf, linear, type Target } from './kernel.ts';
import map from './map.wgsl?raw';
import normalise from './normalise.wgsl?raw';
import { joinCode, maxPoolCode, rearrangeCode } from './rearrange.ts';
import { compileProduct, compileReduce } from './reduce.ts';
import { compileResample } from './resample.ts';
import { Shader } from './shader.ts';

export const TO_BUFFER: Target = { kind: 'buffer' };

export function compile(plan: Plan, operation: Operation, target: Target = TO_BUFFER): Kernel {
  const shader = new Shader(plan, operation, target);
  switch (operation.kind) {
    case 'source':
      throw new EngineError(`The picture '${operation.name}' has to be compiled for what feeds it.`);
    case 'convolution':
      return compileConvolution(shader, operation);
    case 'resample':
      return compileResample(shader, operation);
    case 'normalise': {
      const [n] = operation.output.shape;
      shader.readInputs();
      shader.add(`const EPSILON = ${operation.epsilon};`);
      shader.add(`fn scale(c: i32) -> vec4f { return ${shader.channel(operation.scale)}; }`);
      shader.add(`fn shift(c: i32) -> vec4f { return ${shader.channel(operation.shift)}; }`);
      shader.finish();
      return kernelOf(shader, normalise, [blocks(operation.output), n, 1]);
    }
    case 'map':
      return pointKernel(shader, 'vec4f(0)');
    case 'maxPool':
      return pointKernel(shader, maxPoolCode(operation));
    case 'reduce':
      return compileReduce(shader, operation);
    case 'product':
      return compileProduct(shader, operation);
    case 'rearrange':
      return pointKernel(shader, rearrangeCode(operation));
    case 'join':
      return pointKernel(shader, joinCode(operation));
    default:
      return impossible(operation);
  }
}

/** One thread per block of four channels; `made` is an expression or the body of `make`. */
export function pointKernel(shader: Shader, made: string, own: 'buffer' | 'picture' = 'buffer'): Kernel {
  const [n, , h, w] = shader.operation.output.shape;
  shader.readInputs(own);
  const body = made.includes('return') ? made : `  return ${made};`;
  shader.add(`fn make(n: i32, y: i32, x: i32, c: i32) -> vec4f {\n${body}\n}`);
  shader.finish();
  return kernelOf(shader, map, linear(n * h * w * blocks(shader.operation.output)));
}
