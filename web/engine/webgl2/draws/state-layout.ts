// Where a training's state lies in textures: the parameters and statistics in one, one after the other, and each slot of the
// optimizer in another, at the same places. So do what changes them, and so does their next state.

import type { Operation } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES, makeTensor, type Tensor } from '../../graph/ir/tensor.ts';
import type { BufferSlice, Plan } from '../../graph/passes/plan.ts';
import { CHANGES, STATE, type StatePlace, type TrainingPlan } from '../../graph/passes/training-plan.ts';

/** A tensor of the state, and what holds its next values. */
export interface StatePair {
  readonly now: Tensor;
  readonly next: Tensor;
}

export interface PlacedTensor extends Pick<StatePlace, 'name' | 'input' | 'elements' | 'isReplaced'> {
  /** The first block. Block 0 is zero. */
  readonly start: number;
  /** Itself, and what each slot has for it. */
  readonly pairs: readonly StatePair[];
}

export interface StateLayout {
  readonly plan: Plan;
  readonly places: readonly PlacedTensor[];
  /** Blocks of each texture. */
  readonly blocks: number;
  /** The whole textures: of parameters, and of each slot. */
  readonly wholes: readonly StatePair[];
  readonly changes: Tensor;
  /** What optimizers read besides gradients. */
  readonly directions: Tensor;
}

/** The order of the places: a bias follows the weights with which its gradient is summed. */
function orderPlaces({ plan, places }: TrainingPlan): StatePlace[] {
  const byChange = new Map<number, StatePlace>(places.map(place => [place.change.start, place]));
  const placeOf = (tensor: Tensor | null | undefined): StatePlace | undefined => {
    const slice = tensor && plan.slices.get(tensor);
    return slice?.buffer === CHANGES ? byChange.get(slice.offset) : undefined;
  };
  const following = new Map<StatePlace | undefined, StatePlace>();
  for (const operation of plan.operations) {
    if (operation.kind !== 'convWeightGradient' || !operation.flat?.bias) continue;
    const bias = placeOf(operation.flat.bias);
    if (bias) following.set(placeOf(operation.output), bias);
  }
  const late = new Set(following.values());
  return places.flatMap(place => {
    const next = following.get(place);
    if (late.has(place)) return [];
    return next ? [place, next] : [place];
  });
}

/** `slots` are those of the parameter that has most. */
export function layOutState(training: TrainingPlan, slots: number): StateLayout {
  const { plan, stateBlocks } = training;
  const slices = new Map<Tensor, BufferSlice>();
  const first = plan.buffers.length;
  const blocks = stateBlocks;
  const place = (tensor: Tensor, texture: number, offset: number): Tensor => {
    slices.set(tensor, { buffer: first + texture, offset, stride: blocks });
    return tensor;
  };
  const whole = (name: string, texture: number): Tensor =>
    place(makeTensor(name, [1, LANES * blocks, 1, 1]), texture, 0);
  const wholes = Array.from({ length: slots + 1 }, (_, i) => ({
    now: whole(`state ${i}`, 2 * i),
    next: whole(`next state ${i}`, 2 * i + 1),
  }));
  const [changesAt, directionsAt] = [2 * slots + 2, 2 * slots + 3];
  const changes = whole('changes', changesAt);
  const directions = whole('directions', directionsAt);
  const starts = new Map<StatePlace, number>();
  const places: PlacedTensor[] = [];
  let start = 1;
  for (const one of orderPlaces(training)) {
    const { name, input, elements, isReplaced } = one;
    const [at, dims] = [start, [1, elements, 1, 1]];
    starts.set(one, at);
    const pairs = wholes.map((_, i) => ({
      now: place(makeTensor(`${name} ${i}`, dims), 2 * i, at),
      next: place(makeTensor(`next ${name} ${i}`, dims), 2 * i + 1, at),
    }));
    places.push({ name, input, elements, isReplaced, start: at, pairs });
    start += Math.ceil(elements / LANES);
  }
  for (const [tensor, slice] of plan.slices) {
    if (slice.buffer === STATE) {
      const slot = Math.floor((slice.offset - 1) / stateBlocks);
      const own = training.places.find(one => one.start === slice.offset - slot * stateBlocks);
      place(tensor, 2 * slot, (own && starts.get(own)) ?? 0);
    } else if (slice.buffer === CHANGES) {
      const own = training.places.find(one => one.change.start === slice.offset);
      const other = training.places.find(one => one.direction === slice.offset);
      if (own) place(tensor, changesAt, starts.get(own) ?? 0);
      else if (other) place(tensor, directionsAt, starts.get(other) ?? 0);
    } else slices.set(tensor, slice);
  }
  /** Gradients of weights and of their bias are drawn at once. */
  const operations = plan.operations.map((operation): Operation => {
    if (operation.kind !== 'convWeightGradient' || !operation.flat?.bias) return operation;
    const { output, flat } = operation;
    const bias = operation.flat.bias;
    const channels = LANES * channelBlocks(output) + bias.shape[1];
    const both = makeTensor(`${output.name} and bias`, [1, channels, 1, 1]);
    place(both, changesAt, slices.get(output)?.offset ?? 0);
    return { ...operation, output: both, flat };
  });
  return { plan: { ...plan, operations, slices }, places, blocks, wholes, changes, directions };
}
