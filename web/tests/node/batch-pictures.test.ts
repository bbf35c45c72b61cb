// Layers over single pixels that see the batch as one picture compute the same, on the CPU.

import { expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import type { Graph, Operation } from '../../engine/graph/ir/operation.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { joinPictures } from '../../engine/graph/passes/batch-pictures.ts';
import { fuse } from '../../engine/graph/passes/fusion.ts';
import { constantOf } from '../../engine/onnx/constant.ts';
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { int, NodeWriter } from '../../engine/onnx/node-writer.ts';

const BATCH = 6;

const spread = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i * 0.618034) % 1) - 0.5);

/** Flattened pictures, two dense layers, and pictures of what they give. */
function network(): OnnxModel {
  const writer = new NodeWriter(['x', 'w1', 'b1', 'w2', 'y'], 17);
  const flat = writer.reshape('x', [BATCH, 24]);
  const hidden = writer.add('Relu', [writer.add('Gemm', [flat, 'w1', 'b1'], { transB: int(1) })]);
  const last = writer.add('Gemm', [hidden, 'w2', ''], { transB: int(1) });
  writer.addNamed('y', 'Reshape', [last, writer.integers([BATCH, 2, 3, 4])]);
  const weights = (name: string, dims: readonly number[]) =>
    [name, constantOf(name, dims, spread(dims.reduce((a, b) => a * b, 1)))] as const;
  const own = new Map([weights('w1', [10, 24]), weights('b1', [10]), weights('w2', [24, 10])]);
  return {
    size: 0,
    opset: 17,
    metadata: new Map(),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, ...own]),
    inputs: [{ name: 'x', type: 1, dims: [BATCH, 2, 3, 4] }],
    outputs: [{ name: 'y', type: 1, dims: [BATCH, 2, 3, 4] }],
  };
}

function run(graph: Graph): Float32Array {
  const executor = new CpuExecutor(graph);
  executor.array('x').set(spread(BATCH * 24));
  executor.run();
  return Float32Array.from(executor.array('y'));
}

const singles = (operations: readonly Operation[]): number =>
  operations.filter(({ output: { shape } }) => shape[0] === BATCH && shape[2] * shape[3] === 1).length;

test('dense layers see the batch as a picture', async () => {
  const graph = await lower(network());
  const operations = fuse(graph.operations, graph.outputs);
  const joined = joinPictures(operations, new Set([...graph.inputs, ...graph.outputs]));
  expect(singles(operations)).toBeGreaterThan(2);
  expect(singles(joined)).toBe(0);
  const made = run({ ...graph, operations: joined });
  const expected = run(graph);
  expect(expected.some(value => Math.abs(value) > 0.1)).toBe(true);
  for (const [i, value] of expected.entries()) expect(made[i], `${i}`).toBeCloseTo(value, 5);
});

test('tensors that others read as single pixels stay so', async () => {
  const graph = await lower(network());
  const operations = fuse(graph.operations, graph.outputs);
  const fixed = operations.find(({ kind }) => kind === 'convolution')?.output;
  if (!fixed) throw new Error('There is no dense layer.');
  const joined = joinPictures(operations, new Set([...graph.inputs, ...graph.outputs, fixed]));
  expect(joined.some(({ output }) => output === fixed)).toBe(true);
  const [made, expected] = [run({ ...graph, operations: joined }), run(graph)];
  for (const [i, value] of expected.entries()) expect(made[i], `${i}`).toBeCloseTo(value, 5);
});
