// Memory planning: the fused operations in order, and a slice of one of few buffers for each tensor.
//
// A concatenation over channels costs nothing where its parts can be written side by side: they are slices of one
// buffer. Tensors share a buffer if their live ranges do not overlap. The plan is made once, at load, so a frame
// allocates nothing. It knows no backend.

import type { Expression } from '../ir/expression.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import type { Graph, LiveInput, Operation } from '../ir/operation.ts';
import { doubledBy } from '../ir/subpixel.ts';
import { channelBlocks, LANES, paddedLength, type Tensor } from '../ir/tensor.ts';
import { fuse, withoutDead } from './fusion.ts';

/** Where a tensor lies. `offset` and `stride` count blocks of four channels within a pixel. */
export interface BufferSlice {
  readonly buffer: number;
  readonly offset: number;
  readonly stride: number;
}

/** A tensor that stays from run to run: a run reads `input`, to which its last operations copy `output`. The input's
 * `constant` is what it is before the first run. */
export interface StateTensor {
  readonly input: Tensor;
  readonly output: Tensor;
}

export interface Plan {
  readonly operations: readonly Operation[];
  readonly slices: ReadonlyMap<Tensor, BufferSlice>;
  /** Bytes of each buffer. */
  readonly buffers: readonly number[];
  /** What `run` is given. If there is a camera, the first input is its picture. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  /** The output that shows what the network sees. */
  readonly guide: Tensor | undefined;
  /** Of a look that has it. */
  readonly state?: readonly StateTensor[];
  readonly live: readonly LiveInput[];
  /** Whether the first input is the camera's picture. */
  readonly hasCamera: boolean;
}

/** Halves are too coarse for positions in a picture. */
export const needsFloat32 = ({ operations }: Pick<Plan, 'operations'>): boolean =>
  operations.some(({ kind }) => kind === 'gridSample');

const IDENTITY: Expression = { kind: 'value' };

const isView = (operation: Operation): boolean =>
  operation.kind === 'movement' && operation.map.kind === 'view';

/** With `hasCamera`, the first input is a picture that a camera may give. Without `hasNorms`, none are looked for. */
export const makePlan = async (graph: Graph, hasCamera: boolean, hasNorms = true): Promise<Plan> =>
  layOut(await optimize(graph, hasCamera, hasNorms), graph, hasCamera);

/** The operations that the outputs depend on, fused. */
export async function optimize(graph: Graph, hasCamera: boolean, hasNorms: boolean): Promise<Operation[]> {
  const picture = hasCamera ? graph.inputs[0] : undefined;
  const source: Operation[] = picture
    ? [{ kind: 'frameInput', reads: 0, name: picture.name, inputs: [], output: picture, epilogue: IDENTITY }]
    : [];
  let all = withoutDead([...source, ...graph.operations], graph.outputs);
  if (all.some(isView)) all = (await import('./transposes.ts')).cancelTransposes(all);
  if (all.some(doubledBy)) all = (await import('./doubling.ts')).foldDoublings(all);
  if (hasNorms && all.some(({ kind }) => kind === 'reduce' || kind === 'normalization')) {
    all = (await import('./normalization.ts')).fuseNormalizations(all, graph.outputs);
  }
  return fuse(all, graph.outputs);
}

/** Gives each tensor its place in memory. */
export async function layOut(fused: readonly Operation[], graph: Graph, hasCamera: boolean): Promise<Plan> {
  const concats = concatGroups(fused, graph);
  let operations = fused.filter(operation => !concats.has(operation.output));
  if (operations.some(({ inputs }) => inputs.length > MAX_READ_TENSORS)) {
    operations = (await import('./legalize.ts')).legalize(operations);
  }
  const { slices, buffers } = assignSlices(operations, graph, concats, hasCamera);
  return {
    operations,
    slices,
    buffers,
    inputs: graph.inputs,
    outputs: graph.outputs,
    guide: graph.outputs[1],
    live: graph.live,
    hasCamera,
  };
}

