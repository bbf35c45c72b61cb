// The plan of a training step. Parameters and running statistics lie one after the other in one buffer, and their
// gradients and new values in another, so that one kernel updates all of them.

import { EngineError } from '../../error.ts';
import { input } from '../ir/expression.ts';
import type { Graph, Operation } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { channelBlocks, makeTensor, type Tensor } from '../ir/tensor.ts';
import { joinBatch } from './batch-rows.ts';
import { withoutCopies } from './copies.ts';
import { flattenGradients } from './flat-gradients.ts';
import { fuse } from './fusion.ts';
import { type BufferSlice, layOut, optimize, type Plan } from './plan.ts';

/** The buffers of both, in slices of the plan; its own buffers are counted from 0. */
export const STATE = -1;
export const CHANGES = -2;

/** A tensor of the state: an input of the graph, and the output that it is changed by. Both are (1, elements, 1, 1). */
export interface StateTensor {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** Whether the output is the new value, not a gradient. */
  readonly isReplaced: boolean;
}

/** Where it lies, in blocks of four numbers. */
export interface StatePlace extends StateTensor {
  readonly elements: number;
  readonly start: number;
  /** The parts of what changes it: the first one, and how far they are apart. */
  readonly change: { readonly start: number; readonly stride: number; readonly parts: number };
}

export interface TrainingPlan {
  readonly plan: Plan;
  readonly places: readonly StatePlace[];
  /** Blocks of both buffers. The first block of the state is zero. */
  readonly stateBlocks: number;
  readonly changeBlocks: number;
}

function tensorNamed(tensors: readonly Tensor[], name: string): Tensor {
  const found = tensors.find(tensor => tensor.name === name);
  if (!found) throw new EngineError(`The training step has no tensor '${name}'.`);
  return found;
}

/** Tensors that an operation reads are copied: it may write into the same buffer. */
function copyRead(operations: readonly Operation[], changes: readonly Tensor[]): Operation[] {
  const read = new Set(operations.flatMap(({ inputs }) => inputs));
  const made = [...operations];
  for (const tensor of changes.filter(one => read.has(one))) {
    const other = makeTensor(`${tensor.name} to read`, tensor.dims);
    const instead = (one: Tensor): Tensor => (one === tensor ? other : one);
    for (const [i, operation] of made.entries())
      made[i] = { ...operation, inputs: operation.inputs.map(instead), output: instead(operation.output) };
    const at = made.findIndex(({ output }) => output === other);
    const { name } = tensor;
    made.splice(at + 1, 0, {
      kind: 'elementwise',
      name,
      inputs: [other],
      output: tensor,
      epilogue: input(0),
    });
  }
  return made;
}

/** `minThreads` is how many threads a GPU should have at once. */
export async function makeTrainingPlan(
  graph: Graph,
  state: readonly StateTensor[],
  minThreads: number,
): Promise<TrainingPlan> {
  const changes = state.map(({ output }) => tensorNamed(graph.outputs, output));
  const optimized = withoutCopies(await optimize(graph, false), graph.outputs);
  const fused = copyRead(fuse(optimized, graph.outputs), changes);
  const { operations, parts } = flattenGradients(fused, graph.outputs, changes, minThreads);
  const placed = new Map<Tensor, BufferSlice>();
  let [stateBlocks, changeBlocks] = [1, 0];
  const places = state.map((one, i): StatePlace => {
    const tensor = tensorNamed(graph.inputs, one.input);
    const whole = changes[i] ?? tensor;
    const change = parts.get(whole) ?? { tensor: whole, parts: 1 };
    const stride = channelBlocks(tensor);
    const start = stateBlocks;
    placed.set(tensor, { buffer: STATE, offset: start, stride });
    placed.set(change.tensor, { buffer: CHANGES, offset: changeBlocks, stride });
    const place = { start: changeBlocks, stride, parts: change.parts };
    stateBlocks += stride;
    changeBlocks += stride * change.parts;
    return { ...one, elements: productOf(tensor.shape), start, change: place };
  });
  const own = {
    ...graph,
    inputs: graph.inputs.filter(tensor => !placed.has(tensor)),
    outputs: graph.outputs.filter(tensor => !changes.includes(tensor)),
  };
  const plan = joinBatch(await layOut(operations, own, false, placed));
  return { plan, places, stateBlocks, changeBlocks };
}
