// Times the first painting of the built page on a cold start: a browser with a fresh profile for each load, which has
// compiled no shader yet. Prints, per backend, the median of the loads, and what was compiled before the painting:
//
//   npm run build && npm run cold-start -- [FOLDER] [--looks full,lean] [--backends webgpu,webgl2,wasm] [--loads 10] [--latency 0]
//
// FOLDER is another built page (`vite build --outDir FOLDER` in another checkout), whose loads take turns with this
// page's. The latency is that of each file, in milliseconds. The looks are those of `web/.cache`, which the tests write.
// With a folder it writes docs/benchmarks/cold-start.json and cold-start.md.

import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus } from 'node:os';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { launchChromium } from './launch.mjs';

const web = fileURLToPath(new URL('..', import.meta.url));
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};
const TIMEOUT_MS = 120_000;

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    looks: { type: 'string', default: 'full' },
    backends: { type: 'string', default: 'webgpu,webgl2,wasm' },
    loads: { type: 'string', default: '10' },
    latency: { type: 'string', default: '0' },
  },
});
const FILES = { full: 'full-256-uint8-levels', lean: 'lean-256-uint8-soft' };
const fileOf = name => FILES[name] ?? `${name}-256-uint8-soft`;

/** Serves a built page with one look. */
async function serve(folder, look) {
  const model = readFileSync(join(web, '.cache', `${look}.onnx`));
  const entry = { file: `${look}.onnx`, name: look, bytes: model.length, pixels: 256 };
  const given = {
    '/looks/looks.json': JSON.stringify({ looks: [entry] }),
    [`/looks/${look}.onnx`]: model,
  };
  const server = createServer(async (request, response) => {
    await new Promise(resolve => setTimeout(resolve, Number(options.latency)));
    const path = decodeURIComponent(new URL(request.url, 'http://page').pathname).replace(
      /\/$/,
      '/index.html',
    );
    try {
      const body = given[path] ?? readFileSync(join(folder, normalize(path)));
      response
        .writeHead(200, { 'Content-Type': TYPES[extname(path)] ?? 'application/octet-stream' })
        .end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${server.address().port}/`, close: () => server.close() };
}

/** Runs in the page before its scripts: counts what is compiled until the frame shows its first painting. */
function watch() {
  const found = { pipelines: 0, shaderBytes: 0, firstMs: 0 };
  globalThis.coldStart = found;
  const count = (type, name, add) => {
    const given = type?.prototype[name];
    if (given)
      type.prototype[name] = function (...args) {
        if (found.firstMs === 0) add(...args);
        return given.apply(this, args);
      };
  };
  const addPipeline = () => {
    found.pipelines += 1;
  };
  const addText = text => {
    found.shaderBytes += text.length;
  };
  count(globalThis.GPUDevice, 'createShaderModule', ({ code }) => addText(code));
  count(globalThis.GPUDevice, 'createComputePipeline', addPipeline);
  count(globalThis.GPUDevice, 'createComputePipelineAsync', addPipeline);
  count(globalThis.WebGL2RenderingContext, 'shaderSource', (_, text) => addText(text));
  count(globalThis.WebGL2RenderingContext, 'linkProgram', addPipeline);
  new MutationObserver(() => {
    if (found.firstMs === 0 && document.querySelector('.painted canvas')) found.firstMs = performance.now();
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ['class'] });
}

async function load(address, backend) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.addInitScript(watch);
    await page.goto(`${address}?backend=${backend}`);
    await page.waitForFunction(() => globalThis.coldStart.firstMs > 0, null, { timeout: TIMEOUT_MS });
    return await page.evaluate(() => globalThis.coldStart);
  } finally {
    await browser.close();
  }
}

function median(values) {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length >> 1;
  return sorted.length % 2 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** What was found of one page, of all its loads. */
function summarize(loads) {
  const ms = loads.map(({ firstMs }) => firstMs);
  const [{ pipelines, shaderBytes }] = loads;
  return { ms: median(ms), least: Math.min(...ms), most: Math.max(...ms), pipelines, shaderBytes };
}

const tell = ({ ms, least, most, pipelines, shaderBytes }) =>
  `${ms.toFixed(0)} ms (${least.toFixed(0)} to ${most.toFixed(0)}), ${pipelines} pipelines of ${shaderBytes} bytes`;

const [former] = positionals;
const folders = [join(web, '../src/limner/_web'), ...(former ? [former] : [])];
const results = [];
for (const look of options.looks.split(',').map(fileOf)) {
  const pages = await Promise.all(folders.map(folder => serve(folder, look)));
  for (const backend of options.backends.split(',')) {
    const loads = pages.map(() => []);
    for (let i = 0; i < Number(options.loads); i++) {
      // Each page is the first of every other pair.
      const order = i % 2 ? [...pages.keys()].reverse() : pages.keys();
      for (const at of order) loads[at].push(await load(pages[at].address, backend));
    }
    const [own, other] = loads.map(summarize);
    results.push({ look, backend, own, other });
    const beside = other ? `; the other ${tell(other)}; ratio ${(own.ms / other.ms).toFixed(2)}` : '';
    console.log(`${look}, ${backend}: this page ${tell(own)}${beside}`);
  }
  for (const page of pages) page.close();
}
if (former) record(results);

function record(found) {
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    gpu: process.env.LIMNER_GPU ? 'yes' : 'none',
  };
  const { loads, latency } = options;
  const folder = new URL('../../docs/benchmarks/', import.meta.url);
  const json = { machine, loads: Number(loads), latency_ms: Number(latency), results: found };
  writeFileSync(new URL('cold-start.json', folder), `${JSON.stringify(json, null, 1)}\n`);
  const rows = found.map(
    ({ look, backend, own, other }) =>
      `| ${[look, backend, other.ms.toFixed(0), own.ms.toFixed(0), (own.ms / other.ms).toFixed(2), `${own.least.toFixed(0)} to ${own.most.toFixed(0)}`, `${other.pipelines}, ${own.pipelines}`, `${other.shaderBytes}, ${own.shaderBytes}`].join(' | ')} |`,
  );
  const head = `# The first painting on a cold start

Written by \`npm run cold-start -- FOLDER\` in \`web\`: milliseconds from opening the page to its first painting, the median of
${loads} loads, each in a browser with a fresh profile, in turns with another built page (before). ${machine.cpu},
${machine.cores} cores, GPU: ${machine.gpu}; ${latency} ms of latency for each file. Pipelines and bytes of shaders are those
before the first painting.

| look | backend | before, ms | now, ms | ratio | now, from to | pipelines, before and now | bytes of shaders, before and now |
|---|---|---|---|---|---|---|---|
`;
  writeFileSync(new URL('cold-start.md', folder), `${head}${rows.join('\n')}\n`);
}
