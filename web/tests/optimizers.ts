// Whole training steps of every optimizer on a backend, against torch in float64.

import { describe, expect, test } from 'vitest';
import { constantOf } from '../engine/onnx/constant.ts';
import type { OnnxModel } from '../engine/onnx/model.ts';
import { NodeWriter } from '../engine/onnx/node-writer.ts';
import type { TrainingBackend } from '../engine/training/backend.ts';
import type { Optimizer } from '../engine/training/optimizers/optimizer.ts';
import { makeTrainingStep, type TrainingStep } from '../engine/training/step.ts';
import { fetchBytes } from './fetch.ts';
import { dimsOf, type OptimizerCases, optimizerOf } from './optimizer-cases.ts';

const [INPUT, WEIGHT, OUTPUT] = ['x', 'weight', 'y'] as const;
/** Below all outputs: the absolute error then grows with the output. */
const FAR_BELOW = -1e4;
const MAX_APART = 1e-5;

/** The sum of x times weights, whose gradient by the weights is x. */
function sumOfProducts(dims: readonly number[], start: Float32Array): OnnxModel {
  const writer = new NodeWriter([INPUT, WEIGHT, OUTPUT], 17);
  const sum = writer.sum(
    writer.times(INPUT, WEIGHT),
    dims.map((_, axis) => axis),
  );
  writer.addNamed(OUTPUT, 'Identity', [sum]);
  return {
    size: 0,
    opset: 17,
    metadata: new Map(),
    nodes: writer.nodes,
    constants: new Map([...writer.constants, [WEIGHT, constantOf(WEIGHT, dims, start)] as const]),
    inputs: [{ name: INPUT, type: 1, dims: [...dims] }],
    outputs: [{ name: OUTPUT, type: 1, dims: dims.map(() => 1) }],
  };
}

const fetchDoubles = async (file: string): Promise<Float64Array> =>
  new Float64Array((await fetchBytes(file)).buffer);

export function testOptimizers(
  all: OptimizerCases,
  make: (step: TrainingStep, optimizer: Optimizer) => Promise<TrainingBackend>,
): void {
  const size = all.shape.reduce((a, b) => a * b, 1);
  describe(`${all.steps} steps are those of torch within ${MAX_APART}`, () => {
    test.each(all.cases)('$name $options', async one => {
      const optimizer = optimizerOf(one);
      const start = Float32Array.from(await fetchDoubles('optimizers.start'));
      const gradients = Float32Array.from(await fetchDoubles('optimizers.gradients'));
      const expected = await fetchDoubles(one.file);
      const step = await makeTrainingStep(sumOfProducts(dimsOf(all, one), start), {
        loss: 'l1',
        parameters: [WEIGHT],
        optimizer,
      });
      const target = Float32Array.of(FAR_BELOW);
      const backend = await make(step, optimizer);
      try {
        expect(expected).toHaveLength(all.steps * size);
        for (let t = 0; t < all.steps; t++) {
          const x = gradients.subarray(t * size, (t + 1) * size);
          const inputs = new Map([
            [INPUT, x],
            [step.target, target],
          ]);
          await backend.step(inputs, optimizer.scalars(t + 1, one.rate), t);
          const made = (await backend.read([WEIGHT])).get(WEIGHT) ?? new Float32Array();
          const wanted = expected.subarray(t * size, (t + 1) * size);
          const apart = Math.max(...wanted.map((value, i) => Math.abs(value - (made[i] ?? Number.NaN))));
          expect(apart, `step ${t + 1}`).toBeLessThan(MAX_APART);
        }
      } finally {
        backend.destroy();
      }
    });
  });
}
