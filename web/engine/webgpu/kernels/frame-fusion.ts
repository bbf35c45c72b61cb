// Fuses operations of a frame into one kernel, beyond the fusion of the graph. The values between them are never
// shown, so they need no buffer and no dispatch:
//
// - the camera's picture and its downsampling, which read every pixel once;
// - the guide and the first convolution, which reads it.
//
// A guide that the network does not read is only computed where it is shown.
//
// Plain data, made without a GPU. `run` executes the same steps, and then computes the guide where it is read.

import type { BandedMatrix, Convolution, FrameInput, Operation, Resample } from '../../graph/ir/operation.ts';
import { channelBlocks, paddedLength, type Tensor } from '../../graph/ir/tensor.ts';
import type { BufferSlice, Plan } from '../../graph/passes/plan.ts';
import { fitTile, type InputTile } from './input-conv.ts';
import { isResampleReduce } from './resample.ts';
import type { ExtendedKernels } from './shader.ts';

export type FrameStep =
  | { readonly kind: 'single'; readonly operation: Operation }
  | { readonly kind: 'downsample'; readonly source: FrameInput; readonly means: Resample }
  | {
      readonly kind: 'inputConv';
      readonly guide: Resample | FrameInput;
      readonly convolution: Convolution;
      readonly tile: InputTile;
    };

/** An operation in a kernel of its own. */
export const singleStep = (operation: Operation): FrameStep => ({ kind: 'single', operation });

export interface FramePlan {
  readonly steps: readonly FrameStep[];
  /** The operation that writes the canvas. */
  readonly painted: Operation | null;
  /** Operations that a frame computes within others, or not at all. */
  readonly late: readonly Operation[];
  /** The operation that shows the guide after a frame. */
  readonly guide: Operation | null;
  /** The plan, with buffers of their own for tensors that live longer by fusion. */
  readonly plan: Plan;
  readonly extended: ExtendedKernels | null;
}

/** Wider bands cost more in every workgroup than fusion saves. */
const MAX_BAND_WIDTH = 4;

export function fuseFrame(plan: Plan, extended: ExtendedKernels | null = null): FramePlan {
  const painted = paintingOperation(plan);
  const operations =
    painted && !plan.operations.includes(painted) ? [...plan.operations, painted] : plan.operations;
  const shown = plan.guide;
  const unread = operations.filter(
    operation => operation.output === shown && isUnreadGuide(operation, operations, plan),
  );
  const steps = fuseInputConv(
    fuseDownsample(operations.filter(operation => !unread.includes(operation))),
    plan,
  );
  const moved = new Map<Tensor, BufferSlice>();
  const buffers = [...plan.buffers];
  // These read their inputs later than in the plan, where the buffers may be free by then.
  const late = [...unread, ...steps.flatMap(step => (step.kind === 'inputConv' ? [step.guide] : []))];
  for (const tensor of late.flatMap(({ inputs }) => inputs)) {
    if (tensor.constant || moved.has(tensor)) continue;
    const buffer = buffers.push(paddedLength(tensor) * 4) - 1;
    moved.set(tensor, { buffer, offset: 0, stride: channelBlocks(tensor) });
  }
  const guide = late.find(({ output }) => output === shown) ?? (shown ? copyOf(shown) : null);
  const slices = new Map([...plan.slices, ...moved]);
  return { steps, painted, late, guide, plan: { ...plan, buffers, slices }, extended };
}

/** The operation that writes the canvas: the one that makes the painting, unless others read it too. */
function paintingOperation(plan: Plan): Operation | null {
  const painting = plan.outputs[0];
  const maker = plan.operations.find(operation => operation.output === painting);
  if (maker && !isRead(painting, plan.operations) && maker.kind !== 'frameInput') return maker;
  return painting ? copyOf(painting) : null;
}

