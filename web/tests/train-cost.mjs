// Prints what a training step of LeNet-5 costs on WebGPU (28 x 28 padded by 2, 61,706 parameters, batches of 64, Adam), or
// with `--webgl2` on WebGL2: operations of the forward pass, dispatches or draws of the step, and CPU time of the browser's
// GPU process, which on a software GPU is the time of the step. `npm run train-cost`; with `--each`, that of each dispatch
// or draw too. `npm run unit` makes its file.

import { openPage } from './open-page.mjs';

const BATCH = 64;
const STEPS = 20;

const backend = process.argv.includes('--webgl2') ? 'webgl2' : 'webgpu';
const each = process.argv.includes('--each');
const { page, close } = await openPage();
try {
  const found = await page.evaluate(
    async given => (await import('/tests/train-cost.ts')).measureStep(...given),
    [backend, BATCH, STEPS, each],
  );
  const { adapter, forward, count, compiling, processor, wall, dispatches, losses } = found;
  for (const { name, kind, shapes, size, processor: own } of dispatches)
    console.log(`${own.toFixed(2).padStart(8)} ms  ${kind} ${name} (${size}) ${shapes}`);
  console.log(`${adapter}, batch ${BATCH}, last losses ${Object.values(losses).map(one => one.toFixed(3))}`);
  console.log(`forward: ${forward} operations; step: ${count} (${(count / forward).toFixed(2)} times)`);
  console.log(
    `a step: ${processor.toFixed(0)} ms of CPU time, ${wall.toFixed(0)} ms; compiled in ${compiling.toFixed(0)} ms of CPU time`,
  );
} finally {
  await close();
}
