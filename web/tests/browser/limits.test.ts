// Tensors that are no pictures on WebGPU: their sides may be as long as buffers allow.

import { afterAll, expect, test } from 'vitest';
import { readModel } from '../../engine/index.ts';
import { requestDevice } from '../../engine/webgpu/runtime/device.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';
import { runOnWebgpu } from '../run-graph.ts';

const device = await requestDevice();
afterAll(() => device.destroy());

const LENGTH = 200_000;

test.each([
  ['rows', [1, 4, LENGTH, 2]],
  ['columns', [1, 4, 2, LENGTH]],
] as const)('a convolution, a mean and a Softmax over %s of 200,000', async (_, shape) => {
  const long = shape.indexOf(LENGTH);
  // Adds the value before and the one after along the long side, in each channel.
  const weights = new Float32Array(4 * 4 * 9);
  for (let c = 0; c < 4; c++)
    for (let tap = 0; tap < 3; tap++) weights[(c * 4 + c) * 9 + (long === 2 ? tap * 3 + 1 : 3 + tap)] = 1;
  const { plan } = await readModel(
    model(
      graphOf({
        nodes: [
          node('Conv', ['x', 'w'], ['sums'], { pads: [1, 1, 1, 1] }),
          node('Softmax', ['sums'], ['likely'], { axis: 5 - long }),
          node('GlobalAveragePool', ['sums'], ['mean'], {}),
        ],
        constants: [tensor('w', [4, 4, 3, 3], weights)],
        inputs: [value('x', shape)],
        outputs: [value('likely', shape), value('mean', [1, 4, 1, 1])],
      }),
    ),
  );
  const x = Float32Array.from({ length: 8 * LENGTH }, (_, i) => Math.sin(i * 0.7) / 2);
  const { likely, mean } = await runOnWebgpu(plan, device, { x });
  const [step, other] = long === 2 ? [2, 1] : [1, LENGTH];
  const sum = (i: number): number => {
    const at = Math.floor(i / step) % LENGTH;
    return (at > 0 ? (x[i - step] ?? 0) : 0) + (x[i] ?? 0) + (at < LENGTH - 1 ? (x[i + step] ?? 0) : 0);
  };
  const means = [0, 1, 2, 3].map(c => {
    let total = 0;
    for (let i = 0; i < 2 * LENGTH; i++) total += sum(c * 2 * LENGTH + i);
    return total / (2 * LENGTH);
  });
  means.forEach((expected, c) => {
    expect(mean?.[c]).toBeCloseTo(expected, 5);
  });
  for (const at of [0, 1, 4096, 65536, LENGTH - 1]) {
    const first = 2 * LENGTH + at * step;
    const [own, beside] = [sum(first), sum(first + other)];
    expect(likely?.[first]).toBeCloseTo(1 / (1 + Math.exp(beside - own)), 5);
  }
});

test('the error for a tensor that is too large names it', async () => {
  const { plan } = await readModel(
    model(
      graphOf({
        nodes: [node('Relu', ['x'], ['y'], {})],
        inputs: [value('x', [1, LENGTH, 2])],
        outputs: [value('y', [1, LENGTH, 2])],
      }),
    ),
  );
  const small = new Proxy(device, {
    get: (target, key) => {
      if (key === 'limits') return { maxStorageBufferBindingSize: 2 ** 20, maxBufferSize: 2 ** 28 };
      const found: unknown = Reflect.get(target, key);
      return typeof found === 'function' ? found.bind(target) : found;
    },
  });
  await expect(runOnWebgpu(plan, small, { x: new Float32Array(2 * LENGTH) })).rejects.toThrow(
    /^'values \d' needs 6400000 bytes in one buffer; this GPU allows 1048576\.$/,
  );
});
