// The npm package as its users get it: built, packed, typed, and its example pages painting from a camera, under
// the Content-Security-Policy of docs/engine.md too.

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

const WEB = fileURLToPath(new URL('../..', import.meta.url));
const BUILT = join(WEB, 'dist/engine');
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
const GUIDE = readFileSync(join(WEB, '../docs/engine.md'), 'utf8');
/** The policy that the guide gives, to the letter. */
const POLICY = /^ {4}Content-Security-Policy: (.+)$/m.exec(GUIDE)?.[1] ?? '';
const INLINE = /<script( type="module")?>([\s\S]*?)<\/script>/;

let browser: Browser;
let server: Server;

beforeAll(async () => {
  execFileSync(process.execPath, ['engine/package/build.mjs'], { cwd: WEB, stdio: 'inherit' });
  server = createServer(({ url = '/' }, response) => {
    if (/^\/strict\/.*(html|js)$/.test(url)) return strict(url, response);
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

/** A tab of its own, that waits as long as the tests do. */
async function open(options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(TIMEOUT_MS / 2);
  return context.newPage();
}

const address = (page: string, folder = 'example'): string =>
  `http://127.0.0.1:${(server.address() as AddressInfo).port}/${folder}/${page}`;

/** An example under the policy: as it is, but its script in a file of its own and its style left out. */
function strict(url: string, response: ServerResponse): void {
  const [, page = '', script] = /^\/strict\/([^/]+?)(\.own\.js)?$/.exec(url) ?? [];
  const html = readFileSync(join(BUILT, 'example', page), 'utf8');
  response.setHeader('Content-Type', TYPES[script ? '.js' : '.html'] ?? '');
  if (script) return void response.end(INLINE.exec(html)?.[2]);
  response.setHeader('Content-Security-Policy', POLICY);
  const moved = html.replace(INLINE, `<script$1 src="${page}.own.js"></script>`);
  response.end(moved.replace(/<style>[\s\S]*?<\/style>/, ''));
}

/** Levels of green in the painting; a canvas of a GPU can be read only in the task that painted it. */
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

/** What the page's policy was asked and refused. */
const REFUSALS = `
  window.refusals = [];
  document.addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
    window.refusals.push(effectiveDirective + ' ' + blockedURI));`;

const WITHOUT_WEBGPU = 'delete Navigator.prototype.gpu;';

for (const page of ['index.html', 'script-tag.html']) {
  test(`${page} paints what the camera sees`, async () => {
    const tab = await open({ permissions: ['camera'] });
    const complaints: string[] = [];
    tab.on('pageerror', error => complaints.push(String(error)));
    await tab.addInitScript(LEVELS);
    await tab.goto(address(page));
    await tab.waitForFunction(() =>
      /^Painting on|^Nothing/.test(document.querySelector('p')?.textContent ?? ''),
    );
    expect(await tab.textContent('p')).toMatch(/^Painting on webgpu, /);
    await expect.poll(() => tab.evaluate('window.levels')).toBeGreaterThan(16);
    expect(await tab.evaluate(() => document.querySelector('canvas')?.width)).toBe(64);
    expect(complaints).toEqual([]);
    await tab.context().close();
  });
}

for (const [page, backend] of [
  ['index.html', 'webgpu'],
  ['index.html', 'webgl2'],
  ['script-tag.html', 'webgl2'],
] as const) {
  test(`${page} paints on ${backend} under the policy of the guide`, async () => {
    expect(POLICY).toMatch(/^default-src 'none'; script-src 'self'; connect-src 'self'$/);
    const tab = await open({ permissions: ['camera'] });
    const complaints: string[] = [];
    tab.on('pageerror', error => complaints.push(String(error)));
    await tab.addInitScript(`${LEVELS}${REFUSALS}${backend === 'webgl2' ? WITHOUT_WEBGPU : ''}`);
    const answer = await tab.goto(address(page, 'strict'));
    expect(answer?.headers()['content-security-policy']).toBe(POLICY);
    await expect.poll(() => tab.textContent('p')).toMatch(new RegExp(`^Painting on ${backend}, |^Nothing`));
    expect(await tab.textContent('p')).toMatch(new RegExp(`^Painting on ${backend}, `));
    await expect.poll(() => tab.evaluate('window.levels')).toBeGreaterThan(16);
    expect(await tab.evaluate('window.refusals')).toEqual([]);
    expect(complaints).toEqual([]);
    // The policy is in force, and what it refuses is heard of.
    await tab.addScriptTag({ content: 'window.slipped = true' }).catch(() => undefined);
    await expect.poll(() => tab.evaluate('window.refusals')).toEqual(['script-src-elem inline']);
    expect(await tab.evaluate('window.slipped')).toBe(undefined);
    await tab.context().close();
  });
}

test('where there is no camera the page says so', async () => {
  const tab = await open();
  await tab.addInitScript(() => {
    navigator.mediaDevices.getUserMedia = () => Promise.reject(new Error('no camera here'));
  });
  await tab.goto(address('index.html'));
  await expect.poll(() => tab.textContent('p')).toBe('Nothing to paint: no camera here');
  await tab.context().close();
});

test('the package has what is meant, and names what it exports', () => {
  const packed = execFileSync('npm', ['pack', '--dry-run', '--json'], { cwd: BUILT, encoding: 'utf8' });
  const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
  const paths = files.map(({ path }) => path);
  for (const path of [
    'LICENSE',
    'README.md',
    'package.json',
    'limner.js',
    'limner.global.js',
    'types/index.d.ts',
    'example/index.html',
    'example/script-tag.html',
  ]) {
    expect(paths).toContain(path);
  }
  const others = paths.filter(path => !/^(chunks|types)\//.test(path));
  expect(others).toHaveLength(7);
  const { exports } = JSON.parse(readFileSync(join(BUILT, 'package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string; default: string }>;
  };
  for (const entry of Object.values(exports)) {
    for (const path of typeof entry === 'string' ? [entry] : Object.values(entry)) {
      expect(existsSync(join(BUILT, path)), path).toBe(true);
    }
  }
});

test('a program that uses it is checked against its types, without any others', () => {
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
  let said = '';
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
    said = String(Reflect.get(Object(error), 'stdout'));
  }
  // The one mistake is found, so the types are no any; and there is none beside it.
  expect(said.match(/error TS\d+/g)).toEqual(['error TS2322']);
  expect(said).toContain("'number' is not assignable to type 'string'");
});
