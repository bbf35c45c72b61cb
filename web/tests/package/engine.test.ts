// The built npm package: its content, its types, and its example pages, which paint from a camera, with and without the
// Content-Security-Policy of docs/engine.md.

import { execFileSync } from 'node:child_process';
import { createReadStream, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM_FLAGS, TIMEOUT_MS } from '../../vitest.config.ts';
import { CACHE } from '../cases.ts';
import { BUILT } from './build.ts';

const WEB = fileURLToPath(new URL('../..', import.meta.url));
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
const MANUAL = readFileSync(join(WEB, '../docs/engine.md'), 'utf8');
/** The exact policy in docs/engine.md. */
const POLICY = /^ {4}Content-Security-Policy: (.+)$/m.exec(MANUAL)?.[1] ?? '';
const INLINE = /<script( type="module")?>([\s\S]*?)<\/script>/;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  server = createServer(({ url = '/' }, response) => {
    if (/^\/strict\/.*(html|js)$/.test(url)) return sendStrict(url, response);
    const path = url.endsWith('look.onnx') ? `${CACHE}/lean-64-uint16-colour.onnx` : join(BUILT, url);
    if (!existsSync(path)) return response.writeHead(404).end();
    response.setHeader('Content-Type', TYPES[extname(path)] ?? 'application/octet-stream');
    return createReadStream(path).pipe(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium',
    args: [...CHROMIUM_FLAGS, '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream'],
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** A page in a new browser context, with a timeout like the tests'. */
async function openTab(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIMEOUT_MS / 2);
  return context.newPage();
}

const address = (page: string, folder = 'example'): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}/${page}`;

/** Serves an example with the policy: its script is moved to a separate file, and its style is left out. */
function sendStrict(url: string, response: ServerResponse): void {
  const [, page = '', script] = /^\/strict\/([^/]+?)(\.own\.js)?$/.exec(url) ?? [];
  const html = readFileSync(join(BUILT, 'example', page), 'utf8');
  response.setHeader('Content-Type', TYPES[script ? '.js' : '.html'] ?? '');
  if (script) return void response.end(INLINE.exec(html)?.[2]);
  response.setHeader('Content-Security-Policy', POLICY);
  const moved = html.replace(INLINE, `<script$1 src="${page}.own.js"></script>`);
  response.end(moved.replace(/<style>[\s\S]*?<\/style>/, ''));
}

/** Counts the levels of green in the painting, in the task that paints: later a GPU canvas cannot be read. */
const LEVELS = `
  window.levels = 0;
  const request = HTMLVideoElement.prototype.requestVideoFrameCallback;
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (paint) {
    return request.call(this, (...given) => {
      paint(...given);
      const canvas = document.querySelector('canvas');
      if (canvas.width !== 64) return;
      const copy = new OffscreenCanvas(64, 64).getContext('2d');
      copy.drawImage(canvas, 0, 0);
      const { data } = copy.getImageData(0, 0, 64, 64);
      window.levels = new Set(data.filter((_, i) => i % 4 === 1)).size;
    });
  };`;

/** Records requests that the page's policy refused. */
const REFUSALS = `
  window.refusals = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    window.refusals.push(effectiveDirective + ' ' + blockedURI));`;

const WITHOUT_WEBGPU = 'delete Navigator.prototype.gpu;';

for (const page of ['index.html', 'script-tag.html']) {
  test(`${page} paints the camera's picture`, async () => {
    const tab = await openTab({ permissions: ['camera'] });
    const errors: string[] = [];
    tab.on('pageerror', error => errors.push(String(error)));
    await tab.addInitScript(LEVELS);
    await tab.goto(address(page));
    await tab.waitForFunction(() =>
      /^Painting on|^Nothing/.test(document.querySelector('p')?.textContent ?? ''),
    );
    expect(await tab.textContent('p')).toMatch(/^Painting on webgpu, /);
    await expect.poll(() => tab.evaluate('window.levels')).toBeGreaterThan(16);
    expect(await tab.evaluate(() => document.querySelector('canvas')?.width)).toBe(64);
    expect(errors).toEqual([]);
    await tab.context().close();
  });
}

