// Times the first painting of the built page on a cold start: a browser with a fresh profile for each load, which has
// compiled no shader yet. Prints, per backend, the median of the loads, and what was compiled before the painting:
//
//   npm run build && npm run cold-start -- [FOLDER] [--looks full,lean] [--backends webgpu,webgl2,wasm] [--loads 10] [--latency 0]
//
// FOLDER is another built page (`vite build --outDir FOLDER` in another checkout), whose loads take turns
// with this page's. The latency is that of each file, in milliseconds. The looks are those of `web/.cache`,
// which the tests write. An empty page that only does what any page on that backend must do (FLOORS) tells
// how much is the browser's own time. With a folder it writes docs/benchmarks/cold-start.json and
// cold-start.md.

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

/** Scripts of an empty page, by backend: the least that comes before a painting. They set `coldStart.firstMs`. */
const FLOORS = {
  webgpu: `
const device = await (await navigator.gpu.requestAdapter()).requestDevice();
const module = device.createShaderModule({ code: '@compute @workgroup_size(1) fn main() {}' });
const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
const encoder = device.createCommandEncoder();
const pass = encoder.beginComputePass();
pass.setPipeline(pipeline);
pass.dispatchWorkgroups(1);
pass.end();
device.queue.submit([encoder.finish()]);
await device.queue.onSubmittedWorkDone();`,
  webgl2: `
const gl = document.createElement('canvas').getContext('webgl2');
const program = gl.createProgram();
for (const [type, code] of [
  [gl.VERTEX_SHADER, 'void main() { gl_Position = vec4(gl_VertexID % 2 * 4 - 1, gl_VertexID / 2 * 4 - 1, 0, 1); }'],
  [gl.FRAGMENT_SHADER, 'precision highp float; out vec4 colour; void main() { colour = vec4(1); }'],
]) {
  const shader = gl.createShader(type);
  gl.shaderSource(shader, '#version 300 es\\n' + code);
  gl.compileShader(shader);
  gl.attachShader(program, shader);
}
gl.linkProgram(program);
gl.useProgram(program);
gl.drawArrays(gl.TRIANGLES, 0, 3);
gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));`,
  wasm: `await WebAssembly.compileStreaming(fetch('runtime/ort.wasm'));`,
};
const floorPath = backend => `/floor-${backend}.html`;
const floorPage = script =>
  `<!doctype html><title>floor</title><script type="module">${script}
coldStart.firstMs = performance.now();</script>`;

/** Serves a built page with one look, and the empty pages. */
async function serve(folder, look) {
  const model = readFileSync(join(web, '.cache', `${look}.onnx`));
  const entry = { file: `${look}.onnx`, name: look, bytes: model.length, pixels: 256 };
  const given = {
    '/looks/looks.json': JSON.stringify({ looks: [entry] }),
    [`/looks/${look}.onnx`]: model,
    ...Object.fromEntries(
      Object.entries(FLOORS).map(([backend, script]) => [floorPath(backend), floorPage(script)]),
    ),
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
  const address = `http://127.0.0.1:${server.address().port}`;
  return {
    addressOf: backend => `${address}/?backend=${backend}`,
    floorOf: backend => address + floorPath(backend),
    close: () => server.close(),
  };
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

async function load(address) {
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    await page.addInitScript(watch);
    await page.goto(address);
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
    const addresses = [...pages.map(page => page.addressOf(backend)), pages[0].floorOf(backend)];
    const loads = addresses.map(() => []);
    for (let i = 0; i < Number(options.loads); i++) {
      // Each page is the first of every other turn.
      const order = i % 2 ? [...addresses.keys()].reverse() : addresses.keys();
      for (const at of order) loads[at].push(await load(addresses[at]));
    }
    const summaries = loads.map(summarize);
    const [own, floor] = [summaries[0], summaries.at(-1)];
    const other = former ? summaries[1] : undefined;
    results.push({ look, backend, own, other, floor });
    const beside = other ? `; the other ${tell(other)}; ratio ${(own.ms / other.ms).toFixed(2)}` : '';
    console.log(
      `${look}, ${backend}: this page ${tell(own)}${beside}; an empty page ${floor.ms.toFixed(0)} ms`,
    );
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
    ({ look, backend, own, other, floor }) =>
      `| ${[look, backend, floor.ms.toFixed(0), other.ms.toFixed(0), own.ms.toFixed(0), (own.ms / other.ms).toFixed(2), `${own.least.toFixed(0)} to ${own.most.toFixed(0)}`, `${other.pipelines}, ${own.pipelines}`, `${other.shaderBytes}, ${own.shaderBytes}`].join(' | ')} |`,
  );
  const head = `# The first painting on a cold start

Written by \`npm run cold-start -- FOLDER\` in \`web\`: milliseconds from opening the page to its first painting, the median of
${loads} loads, each in a browser with a fresh profile, in turns with another built page (before). ${machine.cpu},
${machine.cores} cores, GPU: ${machine.gpu}; ${latency} ms of latency for each file. Pipelines and bytes of shaders are those
before the first painting. The floor is an empty page on the same browser, which only does what comes before any painting:
on WebGPU it requests a device and dispatches an empty kernel, on WebGL2 it draws one triangle, for WASM it fetches and
compiles ONNX Runtime.

| look | backend | floor, ms | before, ms | now, ms | ratio | now, from to | pipelines, before and now | bytes of shaders, before and now |
|---|---|---|---|---|---|---|---|---|
`;
  writeFileSync(new URL('cold-start.md', folder), `${head}${rows.join('\n')}\n`);
}
