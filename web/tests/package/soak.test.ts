// Memory does not grow while painting for a long time, neither on the GPU nor in JavaScript. CI paints 3,000 frames of a
// tiny look, and on WebGPU 600 of one that dreams, which take longer. `npm run soak` paints LIMNER_SOAK_FRAMES frames
// (default 100,000) of a lean look, prints its progress, and writes docs/benchmarks/soak.json;
// LIMNER_SOAK_LOOK=dream-look soaks the dream, LIMNER_SOAK_BACKEND=webgl2 the other backend.

import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Browser, type CDPSession, chromium, type Page } from 'playwright';
import { build, type Rollup } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM_FLAGS } from '../../vitest.config.ts';
import { CACHE } from '../cases.ts';
import { tinyLook } from '../tiny.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const LONG = process.env.LIMNER_SOAK !== undefined;
const USUAL_LOOK = 'lean-64-uint16-colour';
const {
  LIMNER_SOAK_LOOK = USUAL_LOOK,
  LIMNER_SOAK_BACKEND = 'webgpu',
  LIMNER_SOAK_FRAMES = '100000',
} = process.env;
/** Files of the test cases, or the tiny look, and how many frames of each. */
const SOAKS: readonly (readonly [look: string, backend: string, frames: number])[] = LONG
  ? [[LIMNER_SOAK_LOOK, LIMNER_SOAK_BACKEND, Number(LIMNER_SOAK_FRAMES)]]
  : [
      ['tiny', 'webgpu', 3000],
      ['tiny', 'webgl2', 3000],
      ['dream-look', 'webgpu', 600],
    ];
/** Frames between two samples of memory. */
const sampleFrames = (frames: number): number => (LONG ? 500 : frames / 12);
/** Frames after which everything that is made once exists, such as pipelines and the health monitor's buffers. */
const warmUpFrames = (frames: number): number => Math.min(1000, frames / 3);
/** V8's heap varies by some hundred kilobytes even after garbage collection, because of compiled code. A leak of one
 * small object (100 bytes) per frame would be 200 kB in the tiny look's 2,000 frames after the warm-up, and 10 MB in the
 * long run. Of the dream's 400 frames it would have to be 400 bytes; what a frame makes is counted besides. */
const MAX_HEAP_GROWTH = LONG ? 512 * 1024 : 150 * 1024;

/** The memory of the GPU process varies by some megabytes, because it returns freed memory late. Therefore
 * the minimum of the first half is compared with the minimum of the second half: they differ by up to 3 MB in
 * CI. A leak of each frame's picture (24 kB) would make a difference of 20 MB or more. */
const MAX_GPU_GROWTH = 8 * 1024 * 1024;

/** Counts created minus destroyed objects of each kind that a painter could leak, and the readbacks of the health
 * monitor (all readbacks except those of the upload-path probe). */
const HOOKS = `
  window.reads = 0;
  window.made = { GPUBuffer: 0, GPUTexture: 0, GPUBindGroup: 0, GPUComputePipeline: 0, WebGLTexture: 0, WebGLBuffer: 0,
    WebGLFramebuffer: 0, WebGLProgram: 0 };
  const count = (owner, method, kind, by) => {
    const original = owner.prototype[method];
    owner.prototype[method] = function (...given) {
      window.made[kind] += by;
      return original.apply(this, given);
    };
  };
  count(GPUDevice, 'createBuffer', 'GPUBuffer', 1);
  count(GPUBuffer, 'destroy', 'GPUBuffer', -1);
  count(GPUDevice, 'createTexture', 'GPUTexture', 1);
  count(GPUTexture, 'destroy', 'GPUTexture', -1);
  count(GPUDevice, 'createBindGroup', 'GPUBindGroup', 1);
  for (const method of ['createComputePipelineAsync', 'createComputePipeline']) {
    count(GPUDevice, method, 'GPUComputePipeline', 1);
  }
  for (const [owner, method] of [[GPUBuffer, 'mapAsync'], [WebGL2RenderingContext, 'getBufferSubData']]) {
    const original = owner.prototype[method];
    owner.prototype[method] = function (...given) {
      if (this.label !== 'upload probe') window.reads += 1;
      return original.apply(this, given);
    };
  }
  for (const kind of ['Texture', 'Buffer', 'Framebuffer', 'Program']) {
    count(WebGL2RenderingContext, 'create' + kind, 'WebGL' + kind, 1);
    count(WebGL2RenderingContext, 'delete' + kind, 'WebGL' + kind, -1);
  }`;

