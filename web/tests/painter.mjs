// Measures the lab's painter: how soon it paints when the built page is opened, the likeness of a photo by seconds of
// training on the CPU backend, the steps of synaptic's perceptron beside synaptic.js', and the pixels that the same network
// learns from on WebGPU. Writes docs/benchmarks/painter.json and painter.md. `npm run painter`. The
// photo, of a data set that the repository does not have, is in the folder LIMNER_SHARED_DATA; it is not shown.

import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { createServer, preview } from 'vite';
import { launchChromium } from './launch.mjs';
import { openPage } from './open-page.mjs';

const PHOTO = 'tulips-8689672277_b289909f97_n.jpg';
const LOOKS = [1, 2, 5, 10, 15, 20, 30, 45];
const ROUNDS = 7;
const OPENINGS = 5;
const FIGURES = "document.querySelector('.figures')?.textContent ?? ''";

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

/** Seconds from the opening of the built page to the first point of its curve, and to 20 decibels. */
async function openLab() {
  const server = await preview({
    configFile: join(web, 'vite.lab.config.ts'),
    preview: { port: 0, host: '127.0.0.1' },
  });
  const browser = await launchChromium();
  const address = server.resolvedUrls.local[0];
  const openings = [];
  for (let i = 0; i < OPENINGS; i++) {
    const page = await browser.newPage();
    await page.goto(address);
    // The page forbids what waiting for a function needs.
    const until = async condition => {
      for (;;) {
        const seconds = await page.evaluate(`${condition} ? performance.now() / 1000 : 0`);
        if (seconds > 0) return seconds;
        await page.waitForTimeout(20);
      }
    };
    const first = await until(`/Step [1-9]/.test(${FIGURES})`);
    const sketch = await until(`Number(/([0-9.]+) dB/.exec(${FIGURES})?.[1]) >= 20`);
    openings.push({ first, sketch });
    await page.close();
  }
  await browser.close();
  await server.close();
  return openings;
}

/** Pixels a second of the trainer and of synaptic.js, in one page; or why there are none. */
async function racePixels() {
  const { page, close } = await openPage();
  try {
    await page.addScriptTag({ path: join(web, 'node_modules/synaptic/dist/synaptic.js') });
    return await page.evaluate(
      async rounds => (await import('/tests/painter-race.ts')).racePixels('webgpu', rounds),
      ROUNDS,
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

const openings = await openLab();
const races = await race();
const painted = await paint();
const onGpu = await racePixels();
const middle = values => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
const date = new Date().toISOString().slice(0, 10);
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: web }).toString().trim();
const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length };
const millions = value => (value / 1e6).toFixed(2);
const text = `# The lab's painter

Written by \`npm run painter\` in \`web\`, ${date}, with ${commit}. ${machine.cpu}, ${machine.cores} cores; load before
the start ${load.toFixed(2)}.

## Opening the page

Seconds from the opening of the built page, in a new tab of headless Chromium, ${process.env.LIMNER_GPU ? 'on its GPU' : 'with a GPU in software'}, until the first
point of the curve, and until its painting of the still life has 20 dB: medians of ${OPENINGS} openings, and the longest.

| | median | longest |
|---|---|---|
| first point | ${middle(openings.map(one => one.first)).toFixed(1)} | ${Math.max(...openings.map(one => one.first)).toFixed(1)} |
| 20 dB | ${middle(openings.map(one => one.sketch)).toFixed(1)} | ${Math.max(...openings.map(one => one.sketch)).toFixed(1)} |

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

## Its network on WebGPU

The same network, by the trainer on WebGPU with 4,096 pixels a step, beside synaptic.js with one, both in one page of
headless Chromium, on ${onGpu.adapter}: millions of pixels that are learned from in a second of the clock, medians of ${ROUNDS}
rounds, in which the two take turns.${process.env.LIMNER_GPU ? '' : ' The GPU is one in software, on the cores that synaptic.js has too: this is no figure of a GPU.'}

| ours | synaptic.js | times |
|---|---|---|
| ${millions(onGpu.ours)} | ${millions(onGpu.synaptic)} | ${onGpu.times.toFixed(2)} |
`;
const out = name => new URL(`../../docs/benchmarks/${name}`, import.meta.url);
const json = { commit, date, machine, load, photo: PHOTO, openings, painted, races, onGpu };
writeFileSync(out('painter.json'), `${JSON.stringify(json, null, 1)}\n`);
writeFileSync(out('painter.md'), text);
console.log(text);
process.exit();
