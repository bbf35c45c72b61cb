// Reductions in two steps give what they give in one.

import { expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { binary, constant, VALUE } from '../../engine/graph/ir/expression.ts';
import type { Graph, Reduce } from '../../engine/graph/ir/operation.ts';
import { productOf } from '../../engine/graph/ir/strides.ts';
import { makeTensor } from '../../engine/graph/ir/tensor.ts';
import { splitReductions } from '../../engine/graph/passes/split-reductions.ts';

const x = makeTensor('x', [3, 5, 80, 60]);

function makeGraph(axes: Reduce['axes'], how: Reduce['how']): Graph {
  const dims = x.shape.map((dim, axis) => (axes[axis] ? 1 : dim));
  const output = makeTensor('y', dims);
  const epilogue = binary('mul', VALUE, constant(0.5));
  const operations = [{ kind: 'reduce', name: 'y', inputs: [x], output, epilogue, axes, how } as const];
  return { operations, inputs: [x], outputs: [output], live: [] };
}

function run(graph: Graph): number[] {
  const executor = new CpuExecutor(graph, 'float64');
  const values = Array.from({ length: productOf(x.shape) }, (_, i) => Math.sin(i));
  executor.array('x').set(values);
  executor.run();
  return [...executor.array('y')];
}

test.each([
  ['all axes', [true, true, true, true], 'sum'],
  ['all but channels', [true, false, true, true], 'sum'],
  ['pictures', [false, true, true, true], 'max'],
  ['rows', [false, false, false, true], 'sum'],
] as const)('over %s', (_, axes, how) => {
  const graph = makeGraph(axes, how);
  const operations = splitReductions(graph.operations, 4096);
  const isSplit = productOf(x.shape.filter((_, axis) => axes[axis])) >= 2 ** 13;
  expect(operations.length).toBe(isSplit ? 2 : 1);
  const expected = run(graph);
  for (const [i, one] of run({ ...graph, operations }).entries())
    expect(one).toBeCloseTo(expected[i] ?? Number.NaN, 9);
});

test('a GPU that has few threads has no use for it', () => {
  const { operations } = makeGraph([true, true, true, true], 'sum');
  expect(splitReductions(operations, 64)).toEqual(operations);
});
