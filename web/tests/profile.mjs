// Times looks on WebGPU in a real browser, kernel by kernel, and writes time, multiply-adds and bytes read and written
// into docs/benchmarks/layers.{json,md}: `npm run profile -- small large`. The figures are for the adapter of
// Chromium (LIMNER_CHROMIUM). Without a GPU this is a software adapter, and its CPU time is given too.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'vite';
import { launchChromium } from './launch.mjs';

const web = new URL('..', import.meta.url);
const records = new URL('../docs/benchmarks/', web);

/** The GPU process of the browser that this process started. */
function gpuProcess() {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      parents.set(pid, readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
    } catch {
      // The process has ended.
    }
  }
  const isDescendant = pid =>
    pid === String(process.pid) || (parents.has(pid) && isDescendant(parents.get(pid)));
  const isGpu = pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=gpu-process');
  return [...parents.keys()].find(pid => isDescendant(pid) && isGpu(pid));
}

/** CPU time of a process in milliseconds, over all threads; 0 if the system does not provide it. */
function processorTime(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const times = tasks.map(task =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((a, b) => a + b, 0) / 1e6;
  } catch {
    return 0;
  }
}

const sum = (layers, key) => layers.reduce((total, layer) => total + layer[key], 0);

function table({ name, adapter, frame, first, compiling, statistics, layers }) {
  const rows = layers.map(layer => {
    const { kernel, shape, workgroups, products, weights, read, written, ms, processor } = layer;
    const figures = [
      (products / 1e6).toFixed(2),
      (weights / 1024).toFixed(0),
      (read / 1024).toFixed(0),
      (written / 1024).toFixed(0),
      ms.toFixed(2),
      processor.toFixed(2),
      (products / ms / 1e6).toFixed(2),
      ((weights + read + written) / ms / 1e6).toFixed(2),
    ];
    return `| ${[layer.name, kernel, shape, workgroups, ...figures].join(' | ')} |`;
  });
  return `## ${name}

${adapter}: ${frame.toFixed(1)} ms a frame; sum of the kernels, timed one by one, ${sum(layers, 'ms').toFixed(1)} ms (${sum(layers, 'processor').toFixed(1)} ms of CPU time). ${statistics.dispatches} dispatches, ${statistics.pipelines} pipelines, ${statistics.bufferBytes} bytes on the GPU. First painting after ${first.toFixed(0)} ms (${compiling.toFixed(0)} ms of CPU time).

| layer | kernel | long x short x deep | workgroups | MMAC | weights KB | in KB | out KB | ms | CPU ms | GMAC/s | GB/s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const given = process.argv.slice(2);
const names = given.length > 0 ? given : ['lean', 'small', 'medium', 'large'];
const server = await createServer({
  configFile: false,
  root: web.pathname,
  publicDir: '.cache',
  cacheDir: '.cache/vite-profile',
  logLevel: 'error',
  server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
await server.listen();
const browser = await launchChromium();
try {
  const page = await browser.newPage();
  const gpu = gpuProcess();
  await page.exposeFunction('processorTime', () => processorTime(gpu));
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/looks.json`);
  const results = [];
  for (const name of names) {
    const look = `${name}-256-uint8-soft`;
    const result = await page.evaluate(async file => (await import('/tests/profile.ts')).profile(file), look);
    results.push(result);
    console.log(table(result));
  }
  const head = `# Kernels of a frame

Written by \`npm run profile\` in \`web/\` (\`LIMNER_GPU=1\` on a machine with a GPU): multiply-adds, bytes read and written,
and time of each kernel on the named adapter. Zeros at the border count as multiply-adds, as in published figures,
except for taps that only ever read padding: these are neither loaded nor multiplied. Kernels are timed one by one
with repetitions, while they overlap in a frame. On a busy machine, use the CPU time.

`;
  writeFileSync(new URL('layers.json', records), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(new URL('layers.md', records), head + results.map(table).join('\n'));
} finally {
  await browser.close();
  await server.close();
}
