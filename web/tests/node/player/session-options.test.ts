// A model of 8-bit layers keeps the runtime's 8-bit kernels, and a look with stored weights is decoded once.

import { expect, test } from 'vitest';
import { writeNode } from '../../../player/painters/onnx-writer.ts';
import { sessionOptions } from '../../../player/painters/wasm/session-options.ts';

test.each([
  ['DequantizeLinear', '1'],
  ['QuantizeLinear', '0'],
  ['DynamicQuantizeLinear', '0'],
])('a model with %s has disable_quant_qdq %s', (op, value) => {
  const model = writeNode({ op, inputs: ['x', 'scale'], output: 'y', attributes: {} });
  expect(sessionOptions(model).extra).toEqual({ session: { disable_quant_qdq: value } });
});
