// Gradients on WebGL2, and random numbers.

import { afterAll } from 'vitest';
import { openContext } from '../../engine/webgl2/runtime/context.ts';
import { compareGradients } from '../gradients.ts';
import { trainOnWebgl2 } from '../run-graph.ts';
import { compareNoise } from '../uniform-noise.ts';

const context = await openContext(null);
afterAll(() => context.gl.getExtension('WEBGL_lose_context')?.loseContext());

await compareGradients((plan, inputs) => trainOnWebgl2(plan, context, inputs));
compareNoise((plan, inputs) => trainOnWebgl2(plan, context, inputs));

// Weight gradients fill several textures at once, where a GPU can.
for (const layers of [1, 2, 4]) {
  const fewer = { ...context, limits: { ...context.limits, layers } };
  await compareGradients(
    (plan, inputs) => trainOnWebgl2(plan, fewer, inputs),
    ['Conv', 'Gemm'],
    ` with ${layers} draw buffers`,
  );
}
