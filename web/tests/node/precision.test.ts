// Conversion to float16, and the default precision.

import { expect, test } from 'vitest';
import { needsFloat32 } from '../../engine/graph/passes/plan.ts';
import { readGraph } from '../../engine/look.ts';
import { floatToHalf, halfToFloat } from '../../engine/onnx/constant.ts';
import { defaultPrecision } from '../../engine/webgpu/runtime/device.ts';
import { graphOf, model, node, value } from '../onnx.ts';

test('every finite float16 is converted to itself', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const value = halfToFloat(bits);
    if (Number.isFinite(value) && floatToHalf(value) !== bits) expect(floatToHalf(value)).toBe(bits);
  }
});

test('values are rounded to the nearest float16 and clamped to the largest', () => {
  for (let bits = 0; bits < 0x7bff; bits++) {
    const [low, high] = [halfToFloat(bits), halfToFloat(bits + 1)];
    const inner = [0.4, 0.6].map(part => floatToHalf(low + part * (high - low)));
    if (inner[0] !== bits || inner[1] !== bits + 1) expect(inner).toEqual([bits, bits + 1]);
  }
  expect(floatToHalf(1 + 1 / 2048)).toBe(floatToHalf(1));
  expect(floatToHalf(1 + 3 / 2048)).toBe(floatToHalf(1 + 2 / 1024));
  expect([1e6, Number.POSITIVE_INFINITY, -65519].map(floatToHalf)).toEqual([0x7bff, 0x7bff, 0xfbff]);
  expect(halfToFloat(floatToHalf(Number.NaN))).toBeNaN();
});

const gpu = (description: string, ...features: string[]) =>
  ({ info: { description }, features: new Set(features) }) as unknown as GPUDevice;

test('float16 is the default on hardware GPUs that support it', () => {
  const plan = { hasCamera: true, operations: [] };
  expect(defaultPrecision(gpu('nvidia hopper', 'shader-f16'), plan)).toBe('float16');
  expect(defaultPrecision(gpu('nvidia hopper'), plan)).toBe('float32');
  expect(defaultPrecision(gpu('SwiftShader', 'shader-f16'), plan)).toBe('float32');
});

test('networks on arrays, and those that sample at computed positions, have float32', async () => {
  const inputs = [value('image', [1, 3, 8, 8]), value('grid', [1, 8, 8, 2])];
  const sampled = [node('GridSample', ['image', 'grid'], ['out'], {})];
  const plan = await readGraph(
    model(graphOf({ nodes: sampled, inputs, outputs: [value('out', [1, 3, 8, 8])] })),
  );
  const fast = gpu('nvidia hopper', 'shader-f16');
  expect([needsFloat32(plan), needsFloat32({ operations: [] })]).toEqual([true, false]);
  expect(defaultPrecision(fast, { ...plan, hasCamera: true })).toBe('float32');
  expect(defaultPrecision(fast, { hasCamera: false, operations: [] })).toBe('float32');
});
