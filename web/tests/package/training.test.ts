// The built package trains LeNet on MNIST, by the program of docs/training-in-the-page.md, in a page with a strict policy.
// What it saves is measured in ONNX Runtime.

import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import * as ort from 'onnxruntime-web';
import { type Browser, chromium } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CHROMIUM_FLAGS } from '../../vitest.config.ts';
import { CACHE } from '../cases.ts';
import { BUILT } from './build.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const MNIST = join(process.env.LIMNER_SHARED_DATA ?? at('../../../../shared/data'), 'mnist');
const HASHES: Record<string, string> = {
  'train-images-idx3-ubyte.gz': '71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64',
  'train-labels-idx1-ubyte.gz': '3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c',
  't10k-images-idx3-ubyte.gz': '8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6',
  't10k-labels-idx1-ubyte.gz': 'f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6',
};
const isThere = Object.keys(HASHES).every(name => existsSync(join(MNIST, name)));

/** Bytes of an idx file after its head. */
function readIdx(name: string, head: number): Uint8Array {
  const packed = readFileSync(join(MNIST, name));
  expect(createHash('sha256').update(packed).digest('hex'), name).toBe(HASHES[name]);
  return gunzipSync(packed).subarray(head);
}

const PIXELS = 28 * 28;
/** With the mean and the deviation of the training pictures taken off, as torch's example has them. */
const readPictures = (set: string) =>
  Float32Array.from(readIdx(`${set}-images-idx3-ubyte.gz`, 16), value => (value / 255 - 0.1307) / 0.3081);
const readClasses = (set: string) => Float32Array.from(readIdx(`${set}-labels-idx1-ubyte.gz`, 8));

/** The program of the manual. */
const MANUAL = readFileSync(at('../../../docs/training-in-the-page.md'), 'utf8');
const PROGRAM = /```js\n([\s\S]*?)```/.exec(MANUAL)?.[1] ?? '';

/** 300 steps take minutes on the CPU: they are for `npm run mnist`. */
const IS_WHOLE = process.env.LIMNER_MNIST !== undefined;
const BAR = IS_WHOLE ? { steps: 300, accuracy: 0.93 } : { steps: 100, accuracy: 0.8 };
const SCRIPT = `
const floats = async name => new Float32Array(await (await fetch(name)).arrayBuffer());
const [pictures, classes] = [await floats('pictures'), await floats('classes')];
${PROGRAM}
window.learned = Array.from(learned);`
  .replace("'@limner/engine/training'", "'./training.js'")
  .replace('steps: 300', `steps: ${BAR.steps}`);
const imports = SCRIPT.match(/^import .*$/gm) ?? [];
const CODE = [...imports, SCRIPT.replace(/^import .*$/gm, '')].join('\n');

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'";
const TYPES: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };

let browser: Browser;
let server: Server;

beforeAll(async () => {
  const data = isThere
    ? { '/pictures': readPictures('train').subarray(0, 300 * 64 * PIXELS), '/classes': readClasses('train') }
    : {};
  server = createServer(({ url = '/' }, response) => {
    response.setHeader('Content-Type', TYPES[extname(url)] ?? 'application/octet-stream');
    response.setHeader('Content-Security-Policy', POLICY);
    const values = Reflect.get(data, url) as Float32Array | undefined;
    if (values) return response.end(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    if (url === '/page.html')
      return response.end('<!doctype html><script type="module" src="page.js"></script>');
    if (url === '/page.js') return response.end(CODE);
    const path = url === '/lenet.onnx' ? `${CACHE}/training-lenet.onnx` : join(BUILT, url);
    if (!existsSync(path)) return response.writeHead(404).end();
    return createReadStream(path).pipe(response);
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  browser = await chromium.launch({
    executablePath: process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium',
    args: [...CHROMIUM_FLAGS],
  });
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

/** The part of the test pictures whose class a file finds, in ONNX Runtime. */
async function accuracyOf(file: Uint8Array): Promise<number> {
  const session = await ort.InferenceSession.create(file);
  const [pictures, classes] = [readPictures('t10k'), readClasses('t10k')];
  const batch = 1000;
  let right = 0;
  for (let from = 0; from < classes.length; from += batch) {
    const x = pictures.subarray(from * PIXELS, (from + batch) * PIXELS);
    const { y } = await session.run({ x: new ort.Tensor('float32', x, [batch, 1, 28, 28]) });
    const logits = y?.data as Float32Array;
    for (let i = 0; i < batch; i++) {
      const own = logits.subarray(i * 10, (i + 1) * 10);
      if (own.indexOf(Math.max(...own)) === classes[from + i]) right += 1;
    }
  }
  await session.release();
  return right / classes.length;
}

const title = `${BAR.steps} steps of 64 find ${100 * BAR.accuracy} % of the test pictures of MNIST`;

test(title, { timeout: 1_200_000 }, async ({ skip }) => {
  expect(PROGRAM).toContain('steps: 300');
  skip(!isThere, `The files of MNIST are not in ${MNIST} (LIMNER_SHARED_DATA).`);
  const tab = await browser.newPage();
  const said: string[] = [];
  tab.on('console', message => said.push(message.text()));
  tab.on('pageerror', error => said.push(String(error)));
  const { port } = server.address() as AddressInfo;
  await tab.goto(`http://127.0.0.1:${port}/page.html`);
  const end = Date.now() + 1_100_000;
  while (
    Date.now() < end &&
    !(await tab.evaluate('"learned" in window')) &&
    !said.some(text => /Error/.test(text))
  )
    await new Promise(resolve => setTimeout(resolve, 500));
  expect(said.filter(text => /Error/.test(text))).toEqual([]);
  expect(said[0]).toBe('Training on cpu (the CPU, in a worker)');
  const learned = await tab.evaluate<number[]>('window.learned');
  const accuracy = await accuracyOf(Uint8Array.from(learned));
  console.log(`LeNet finds ${(100 * accuracy).toFixed(2)} % of MNIST's test pictures.`);
  expect(accuracy).toBeGreaterThanOrEqual(BAR.accuracy);
});
