// Gradients on WebGL2, and random numbers.

import { afterAll } from 'vitest';
import { compileTraining } from '../../engine/webgl2/draws/training.ts';
import { openContext } from '../../engine/webgl2/runtime/context.ts';
import { compareGradients } from '../gradients.ts';
import { runOnWebgl2 } from '../run-graph.ts';
import { compareNoise } from '../uniform-noise.ts';

const context = await openContext(null);
afterAll(() => context.gl.getExtension('WEBGL_lose_context')?.loseContext());

await compareGradients((plan, inputs) => runOnWebgl2(plan, context, inputs, compileTraining));
compareNoise((plan, inputs) => runOnWebgl2(plan, context, inputs, compileTraining));
