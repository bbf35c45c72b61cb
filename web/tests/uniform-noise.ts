// Uniform random numbers on one backend: the bits of the CPU's.

import { expect, test } from 'vitest';
import { CpuExecutor } from '../engine/cpu/executor.ts';
import { lower } from '../engine/graph/lowering/lower.ts';
import { TRAINING } from '../engine/graph/lowering/training.ts';
import { makePlan, type Plan } from '../engine/graph/passes/plan.ts';
import type { OnnxModel } from '../engine/onnx/model.ts';
import { DOMAIN, int, ints, NodeWriter } from '../engine/onnx/node-writer.ts';

type Arrays = Record<string, Float32Array>;

/** A graph of random numbers alone: `y`, of the live inputs `seed` and `step`. */
export function noiseModel(dims: readonly number[], stream = 0): OnnxModel {
  const writer = new NodeWriter([], 17);
  const attributes = { stream: int(stream), shape: ints(dims) };
  writer.addNamed('y', 'UniformNoise', ['seed', 'step'], attributes, DOMAIN);
  const value = (name: string, own: readonly number[]) => ({ name, type: 1, dims: own });
  return {
    size: 0,
    opset: 17,
    metadata: new Map(),
    nodes: writer.nodes,
    constants: new Map(),
    inputs: [value('seed', []), value('step', [])],
    outputs: [value('y', dims)],
  };
}

/** The numbers of a graph on the CPU. */
export async function drawOnCpu(model: OnnxModel, seed: number, step: number): Promise<Float32Array> {
  const executor = new CpuExecutor(await lower(model, TRAINING));
  executor.array('seed')[0] = seed;
  executor.array('step')[0] = step;
  executor.run();
  return Float32Array.from(executor.array('y'));
}

export function compareNoise(run: (plan: Plan, inputs: Arrays) => Promise<Arrays>): void {
  test.each([
    { dims: [2, 7, 5, 6], stream: 0, seed: 0, step: 0 },
    { dims: [3, 4, 9, 1], stream: 3, seed: 2 ** 24 - 1, step: 12345 },
    { dims: [4, 10], stream: 1, seed: 77, step: 2 ** 24 - 1 },
  ])('random numbers are the bits of the CPU, $dims', async ({ dims, stream, seed, step }) => {
    const model = noiseModel(dims, stream);
    const plan = await makePlan(await lower(model, TRAINING), false);
    const made = await run(plan, { seed: Float32Array.of(seed), step: Float32Array.of(step) });
    expect(made.y).toEqual(await drawOnCpu(model, seed, step));
  });
}