for (const [page, backend] of [
  ['index.html', 'webgpu'],
  ['index.html', 'webgl2'],
  ['script-tag.html', 'webgl2'],
] as const) {
  test(`${page} paints on ${backend} with the policy of docs/engine.md`, async () => {
    expect(POLICY).toMatch(/^default-src 'none'; script-src 'self'; connect-src 'self'$/);
    const tab = await openTab({ permissions: ['camera'] });
    const errors: string[] = [];
    tab.on('pageerror', error => errors.push(String(error)));
    await tab.addInitScript(`${LEVELS}${REFUSALS}${backend === 'webgl2' ? WITHOUT_WEBGPU : ''}`);
    const response = await tab.goto(address(page, 'strict'));
    expect(response?.headers()['content-security-policy']).toBe(POLICY);
    await expect.poll(() => tab.textContent('p')).toMatch(new RegExp(`^Painting on ${backend}, |^Nothing`));
    expect(await tab.textContent('p')).toMatch(new RegExp(`^Painting on ${backend}, `));
    await expect.poll(() => tab.evaluate('window.levels')).toBeGreaterThan(16);
    expect(await tab.evaluate('window.refusals')).toEqual([]);
    expect(errors).toEqual([]);
    // The policy is in force, and its refusals are recorded.
    await tab.addScriptTag({ content: 'window.didRun = true' }).catch(() => undefined);
    await expect.poll(() => tab.evaluate('window.refusals')).toEqual(['script-src-elem inline']);
    expect(await tab.evaluate('window.didRun')).toBe(undefined);
    await tab.context().close();
  });
}

test('the page says if there is no camera', async () => {
  const tab = await openTab();
  await tab.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no camera here'));
  });
  await tab.goto(address('index.html'));
  await expect.poll(() => tab.textContent('p')).toBe('Nothing to paint: no camera here');
  await tab.context().close();
});

test('the package contains the expected files, and its exports exist', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: BUILT, encoding: 'utf8' });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const path of [
    'LICENSE',
    'README.md',
    'package.json',
    'limner.js',
    'limner.global.js',
    'node.js',
    'training.js',
    'filters.js',
    'types/index.d.ts',
    'types/node.d.ts',
    'types/training/index.d.ts',
    'types/onnx/filters.d.ts',
    'example/index.html',
    'example/script-tag.html',
  ]) {
    expect(paths).toContain(path);
  }
  const others = paths.filter(path => !/^(chunks|types)\//.test(path));
  expect(others).toHaveLength(10);
  const { exports } = JSON.parse(readFileSync(join(BUILT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  for (const entry of Object.values(exports)) {
    for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) {
      expect(existsSync(join(BUILT, path)), path).toBe(true);
    }
  }
});

test('a program is checked against the types of the package alone', () => {
  const file = join(BUILT, 'consumer.ts');
  const program = `import { createPainter, EngineError, load, paintVideo, type Look, type Painter } from './types/index';
    const look: Look = await load(new Blob());
    const painter: Painter = await createPainter(look, { canvas: new OffscreenCanvas(1, 1), onRevived: ms => ms.toFixed() });
    const end: () => void = paintVideo(painter, document.createElement('video'), { mirror: true });
    end();
    export const wrong: string = painter.statistics.dispatches;
    export const error: Error = new EngineError(look.info.name);`;
  writeFileSync(file, program);
  const options =
    '--ignoreConfig --noEmit --strict --skipLibCheck --module esnext --target es2022 --lib es2022,dom --moduleResolution bundler';
  let output = '';
  try {
    execFileSync(
      process.execPath,
      ['node_modules/typescript/bin/tsc', ...options.split(' '), '--types', '', file],
      {
        cwd: WEB,
        encoding: 'utf8',
      },
    );
  } catch (error) {
    output = String(Reflect.get(Object(error), 'stdout'));
  }
  // The compiler finds the one deliberate error, so the types are not `any`, and no other errors.
  expect(output.match(/error TS\d+/g)).toEqual(['error TS2322']);
  expect(output).toContain("'number' is not assignable to type 'string'");
});
