// Activation functions for large inputs on a GPU: the result is never NaN, and is the value that ONNX defines.

import { expect, test } from 'vitest';
import { readGraph } from '../../engine/look.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { graphOf, model, node, value } from '../onnx.ts';
import { runOnWebgpu } from '../run-graph.ts';

const FAR = Float32Array.of(-1e4, -1000, -88, -15, 0, 15, 88, 1e4);

test.each([
  ['Tanh', (x: number) => Math.tanh(x)],
  ['Sigmoid', (x: number) => 1 / (1 + Math.exp(-x))],
  ['Softplus', (x: number) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)))],
  ['Elu', (x: number) => (x < 0 ? Math.expm1(x) : x)],
  ['Erf', (x: number) => (x === 0 ? 0 : Math.sign(x))],
] as const)('%s for inputs up to 1e4', async (op, exact) => {
  const plan = await readGraph(
    model(
      graphOf({
        nodes: [node(op, ['x'], ['y'], {})],
        inputs: [value('x', [1, 8, 1, 1])],
        outputs: [value('y', [1, 8, 1, 1])],
      }),
    ),
  );
  const device = await requestDevice();
  const { y = new Float32Array() } = await runOnWebgpu(plan, device, { x: FAR });
  device.destroy();
  FAR.forEach((x, i) => {
    expect(Math.abs((y[i] ?? Number.NaN) - exact(x)), `${op}(${x}) = ${y[i]}`).toBeLessThan(1e-4);
  });
});