/** Whether it resamples what may be kept for it, and no other operation reads the result. */
const isUnreadGuide = (operation: Operation, operations: readonly Operation[], plan: Plan): boolean =>
  operation.kind === 'resample' &&
  operation.output !== plan.outputs[0] &&
  areMovable(operation.inputs, plan) &&
  !isRead(operation.output, operations);

const isRead = (tensor: Tensor | undefined, operations: readonly Operation[]): boolean =>
  operations.some(({ inputs }) => inputs.some(input => input === tensor));

/** Whether none of them is a part of a concatenation, or state, which the end of a frame replaces. */
const areMovable = (tensors: readonly Tensor[], plan: Plan): boolean =>
  tensors.every(tensor => plan.slices.get(tensor)?.stride === channelBlocks(tensor) && !tensor.constant);

/** Copies a tensor to a canvas. */
const copyOf = (tensor: Tensor): Operation => ({
  kind: 'elementwise',
  name: `show ${tensor.name}`,
  inputs: [tensor],
  output: tensor,
  epilogue: { kind: 'input', index: 0 },
});

function fuseDownsample(operations: readonly Operation[]): FrameStep[] {
  const source = operations.find(operation => operation.kind === 'frameInput');
  const means = operations.find(
    operation => operation.kind === 'resample' && operation.inputs[0] === source?.output,
  );
  if (source && means?.kind === 'resample' && isDownsample(source, means)) {
    const fused: FrameStep = { kind: 'downsample', source, means };
    return operations.flatMap(operation =>
      operation === source ? [fused] : operation === means ? [] : [singleStep(operation)],
    );
  }
  return operations.map(singleStep);
}

function isDownsample(source: FrameInput, means: Resample): boolean {
  const [, , height, width] = source.output.shape;
  return (
    means.inputs.length === 1 &&
    channelBlocks(source.output) === 1 &&
    isResampleReduce(means) &&
    covers(means.left, height) &&
    covers(means.right, width)
  );
}

/** Whether each of `size` columns is in some row's band, so that its pixel is written. */
function covers(band: BandedMatrix | null, size: number): boolean {
  if (band?.starts[0] !== 0) return false;
  const { starts, width, rows } = band;
  for (let row = 0; row < rows; row++) {
    const end = row + 1 < rows ? (starts[row + 1] ?? 0) : size;
    const start = starts[row] ?? 0;
    if (end < start || end > start + width) return false;
  }
  return true;
}

function fuseInputConv(steps: readonly FrameStep[], plan: Plan): FrameStep[] {
  for (const { operation: convolution } of steps.filter(step => step.kind === 'single')) {
    if (convolution.kind !== 'convolution') continue;
    const [tensor] = convolution.inputs;
    const maker = steps.find(step => step.kind === 'single' && step.operation.output === tensor);
    const guide = maker?.kind === 'single' ? maker.operation : undefined;
    if (guide?.kind !== 'resample' && guide?.kind !== 'frameInput') continue;
    const tile = isInputConv(guide, convolution, plan) && fitTile(guide, convolution);
    if (!tile) continue;
    const fused: FrameStep = { kind: 'inputConv', guide, convolution, tile };
    return steps.flatMap(step => {
      if (step === maker) return [];
      return step.kind === 'single' && step.operation === convolution ? [fused] : [step];
    });
  }
  return [...steps];
}

function isInputConv(guide: Resample | FrameInput, convolution: Convolution, plan: Plan): boolean {
  const tensor = guide.output;
  const readers = plan.operations.filter(operation => operation.inputs.includes(tensor));
  const isNarrow =
    guide.kind === 'frameInput' ||
    ((guide.left?.width ?? 1) <= MAX_BAND_WIDTH && (guide.right?.width ?? 1) <= MAX_BAND_WIDTH);
  return (
    isNarrow &&
    readers.length === 1 &&
    tensor !== plan.outputs[0] &&
    convolution.inputs.length === 1 &&
    convolution.output !== plan.outputs[0] &&
    areMovable(guide.inputs, plan)
  );
}
