// The plan: fused operations in order, and for every tensor a place in one of few buffers.
//
// Concatenation over channels is no operation here: where the parts can be made right beside each other,
// they are views of one buffer. Buffers are shared by tensors whose lives do not overlap. All of it is
// decided once, at load; a frame allocates nothing. Nothing here knows a backend.

import type { Expression } from '../ir/expression.ts';
import { MAX_READ_TENSORS } from '../ir/limits.ts';
import type { Graph, LiveInput, Operation } from '../ir/operation.ts';
import { channelBlocks, LANES, paddedLength, type Tensor } from '../ir/tensor.ts';
import { fuse } from './fusion.ts';

/** Where a tensor lies: `offset` and `stride` count blocks of four channels within one pixel. */
export interface Place {
  readonly buffer: number;
  readonly offset: number;
  readonly stride: number;
}

export interface Plan {
  readonly operations: readonly Operation[];
  readonly places: ReadonlyMap<Tensor, Place>;
  /** Bytes of each buffer. */
  readonly buffers: readonly number[];
  /** What `run` is given; the first is the picture where a source makes it. */
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly live: readonly LiveInput[];
  /** True where the first input is the camera's. */
  readonly camera: boolean;
}

const IDENTITY: Expression = { kind: 'value' };

/** With `camera`, the first input is a picture that a camera may give. */
export async function makePlan(graph: Graph, camera: boolean): Promise<Plan> {
  const picture = camera ? graph.inputs[0] : undefined;
  const source: Operation[] = picture
    ? [{ kind: 'frameInput', name: picture.name, inputs: [], output: picture, epilogue: IDENTITY }]
    : [];
  const fused = fuse([...source, ...graph.operations], graph.outputs);
  const joins = joinGroups(fused, graph);
  let operations = fused.filter(operation => !joins.has(operation.output));
  if (operations.some(({ inputs }) => inputs.length > MAX_READ_TENSORS)) {
    operations = (await import('./legalize.ts')).narrowed(operations);
  }
  const { places, buffers } = placeTensors(operations, graph, joins, camera);
  return {
    operations,
    places,
    buffers,
    inputs: graph.inputs,
    outputs: graph.outputs,
    live: graph.live,
    camera,
  };
}

/** Joins whose parts can be written side by side, by output. */
function joinGroups(operations: readonly Operation[], graph: Graph): Map<Tensor, readonly Tensor[]> {
  const maker = new Map(operations.map(operation => [operation.output, operation]));
  const groups = new Map<Tensor, readonly Tensor[]>();
  const taken = new Set<Tensor>();
  for (const join of operations) {
    if (join.kind !== 'concat' || join.axis !== 1 || join.epilogue) continue;
    const parts = join.inputs;
    if (!parts.slice(0, -1).every(part => part.shape[1] % LANES === 0)) continue;
    const together = new Set(parts);
    const own = parts.every(part => {
      const made = maker.get(part);
      // An operation that reads one part and writes another would read and write one buffer at once.
      const apart =
        made && made.kind !== 'concat' && !made.inputs.some(t => together.has(t) || t === join.output);
      return apart && !taken.has(part) && !graph.outputs.includes(part);
    });
    if (!own || together.size !== parts.length || graph.outputs.includes(join.output)) continue;
    for (const part of parts) taken.add(part);
    groups.set(join.output, parts);
  }
  return groups;
}

interface Life {
  readonly bytes: number;
  start: number;
  end: number;
}

function placeTensors(
  operations: readonly Operation[],
  graph: Graph,
  joins: ReadonlyMap<Tensor, readonly Tensor[]>,
  camera: boolean,
): { places: Map<Tensor, Place>; buffers: number[] } {
  const roots = new Map<Tensor, Tensor>();
  for (const [whole, parts] of joins) for (const part of parts) roots.set(part, whole);
  const rootOf = (tensor: Tensor): Tensor => roots.get(tensor) ?? tensor;
  const lives = livesOf(operations, graph, rootOf, camera);
  const { assigned, buffers } = assign(lives);
  const places = new Map<Tensor, Place>();
  for (const [root, buffer] of assigned) {
    const stride = channelBlocks(root);
    places.set(root, { buffer, offset: 0, stride });
    let offset = 0;
    for (const part of joins.get(root) ?? []) {
      places.set(part, { buffer, offset, stride });
      offset += channelBlocks(part);
    }
  }
  return { places, buffers };
}

/** From the first operation that writes a tensor to the last that reads it. */
function livesOf(
  operations: readonly Operation[],
  graph: Graph,
  rootOf: (tensor: Tensor) => Tensor,
  camera: boolean,
): Map<Tensor, Life> {
  const lives = new Map<Tensor, Life>();
  const touch = (tensor: Tensor, at: number) => {
    const root = rootOf(tensor);
    const life = lives.get(root);
    if (life) {
      life.start = Math.min(life.start, at);
      life.end = Math.max(life.end, at);
    } else {
      lives.set(root, { bytes: paddedLength(root) * 4, start: at, end: at });
    }
  };
  operations.forEach((operation, at) => {
    touch(operation.output, at);
    for (const tensor of operation.inputs) {
      touch(tensor, at);
      // Constants are written once, at load: nobody may borrow their buffer.
      if (tensor.constant) {
        touch(tensor, -1);
        touch(tensor, operations.length);
      }
    }
  });
  const given = camera ? graph.inputs.slice(1) : graph.inputs;
  for (const tensor of given) touch(tensor, -1);
  for (const tensor of [...graph.outputs, ...given]) touch(tensor, operations.length);
  return lives;
}

function assign(lives: ReadonlyMap<Tensor, Life>): { assigned: Map<Tensor, number>; buffers: number[] } {
  const assigned = new Map<Tensor, number>();
  const buffers: { bytes: number; free: number }[] = [];
  const order = [...lives].sort(([, a], [, b]) => a.start - b.start || b.bytes - a.bytes);
  for (const [tensor, life] of order) {
    const free = buffers
      .map((buffer, index) => ({ buffer, index }))
      .filter(({ buffer }) => buffer.free < life.start)
      // The tightest that is large enough, else the largest, which then grows.
      .sort((a, b) => waste(a.buffer.bytes, life.bytes) - waste(b.buffer.bytes, life.bytes))[0];
    if (free) {
      free.buffer.bytes = Math.max(free.buffer.bytes, life.bytes);
      free.buffer.free = life.end;
      assigned.set(tensor, free.index);
    } else {
      assigned.set(tensor, buffers.push({ bytes: life.bytes, free: life.end }) - 1);
    }
  }
  return { assigned, buffers: buffers.map(({ bytes }) => bytes) };
}

const waste = (have: number, need: number): number => (have >= need ? have - need : (need - have) * 2 ** 32);
