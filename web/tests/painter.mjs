// Measures the lab's painter: the likeness of a photo by seconds of training on the CPU backend, and the steps of
// synaptic's perceptron beside synaptic.js'. Writes docs/benchmarks/painter.json and painter.md. `npm run painter`. The
// photo, of a data set that the repository does not have, is in the folder LIMNER_SHARED_DATA; it is not shown.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'vite';
import { openPage } from './open-page.mjs';

const PHOTO = 'tulips-8689672277_b289909f97_n.jpg';
const LOOKS = [1, 2, 5, 10, 15, 20, 30, 45];
const ROUNDS = 7;

const web = new URL('..', import.meta.url).pathname;
const load = loadavg()[0];

async function paint() {
  const folder = process.env.LIMNER_SHARED_DATA;
  if (!folder) throw new Error('Set LIMNER_SHARED_DATA to the folder that has flowers/.');
  const photo = readFileSync(join(folder, 'flowers', PHOTO)).toString('base64');
  const { page, close } = await openPage();
  try {
    return await page.evaluate(
      async given => (await import('/tests/painter.ts')).paintPhoto(...given),
      [photo, LOOKS],
    );
  } finally {
    await close();
  }
}

async function race() {
  const server = await createServer({
    configFile: false,
    root: web,
    logLevel: 'error',
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    return (await server.ssrLoadModule('/tests/perceptron-race.ts')).race(ROUNDS);
  } finally {
    await server.close();
  }
}

const races = await race();
const painted = await paint();
const date = new Date().toISOString().slice(0, 10);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: web }).toString().trim();
const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length };
const millions = value => (value / 1e6).toFixed(2);
const text = `# The lab's painter

Written by \`npm run painter\` in \`web\`, ${date}, with ${commit}. ${machine.cpu}, ${machine.cores} cores; load before
the start ${load.toFixed(2)}.

## A photo, painted by grids on the CPU

A photo of tulips of 256 x 256 pixels (\`flowers/${PHOTO}\`; Flickr ${PHOTO.match(/\d+/)?.[0]}, CC BY 2.0), which is
hard: made half as large and twice as large again (bicubic), it has 23.9 dB. The network has ${painted.parameters.toLocaleString('en')} numbers: grids of 8 to 128
nodes, and 32 units. It learns as in the tab: 4,096 pixels a step, Adam, a rate of 0.02, seed 0, on ${painted.adapter}.
Seconds are those of the clock from the making of the trainer on; PSNR is over all pixels, of sRGB colours.

| seconds | steps | PSNR, dB |
|---|---|---|
${painted.likeness.map(({ seconds, steps, psnr }) => `| ${seconds.toFixed(1)} | ${steps} | ${psnr.toFixed(2)} |`).join('\n')}

## Synaptic's perceptron

2 numbers in, 15 units, 3 out, a step for each of 300 x 300 pixels. Millions of steps in a second of CPU time, in Node
${process.version}: medians of ${ROUNDS} rounds, in which the three take turns. *Times* is the median of the ratios within
rounds, of ours to synaptic.js 1.1.4. *Loops* is the same in JavaScript alone, as where a site forbids WebAssembly.

| units | ours | loops | synaptic.js | times |
|---|---|---|---|---|
${races.map(({ squash, ours, loops, synaptic, times }) => `| ${squash} | ${millions(ours)} | ${millions(loops)} | ${millions(synaptic)} | ${times.toFixed(1)} |`).join('\n')}
`;
const out = name => new URL(`../../docs/benchmarks/${name}`, import.meta.url);
const json = { commit, date, machine, load, photo: PHOTO, painted, races };
writeFileSync(out('painter.json'), `${JSON.stringify(json, null, 1)}\n`);
writeFileSync(out('painter.md'), text);
console.log(text);
process.exit();
