// Which operations of a plan a frame makes in one kernel, beyond what the passes over the graph have fused.
// Painting never shows what lies between them, so it needs no buffer and no dispatch of its own:
//
// - the camera's picture and the means of its cells, which read every pixel once;
// - the guide, and the first convolution, which reads it.
//
// Plain data, made without a GPU. `run` takes the same steps, and makes the guide by itself after them where somebody
// reads it.

import type { BandedMatrix, Convolution, FrameInput, Operation, Resample } from '../../graph/ir/operation.ts';
import { channelBlocks, paddedLength, type Tensor } from '../../graph/ir/tensor.ts';
import type { BufferSlice, Plan } from '../../graph/passes/plan.ts';
import { type Tile, tileOf } from './input-conv.ts';
import { isGathering } from './resample.ts';
import type { ExtendedKernels } from './shader.ts';

export type Step =
  | { readonly kind: 'plain'; readonly operation: Operation }
  | { readonly kind: 'cells'; readonly source: FrameInput; readonly means: Resample }
  | {
      readonly kind: 'opening';
      readonly guide: Resample | FrameInput;
      readonly convolution: Convolution;
      readonly tile: Tile;
    };

export interface Merged {
  readonly steps: readonly Step[];
  /** The operation among them that writes the canvas. */
  readonly painted: Operation | null;
  /** What shows the guide to who looks at it, after a frame. */
  readonly guide: Operation | null;
  /** The plan with slices for what merging lets live longer. */
  readonly plan: Plan;
  readonly extended: ExtendedKernels | null;
}

/** Bands wider than that cost more in every workgroup again than they save. */
const WIDEST_BAND = 4;

export function merge(plan: Plan, extended: ExtendedKernels | null = null): Merged {
  const painted = paintedBy(plan);
  const operations =
    painted && !plan.operations.includes(painted) ? [...plan.operations, painted] : plan.operations;
  const steps = mergeOpening(mergeCells(operations), plan);
  const moved = new Map<Tensor, BufferSlice>();
  const buffers = [...plan.buffers];
  const seen = plan.outputs[1];
  let guide: Operation | null = seen ? show(seen) : null;
  for (const step of steps) {
    if (step.kind !== 'opening') continue;
    if (step.guide.output === seen) guide = step.guide;
    // What a merged kernel reads was free to be overwritten by what that kernel writes.
    for (const tensor of step.guide.inputs) {
      if (tensor.constant || moved.has(tensor)) continue;
      const buffer = buffers.push(paddedLength(tensor) * 4) - 1;
      moved.set(tensor, { buffer, offset: 0, stride: channelBlocks(tensor) });
    }
  }
  const slices = new Map([...plan.slices, ...moved]);
  return { steps, painted, guide, plan: { ...plan, buffers, slices }, extended };
}

/** The operation that writes the canvas: the one that makes the painting, unless others read it too. */
function paintedBy(plan: Plan): Operation | null {
  const painting = plan.outputs[0];
  const maker = plan.operations.find(operation => operation.output === painting);
  const read = plan.operations.some(operation => operation.inputs.some(tensor => tensor === painting));
  if (maker && !read && maker.kind !== 'frameInput') return maker;
  return painting ? show(painting) : null;
}

/** A copy of a tensor, to be given a canvas as its target. */
const show = (tensor: Tensor): Operation => ({
  kind: 'elementwise',
  name: `show ${tensor.name}`,
  inputs: [tensor],
  output: tensor,
  epilogue: { kind: 'input', index: 0 },
});

function mergeCells(operations: readonly Operation[]): Step[] {
  const source = operations.find(operation => operation.kind === 'frameInput');
  const means = operations.find(
    operation => operation.kind === 'resample' && operation.inputs[0] === source?.output,
  );
  if (source && means?.kind === 'resample' && isCells(source, means)) {
    const merged: Step = { kind: 'cells', source, means };
    return operations.flatMap(operation =>
      operation === source ? [merged] : operation === means ? [] : [plain(operation)],
    );
  }
  return operations.map(plain);
}

const plain = (operation: Operation): Step => ({ kind: 'plain', operation });

function isCells(source: FrameInput, means: Resample): boolean {
  const [, , height, width] = source.output.shape;
  return (
    means.inputs.length === 1 &&
    channelBlocks(source.output) === 1 &&
    isGathering(means) &&
    covers(means.left, height) &&
    covers(means.right, width)
  );
}

/** Whether every one of `size` columns is in some row's band, so that somebody writes that pixel. */
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

function mergeOpening(steps: readonly Step[], plan: Plan): Step[] {
  for (const { operation: convolution } of steps.filter(step => step.kind === 'plain')) {
    if (convolution.kind !== 'convolution') continue;
    const [tensor] = convolution.inputs;
    const maker = steps.find(step => step.kind === 'plain' && step.operation.output === tensor);
    const guide = maker?.kind === 'plain' ? maker.operation : undefined;
    if (guide?.kind !== 'resample' && guide?.kind !== 'frameInput') continue;
    const tile = isOpening(guide, convolution, plan) && tileOf(guide, convolution);
    if (!tile) continue;
    const merged: Step = { kind: 'opening', guide, convolution, tile };
    return steps.flatMap(step => {
      if (step === maker) return [];
      return step.kind === 'plain' && step.operation === convolution ? [merged] : [step];
    });
  }
  return [...steps];
}

function isOpening(guide: Resample | FrameInput, convolution: Convolution, plan: Plan): boolean {
  const tensor = guide.output;
  const readers = plan.operations.filter(operation => operation.inputs.includes(tensor));
  const narrow =
    guide.kind === 'frameInput' ||
    ((guide.left?.width ?? 1) <= WIDEST_BAND && (guide.right?.width ?? 1) <= WIDEST_BAND);
  return (
    narrow &&
    readers.length === 1 &&
    tensor !== plan.outputs[0] &&
    convolution.inputs.length === 1 &&
    convolution.output !== plan.outputs[0] &&
    guide.inputs.every(input => plan.slices.get(input)?.stride === channelBlocks(input))
  );
}