/** Concatenations whose parts can be written side by side, by output. */
function concatGroups(operations: readonly Operation[], graph: Graph): Map<Tensor, readonly Tensor[]> {
  const maker = new Map(operations.map(operation => [operation.output, operation]));
  const groups = new Map<Tensor, readonly Tensor[]>();
  const taken = new Set<Tensor>();
  for (const concat of operations) {
    if (concat.kind !== 'concat' || concat.axis !== 1 || concat.epilogue) continue;
    const parts = concat.inputs;
    if (!parts.slice(0, -1).every(part => part.shape[1] % LANES === 0)) continue;
    const together = new Set(parts);
    const own = parts.every(part => {
      const made = maker.get(part);
      // An operation that reads one part and writes another would read and write one buffer at once.
      const apart =
        made && made.kind !== 'concat' && !made.inputs.some(t => together.has(t) || t === concat.output);
      return apart && !taken.has(part) && !graph.outputs.includes(part);
    });
    if (!own || together.size !== parts.length || graph.outputs.includes(concat.output)) continue;
    for (const part of parts) taken.add(part);
    groups.set(concat.output, parts);
  }
  return groups;
}

interface LiveRange {
  readonly bytes: number;
  start: number;
  end: number;
}

function assignSlices(
  operations: readonly Operation[],
  graph: Graph,
  concats: ReadonlyMap<Tensor, readonly Tensor[]>,
  hasCamera: boolean,
): { slices: Map<Tensor, BufferSlice>; buffers: number[] } {
  const roots = new Map<Tensor, Tensor>();
  for (const [whole, parts] of concats) for (const part of parts) roots.set(part, whole);
  const rootOf = (tensor: Tensor): Tensor => roots.get(tensor) ?? tensor;
  const ranges = liveRanges(operations, graph, rootOf, hasCamera);
  const { assigned, buffers } = assignBuffers(ranges);
  const slices = new Map<Tensor, BufferSlice>();
  for (const [root, buffer] of assigned) {
    const stride = channelBlocks(root);
    slices.set(root, { buffer, offset: 0, stride });
    let offset = 0;
    for (const part of concats.get(root) ?? []) {
      slices.set(part, { buffer, offset, stride });
      offset += channelBlocks(part);
    }
  }
  return { slices, buffers };
}

/** From the first operation that writes a tensor to the last that reads it. */
function liveRanges(
  operations: readonly Operation[],
  graph: Graph,
  rootOf: (tensor: Tensor) => Tensor,
  hasCamera: boolean,
): Map<Tensor, LiveRange> {
  const ranges = new Map<Tensor, LiveRange>();
  const touch = (tensor: Tensor, at: number) => {
    const root = rootOf(tensor);
    const range = ranges.get(root);
    if (range) {
      range.start = Math.min(range.start, at);
      range.end = Math.max(range.end, at);
    } else {
      ranges.set(root, { bytes: paddedLength(root) * 4, start: at, end: at });
    }
  };
  operations.forEach((operation, at) => {
    touch(operation.output, at);
    for (const tensor of operation.inputs) {
      touch(tensor, at);
      // Constants are written once, at load. No other tensor may use their buffer.
      if (tensor.constant) {
        touch(tensor, -1);
        touch(tensor, operations.length);
      }
    }
  });
  const given = hasCamera ? graph.inputs.slice(1) : graph.inputs;
  for (const tensor of given) touch(tensor, -1);
  for (const tensor of [...graph.outputs, ...given]) touch(tensor, operations.length);
  return ranges;
}

function assignBuffers(ranges: ReadonlyMap<Tensor, LiveRange>): {
  assigned: Map<Tensor, number>;
  buffers: number[];
} {
  const assigned = new Map<Tensor, number>();
  const buffers: { bytes: number; free: number }[] = [];
  const order = [...ranges].sort(([, a], [, b]) => a.start - b.start || b.bytes - a.bytes);
  for (const [tensor, range] of order) {
    const free = buffers
      .map((buffer, index) => ({ buffer, index }))
      .filter(({ buffer }) => buffer.free < range.start)
      // The smallest that is large enough, else the largest, which then grows.
      .sort((a, b) => waste(a.buffer.bytes, range.bytes) - waste(b.buffer.bytes, range.bytes))[0];
    if (free) {
      free.buffer.bytes = Math.max(free.buffer.bytes, range.bytes);
      free.buffer.free = range.end;
      assigned.set(tensor, free.index);
    } else {
      assigned.set(tensor, buffers.push({ bytes: range.bytes, free: range.end }) - 1);
    }
  }
  return { assigned, buffers: buffers.map(({ bytes }) => bytes) };
}

const waste = (have: number, need: number): number => (have >= need ? have - need : (need - have) * 2 ** 32);
