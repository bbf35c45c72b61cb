// From an operation of the plan to its kernel: which .wgsl file, with what before it, bound to what.

import { EngineError, impossible } from '../../error.ts';
import { type Expression, visitAll } from '../../graph/ir/expression.ts';
import type { IndexMap, Operation } from '../../graph/ir/operation.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { Style } from './config.ts';
import { compileStrip, isStrip } from './conv-tiled.ts';
import { pointKernel } from './elementwise.ts';
import { type Kernel, type Target, TO_BUFFER } from './kernel.ts';
import { edgeCode } from './movement.ts';
import { compileResample } from './resample.ts';
import { Shader } from './shader.ts';

type Extend = Extract<IndexMap, { kind: 'extend' }>;

/** Kernels that our own looks do without; a page fetches them when a plan has an operation for one. */
let uncommon: typeof import('./extended.ts') | null = null;

/** Whether it has no function that WGSL lacks. */
function isPlain(tree: Expression | null): boolean {
  let plain = true;
  if (tree)
    visitAll(tree, node => {
      if ('name' in node && /erf|pow|sigmoid|softplus/.test(node.name)) plain = false;
    });
  return plain;
}

/** To be awaited before a plan's operations are compiled. */
export async function fetchKernels({ operations }: Plan): Promise<void> {
  if (!operations.every(isCommon)) uncommon ??= await import('./extended.ts');
}

const isCommon = (operation: Operation): boolean =>
  isPlain(operation.epilogue) &&
  isPlain(operation.kind === 'convolution' ? operation.prologue : null) &&
  isCommonKind(operation);

const isEdge = (map: IndexMap): map is Extend => map.kind === 'extend' && map.mode === 'edge';

const isCommonKind = (operation: Operation): boolean =>
  operation.kind === 'rearrange'
    ? isEdge(operation.map)
    : operation.kind === 'convolution'
      ? isStrip(operation)
      : ['source', 'map', 'resample'].includes(operation.kind);

function uncommonKernels(): typeof import('./extended.ts') {
  if (!uncommon) throw new EngineError('Kernels were not fetched.');
  return uncommon;
}

export function compile(plan: Plan, style: Style, operation: Operation, target: Target = TO_BUFFER): Kernel {
  const shader = new Shader(plan, style, operation, target);
  // The painting's kernel is the only one of its kind.
  shader.baked = plan.camera && operation.output === plan.outputs[0];
  switch (operation.kind) {
    case 'source':
      throw new EngineError(`The picture '${operation.name}' has to be compiled for what feeds it.`);
    case 'convolution':
      if (isStrip(operation)) return compileStrip(shader, operation);
      return uncommonKernels().compileLoops(shader, operation);
    case 'resample':
      return compileResample(shader, operation);
    case 'map':
      return pointKernel(shader, 'vec4f(0)');
    case 'rearrange':
      if (isEdge(operation.map)) return pointKernel(shader, edgeCode(operation.map.before));
      return uncommonKernels().compileRearrange(shader, operation, operation.map);
    case 'normalise':
    case 'maxPool':
    case 'reduce':
    case 'product':
    case 'join':
      return uncommonKernels().compileUncommon(shader, operation);
    default:
      return impossible(operation);
  }
}
