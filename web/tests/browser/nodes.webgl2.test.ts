// ONNX's own node tests on WebGL2.

import { afterAll } from 'vitest';
import { openContext } from '../../engine/webgl2/runtime/context.ts';
import { conform } from '../conformance.ts';
import { REFUSED } from '../node-cases.ts';
import { runOnWebgl2, trainOnWebgl2 } from '../run-graph.ts';

const context = await openContext(null);
afterAll(() => context.gl.getExtension('WEBGL_lose_context')?.loseContext());

await conform({
  backend: 'webgl2',
  run: (plan, inputs, training) => (training ? trainOnWebgl2 : runOnWebgl2)(plan, context, inputs),
  refused: REFUSED,
  least: 500,
});
