// Prints what a training step of LeNet-5 costs on WebGPU (28 x 28 padded by 2, 61,706 parameters, batches of 64, Adam):
// dispatches of the forward pass and of the step, and CPU time of the browser's GPU process, which on a software GPU is
// the time of the step. `npm run train-cost`; with `--each`, that of each dispatch too. `npm run unit` makes its file.

import { openPage } from './open-page.mjs';

const BATCH = 64;
const STEPS = 20;

const each = process.argv.includes('--each');
const { page, close } = await openPage();
try {
  const found = await page.evaluate(
    async given => (await import('/tests/train-cost.ts')).measureStep(...given),
    [BATCH, STEPS, each],
  );
  const { adapter, forward, count, compiling, processor, wall, dispatches, losses } = found;
  for (const { name, kind, shapes, workgroups, processor: own } of dispatches)
    console.log(`${own.toFixed(2).padStart(8)} ms  ${kind} ${name} (${workgroups}) ${shapes}`);
  console.log(`${adapter}, batch ${BATCH}, last losses ${Object.values(losses).map(one => one.toFixed(3))}`);
  console.log(`forward: ${forward} dispatches; step: ${count} (${(count / forward).toFixed(2)} times)`);
  console.log(
    `a step: ${processor.toFixed(0)} ms of CPU time, ${wall.toFixed(0)} ms; compiled in ${compiling.toFixed(0)} ms of CPU time`,
  );
} finally {
  await close();
}
