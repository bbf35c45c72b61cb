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
import { splitReductions } from './split-reductions.ts';
import { spreadsSums } from './spread-sums.ts';

/** The buffers of both, in slices of the plan; its own buffers are counted from 0. */
export const STATE = -1;
export const CHANGES = -2;

/** An input of the graph that holds what the optimizer keeps for a parameter, as the slot of that number. */
export interface SlotInput {
  readonly input: string;
  readonly index: number;
}

/** A tensor of the state: an input of the graph, and the output that it is changed by. Both are (1, elements, 1, 1). */
export interface StateTensor {
  readonly name: string;
  readonly input: string;
  readonly output: string;
  /** Whether the output is the new value, not a gradient. */
  readonly isReplaced: boolean;
  /** The slots that the graph reads, and a further output that the optimizer's formula reads; in the same shape. */
  readonly slots?: readonly SlotInput[];
  readonly direction?: string | undefined;
}

/** Where it lies, in blocks of four numbers. */
export interface StatePlace extends Pick<StateTensor, 'name' | 'input' | 'isReplaced'> {
  readonly elements: number;
  readonly start: number;
  /** The parts of what changes it: the first one, and how far they are apart. */
  readonly change: { readonly start: number; readonly stride: number; readonly parts: number };
  /** Where the further output lies. */
  readonly direction: number | null;
}

export interface TrainingPlan {
  readonly plan: Plan;
  readonly places: readonly StatePlace[];
  /** Blocks of the parameters and statistics, after which as many follow for each slot; the first one is zero. And blocks of
   * what changes them. */
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

/** Gives the batch of layers over single pixels another shape. Tensors in `fixed` stay as they are. */
type JoinBatch = (operations: readonly Operation[], fixed: ReadonlySet<Tensor>) => readonly Operation[];

/** `minThreads` is how many threads a GPU should have at once. `join` is for backends on which tensors of other shapes lie
 * in other orders; by default, layers over single pixels see the same memory in another shape. */
export async function makeTrainingPlan(
  graph: Graph,
  state: readonly StateTensor[],
  minThreads: number,
  join?: JoinBatch,
): Promise<TrainingPlan> {
  const changes = state.map(({ output }) => tensorNamed(graph.outputs, output));
  const directions = state.flatMap(({ direction }) =>
    direction === undefined ? [] : [tensorNamed(graph.outputs, direction)],
  );
  const optimized = withoutCopies(await optimize(graph, false, spreadsSums(graph.operations)), graph.outputs);
  const fused = copyRead(fuse(optimized, graph.outputs), [...changes, ...directions]);
  const { operations, parts } = flattenGradients(fused, graph.outputs, changes, minThreads);
  const placed = new Map<Tensor, BufferSlice>();
  const inputs = state.map(one => tensorNamed(graph.inputs, one.input));
  const stateBlocks = inputs.reduce((sum, tensor) => sum + channelBlocks(tensor), 1);
  let [start, changeBlocks] = [1, 0];
  const placeChange = (tensor: Tensor, stride: number, parts: number): number => {
    const first = changeBlocks;
    placed.set(tensor, { buffer: CHANGES, offset: first, stride });
    changeBlocks += stride * parts;
    return first;
  };
  const places = state.map(({ name, input, isReplaced, slots = [], direction }, i): StatePlace => {
    const tensor = inputs[i] ?? tensorNamed(graph.inputs, input);
    const whole = changes[i] ?? tensor;
    const change = parts.get(whole) ?? { tensor: whole, parts: 1 };
    const stride = channelBlocks(tensor);
    placed.set(tensor, { buffer: STATE, offset: start, stride });
    for (const slot of slots) {
      const offset = start + (slot.index + 1) * stateBlocks;
      placed.set(tensorNamed(graph.inputs, slot.input), { buffer: STATE, offset, stride });
    }
    const place: StatePlace = {
      name,
      input,
      isReplaced,
      elements: productOf(tensor.shape),
      start,
      change: { start: placeChange(change.tensor, stride, change.parts), stride, parts: change.parts },
      direction:
        direction === undefined ? null : placeChange(tensorNamed(graph.outputs, direction), stride, 1),
    };
    start += stride;
    return place;
  });
  const own = {
    ...graph,
    inputs: graph.inputs.filter(tensor => !placed.has(tensor)),
    outputs: graph.outputs.filter(tensor => !placed.has(tensor) && !changes.includes(tensor)),
  };
  const fixed = new Set([...graph.inputs, ...graph.outputs, ...placed.keys()]);
  const split = splitReductions(operations, minThreads);
  const laid = await layOut(join?.(split, fixed) ?? split, own, false);
  // Buffers are made when they are first asked for: what is placed elsewhere takes none.
  const whole = { ...laid, slices: new Map([...laid.slices, ...placed]) };
  const plan = join ? whole : joinBatch(whole);
  return { plan, places, stateBlocks, changeBlocks };
}