type Made = Record<string, number>;
interface Sample {
  frame: number;
  seconds: number;
  heapBytes: number;
  gpuProcessBytes: number | null;
  made: Made;
}

let browser: Browser;
let server: Server;

beforeAll(async () => {
  const bundle = (await build({
    configFile: false,
    logLevel: 'error',
    publicDir: false,
    build: {
      write: false,
      target: 'es2022',
      lib: { entry: at('../../engine/index.ts'), formats: ['iife'], name: 'limner' },
      rolldownOptions: { output: { codeSplitting: false } },
    },
  })) as Rollup.RollupOutput[];
  const script = bundle[0]?.output[0].code ?? '';
  server = createServer(({ url = '/' }, response) => {
    if (url === '/tiny.onnx') response.end(tinyLook());
    else if (url.endsWith('.onnx')) createReadStream(`${CACHE}${url}`).pipe(response);
    else response.setHeader('Content-Type', 'text/html').end(`<!doctype html><script>${script}</script>`);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium',
    args: [...CHROMIUM_FLAGS, '--enable-precise-memory-info'],
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** Resident bytes of the browser's GPU process; null if the system does not provide them. */
async function gpuBytes(): Promise<number | null> {
  const session = await browser.newBrowserCDPSession();
  try {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const gpu = processInfo.find(({ type }) => type === 'GPU');
    const status = readFileSync(`/proc/${gpu?.id}/status`, 'utf8');
    return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
  } catch {
    return null;
  } finally {
    await session.detach();
  }
}

/** The counts of live objects. They are read until two readings agree, because a check of the health monitor creates
 * and destroys objects. */
async function countLiveObjects(tab: Page): Promise<Made> {
  for (let before = ''; ; ) {
    const made: Made = await tab.evaluate('({ ...window.made })');
    if (JSON.stringify(made) === before) return made;
    before = JSON.stringify(made);
    await tab.waitForTimeout(100);
  }
}

async function takeSample(tab: Page, session: CDPSession, frame: number, began: number): Promise<Sample> {
  await session.send('HeapProfiler.collectGarbage');
  await session.send('HeapProfiler.collectGarbage');
  const { usedSize } = await session.send('Runtime.getHeapUsage');
  return {
    frame,
    seconds: Math.round((performance.now() - began) / 100) / 10,
    heapBytes: usedSize,
    gpuProcessBytes: await gpuBytes(),
    made: await countLiveObjects(tab),
  };
}

/** Makes a painter and defines `paintFrames`, which paints a number of frames, each a new VideoFrame as from
 * a camera. */
const START = (look: string, backend: string) => `(async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const lost = [];
  const painter = await limner.createPainter(await limner.load('/${look}.onnx'),
    { canvas, backend: '${backend}', onLost: reason => lost.push(reason), onRevived: () => lost.push('revived') });
  const scene = new OffscreenCanvas(96, 64);
  const context = scene.getContext('2d');
  let painted = 0;
  window.paintFrames = async count => {
    for (let i = 0; i < count; i++, painted++) {
      context.fillStyle = 'hsl(' + (painted % 360) + ' 80% 60%)';
      context.fillRect(painted % 96, 0, 8, 64);
      const frame = new VideoFrame(scene, { timestamp: painted });
      painter.paint(frame, { mirror: false });
      frame.close();
      if (i % 10 === 9) await painter.finished();
      if (i % 10 === 9) await new Promise(resolve => setTimeout(resolve));
    }
    return lost;
  };
  return painter.adapter;
})()`;

test.each(SOAKS)(
  'memory does not grow as %s paints on %s, over %i frames',
  { timeout: 24 * 3600_000 },
  async (look, backend, frames) => {
    const tab = await browser.newPage();
    await tab.addInitScript(HOOKS);
    await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const session = await tab.context().newCDPSession(tab);
    const adapter: string = await tab.evaluate(START(look, backend));
    // The health monitor probes one second after the first painting and makes its buffers once.
    await tab.evaluate('window.paintFrames(1)');
    await expect.poll(() => tab.evaluate('window.reads')).toBeGreaterThan(0);
    const samples: Sample[] = [];
    const began = performance.now();
    const between = sampleFrames(frames);
    for (let frame = 0; frame < frames; frame += between) {
      expect(await tab.evaluate(`window.paintFrames(${between})`)).toEqual([]);
      const now = await takeSample(tab, session, frame + between, began);
      samples.push(now);
      if (LONG) {
        const left = Math.round(((frames - now.frame) / now.frame) * now.seconds);
        console.log(`${now.frame} of ${frames} frames, heap ${now.heapBytes}, ${left} s left`);
        write(look, adapter, backend, samples);
      }
    }
    await tab.close();
    const warm = samples.find(({ frame }) => frame >= warmUpFrames(frames));
    const last = samples.at(-1);
    if (!warm || !last) throw new Error('too few frames to compare');
    const painted = last.frame - warm.frame;
    const { GPUBindGroup: groups = 0, ...kept } = last.made;
    const { GPUBindGroup: groupsBefore = 0, ...keptBefore } = warm.made;
    expect(kept).toEqual(keptBefore);
    expect(groups - groupsBefore).toBeLessThanOrEqual(2 * painted);
    const growth = last.heapBytes - warm.heapBytes;
    console.log(
      `${look} on ${backend}: ${last.frame} frames in ${last.seconds} s, heap ${growth} bytes more after ${painted} frames`,
    );
    expect(growth).toBeLessThan(MAX_HEAP_GROWTH);
    const gpu = samples
      .filter(({ frame }) => frame >= warmUpFrames(frames))
      .flatMap(one => one.gpuProcessBytes ?? []);
    if (process.platform === 'linux') expect(gpu.length).toBeGreaterThan(3);
    const half = Math.floor(gpu.length / 2);
    const gpuGrowth = Math.min(...gpu.slice(half)) - Math.min(...gpu.slice(0, half));
    console.log(`${look} on ${backend}: the GPU process has ${gpuGrowth} bytes more in the second half`);
    if (gpu.length > 0) expect(gpuGrowth).toBeLessThan(MAX_GPU_GROWTH);
  },
);

test.skipIf(LONG)('destroyed painters on a shared device are garbage-collected', async () => {
  const tab = await browser.newPage();
  await tab.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const session = await tab.context().newCDPSession(tab);
  await tab.evaluate(`(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    window.device = await adapter.requestDevice();
    window.looks = [];
    const picture = new OffscreenCanvas(32, 32);
    picture.getContext('2d').fillRect(0, 0, 32, 32);
    for (let i = 0; i < 8; i++) {
      const look = await limner.load('/tiny.onnx');
      const painter = await limner.createPainter(look, { device, canvas: new OffscreenCanvas(1, 1) });
      painter.paint(picture);
      await painter.finished();
      painter.destroy();
      window.looks.push(new WeakRef(look.plan));
    }
  })()`);
  const countLooks = async () => {
    await session.send('HeapProfiler.collectGarbage');
    return tab.evaluate('window.looks.filter(look => look.deref()).length');
  };
  await expect.poll(countLooks, { timeout: 20_000 }).toBe(0);
  await tab.close();
});

function write(look: string, adapter: string, backend: string, samples: readonly Sample[]): void {
  const result = {
    what: 'frames painted one after the other, with memory and live objects after each garbage collection',
    look,
    backend,
    adapter,
    browser: `Chromium ${browser.version()}`,
    node: process.version,
    machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}`,
    date: new Date().toISOString().slice(0, 10),
    frames: samples.at(-1)?.frame ?? 0,
    samples,
  };
  const name = ['soak', ...[look, backend].filter(one => one !== USUAL_LOOK && one !== 'webgpu')].join('-');
  writeFileSync(at(`../../../docs/benchmarks/${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
