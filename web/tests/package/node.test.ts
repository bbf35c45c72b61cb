// The package in Node: `@limner/engine/node` with npm's `webgpu`, on Chromium's software GPU. Each test runs a program
// that imports the built package, as other people's do.

import { spawnSync } from 'node:child_process';
import { copyFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { env, InferenceSession, Tensor } from 'onnxruntime-web/wasm';
import { PNG } from 'pngjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { rgbaToPlanes } from '../../shared/planes.ts';
import { largestDifference } from '../compare.ts';
import { type Ended, makeProject, runProgram } from './program.ts';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const LOOK = at('../../../src/limner/looks/sea.onnx');
const SIDE = 256;
const AREA = SIDE ** 2;

/** What every program begins with. */
const HEAD = `import { readFileSync, writeFileSync } from 'node:fs';
  import { createNodePainter, EngineError, readLook, readModel } from '@limner/engine/node';
  import { create, globals } from 'webgpu';
  const constants = () => Object.assign(globalThis, globals);
  const sea = async () => readLook(readFileSync('look.onnx'));
  const floats = file => new Float32Array(new Uint8Array(readFileSync(file)).buffer);
  /** Stripes of ${SIDE} pixels a side, the same in every program. */
  const picture = { width: ${SIDE}, height: ${SIDE}, data: readFileSync('photo.rgba') };
  const message = promise => promise.then(() => 'no error', error => error instanceof EngineError ? error.message : String(error));
  const print = value => console.log(JSON.stringify(value));
`;

let folder: string;
/** The picture, and ONNX Runtime's painting and guide of it. */
const photo = new Uint8ClampedArray(4 * AREA);
const image = new Float32Array(3 * AREA);
let painting: Float32Array;
let guide: Float32Array;

beforeAll(async () => {
  folder = makeProject();
  copyFileSync(LOOK, join(folder, 'look.onnx'));
  for (let pixel = 0; pixel < AREA; pixel++) {
    const [x, y] = [pixel % SIDE, Math.floor(pixel / SIDE)];
    photo.set([x, 255 - 0.7 * y, (x * 37) % 256, 255], 4 * pixel);
  }
  rgbaToPlanes(photo, image);
  writeFileSync(join(folder, 'photo.rgba'), photo);
  writeFileSync(join(folder, 'image'), image);
  env.wasm.numThreads = 1;
  const session = await InferenceSession.create(new Uint8Array(readFileSync(LOOK)), { logSeverityLevel: 3 });
  const outputs = await session.run({ image: new Tensor('float32', image, [1, 3, SIDE, SIDE]) });
  painting = outputs.painting?.data as Float32Array;
  guide = outputs.guide?.data as Float32Array;
});

afterAll(() => rmSync(folder, { recursive: true }));

/** The JSON that a program prints, if it ends by itself and without an error. */
function run(code: string, environment?: Record<string, string>): unknown[] {
  return printed(runProgram(folder, HEAD + code, environment));
}

function printed({ status, stdout, stderr }: Ended): unknown[] {
  expect(status, stderr).toBe(0);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map(line => JSON.parse(line));
}

const bytesOf = (file: string) => new Uint8Array(readFileSync(join(folder, file)));
const floatsOf = (file: string) => new Float32Array(bytesOf(file).buffer);

/** The largest difference of a painting's bytes from ONNX Runtime's values, of 255. */
function distance(rgba: Uint8Array): number {
  expect(rgba.length).toBe(4 * AREA);
  let most = 0;
  for (let i = 0; i < 3 * AREA; i++) {
    const [pixel, channel] = [i % AREA, Math.floor(i / AREA)];
    most = Math.max(most, Math.abs((rgba[4 * pixel + channel] ?? 999) - 255 * (painting[i] ?? Number.NaN)));
  }
  expect(rgba.every((value, i) => i % 4 < 3 || value === 255)).toBe(true);
  return most;
}

for (const [name, page] of [
  ['docs/engine.md', '../../../docs/engine.md'],
  ["the package's README", '../../engine/package/README.md'],
] as const) {
  test(`the example of ${name} paints a PNG as it stands`, () => {
    const blocks = [...readFileSync(at(page), 'utf8').matchAll(/```js\n(.*?)```/gs)].map(
      ([, code = '']) => code,
    );
    const [example = '', ...others] = blocks.filter(code => code.includes('createNodePainter'));
    expect(others).toEqual([]);
    const png = new PNG({ width: SIDE, height: SIDE });
    png.data.set(photo);
    writeFileSync(join(folder, 'photo.png'), PNG.sync.write(png));
    expect(printed(runProgram(folder, example))).toEqual([]);
    const { width, height, data } = PNG.sync.read(readFileSync(join(folder, 'painting.png')));
    expect([width, height]).toEqual([SIDE, SIDE]);
    expect(distance(data)).toBeLessThan(2);
    rmSync(join(folder, 'painting.png'));
  });
}

test('a shipped look gives the values of ONNX Runtime, from run() and from paint()', () => {
  const [found] = run(`constants();
    const painter = await createNodePainter(await sea(), { gpu: create([]), precision: 'float32' });
    const { painting, guide } = await painter.run({ image: floats('image') });
    writeFileSync('painting', painting);
    writeFileSync('guide', guide);
    // At once, and another picture between them.
    const black = { ...picture, data: new Uint8ClampedArray(picture.data.length) };
    const [one, other, two] = await Promise.all([picture, black, picture].map(one => painter.paint(one)));
    writeFileSync('painted', one.data);
    print({
      size: [one.width, one.height],
      isSame: Buffer.compare(one.data, two.data) === 0,
      isOther: Buffer.compare(one.data, other.data) !== 0,
      info: [painter.info.pixels, Object.keys(painter.info.live)],
      hasAdapter: painter.adapter.length > 0,
      statistics: painter.statistics,
    });
    painter.set('brightness', 0.3);
    const bright = await painter.paint(picture);
    print(Buffer.compare(one.data, bright.data) !== 0);
    painter.destroy();`) as [{ statistics: Record<string, number> }];
  expect(found).toMatchObject({
    size: [SIDE, SIDE],
    isSame: true,
    isOther: true,
    info: [SIDE, ['brightness', 'contrast', 'levels']],
    hasAdapter: true,
  });
  expect(found.statistics.dispatches).toBeLessThanOrEqual(16);
  expect(largestDifference(floatsOf('painting'), painting)).toBeLessThan(1e-4);
  expect(largestDifference(floatsOf('guide'), guide)).toBeLessThan(1e-4);
  expect(distance(bytesOf('painted'))).toBeLessThan(2);
});

test('the values between layers may be float16', () => {
  run(`constants();
    const painter = await createNodePainter(await sea(), { gpu: create([]), precision: 'float16' });
    writeFileSync('halves', (await painter.run({ image: floats('image') })).painting);
    painter.destroy();`);
  const halves = floatsOf('halves');
  const squares = painting.reduce((sum, value, i) => sum + (value - (halves[i] ?? Number.NaN)) ** 2, 0);
  const decibels = -10 * Math.log10(squares / painting.length);
  // As in the browser; if it were exact to float32, the test would not have used float16.
  expect(decibels).toBeGreaterThanOrEqual(45);
  expect(decibels).toBeLessThan(110);
});

test('of a picture of any size the centre square is painted, mirrored on request', () => {
  const [apart] = run(`constants();
    const painter = await createNodePainter(await sea(), { gpu: create([]) });
    /** The picture with bars beside it, each pixel \`zoom\` times as large. */
    function framed(zoom, bar) {
      const [width, height] = [zoom * ${SIDE} + 2 * bar, zoom * ${SIDE}];
      const data = new Uint8Array(4 * width * height).fill(255);
      for (let y = 0; y < height; y++)
        for (let x = bar; x < width - bar; x++) {
          const from = 4 * (Math.floor(y / zoom) * ${SIDE} + Math.floor((x - bar) / zoom));
          data.set(picture.data.subarray(from, from + 4), 4 * (y * width + x));
        }
      return { width, height, data };
    }
    const flipped = { ...picture, data: picture.data.map((_, i) => {
      const [x, y] = [Math.floor(i / 4) % ${SIDE}, Math.floor(i / ${4 * SIDE})];
      return picture.data[4 * (y * ${SIDE} + ${SIDE - 1} - x) + i % 4];
    }) };
    const plain = await painter.paint(picture);
    const apart = ({ data }) => data.reduce((most, value, i) => Math.max(most, Math.abs(value - plain.data[i])), 0);
    print({
      framed: apart(await painter.paint(framed(1, 33))),
      larger: apart(await painter.paint(framed(2, 100))),
      twiceMirrored: apart(await painter.paint(flipped, { mirror: true })),
      mirrored: apart(await painter.paint(picture, { mirror: true })),
    });
    painter.destroy();`) as [Record<string, number>];
  expect(apart.framed).toBeLessThan(2);
  expect(apart.larger).toBeLessThan(2);
  expect(apart.twiceMirrored).toBeLessThan(2);
  expect(apart.mirrored).toBeGreaterThan(20);
});

test('a painter survives two lost devices, and the third loss has a reason', () => {
  const [events, isSame, after] = run(`constants();
    const devices = [];
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...args) {
      devices.push(await requestDevice.apply(this, args));
      return devices.at(-1);
    };
    const events = [];
    const painter = await createNodePainter(await sea(), {
      gpu: create([]),
      onRevived: milliseconds => events.push(milliseconds > 0 ? 'revived' : 'wrong'),
      onLost: reason => events.push('lost: ' + (reason.length > 0)),
    });
    const same = [];
    // A painter that was rebuilt has other kernels than one that begins on a software GPU: equal to a rounding.
    const apart = (a, b) => a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i])), 0);
    const { data } = await painter.paint(picture);
    painter.set('brightness', 0.2);
    const brighter = await painter.paint(picture);
    for (let loss = 0; loss < 2; loss++) {
      // One painting is under way, and one comes later.
      const meanwhile = painter.paint(picture);
      devices.at(-1).destroy();
      for (const one of [await meanwhile, await painter.paint(picture)])
        same.push(apart(one.data, brighter.data) < 2 && apart(one.data, data) > 20);
    }
    const last = message(painter.paint(picture));
    devices.at(-1).destroy();
    await last;
    print(events);
    print(same);
    print([devices.length, await last, await message(painter.run({ image: floats('image') }))]);
    painter.destroy();`);
  const over = 'The GPU was lost for good, or the painter was destroyed.';
  expect(events).toEqual(['revived', 'revived', 'lost: true']);
  expect(isSame).toEqual([true, true, true, true]);
  expect(after).toEqual([3, over, over]);
});

test('what is wrong is said in a sentence', () => {
  const [sentences] = run(`const look = await sea();
    const sentences = {
      none: await message(createNodePainter(look)),
      noGpu: await message(createNodePainter(look, { gpu: globals })),
      constants: await message(createNodePainter(look, { gpu: create([]) })),
    };
    constants();
    sentences.adapter = await message(createNodePainter(look, { gpu: create(['backend=null', 'adapter=none']) }));
    const painter = await createNodePainter(look, { gpu: create([]) });
    const paint = one => message(painter.paint(one));
    sentences.path = await paint('photo.png');
    sentences.rgb = await paint({ ...picture, data: new Uint8Array(${3 * AREA}) });
    sentences.fraction = await paint({ width: 1.5, height: 2, data: new Uint8Array(12) });
    sentences.floats = await paint({ width: 1, height: 1, data: new Float32Array(1) });
    sentences.large = await paint({ width: 8193, height: 1, data: new Uint8Array(${4 * 8193}) });
    sentences.fine = await paint(picture);
    painter.destroy();
    sentences.destroyed = await paint(picture);
    print(sentences);`);
  expect(sentences).toEqual({
    none: "createNodePainter() needs a GPU object: { gpu: create([]) }, with `create` of npm's webgpu.",
    noGpu: "createNodePainter() needs a GPU object: { gpu: create([]) }, with `create` of npm's webgpu.",
    constants:
      "WebGPU's constants are not global: call Object.assign(globalThis, globals), with `globals` of npm's webgpu.",
    adapter: expect.stringMatching(
      /^WebGPU .+; install a GPU's driver \(on Linux one for Vulkan\), or a software GPU\.$/s,
    ),
    path: 'paint() takes { width, height, data } with four bytes (RGBA) a pixel; here 0 x 0 pixels have no bytes.',
    rgb: `paint() takes { width, height, data } with four bytes (RGBA) a pixel; here ${SIDE} x ${SIDE} pixels have ${3 * AREA} bytes.`,
    fraction:
      'paint() takes { width, height, data } with four bytes (RGBA) a pixel; here 1.5 x 2 pixels have 12 bytes.',
    floats: 'paint() takes the pixels of a picture as a Uint8Array or a Uint8ClampedArray.',
    large: 'A picture of 8193 x 1 pixels is too large for this GPU; make it at most 8192 a side.',
    fine: 'no error',
    destroyed: 'The GPU was lost for good, or the painter was destroyed.',
  });
});

test('after destroy() nothing keeps the program, and nothing asks for what browsers have', () => {
  const [report] = run(`constants();
    const asked = new Set();
    for (const name of ['localStorage', 'indexedDB', 'requestIdleCallback', 'caches'])
      Object.defineProperty(globalThis, name, { get: () => void asked.add(name) });
    const events = [];
    const painter = await createNodePainter(await sea(), {
      gpu: create([]),
      onRevived: () => events.push('revived'),
      onLost: () => events.push('lost'),
    });
    await painter.paint(picture);
    // The health monitor checks a second after the first painting, and the tuner has begun.
    await new Promise(resolve => setTimeout(resolve, 3000));
    // This starts the timer of the next check, which is minutes away.
    await painter.paint(picture);
    painter.destroy();
    print({ asked: [...asked], events });`);
  // The tuner asks whether there are idle callbacks.
  expect(report).toEqual({ asked: ['requestIdleCallback'], events: [] });
});

test('a network that is no look runs on arrays', () => {
  const [sentence, isClose] = run(`constants();
    const painter = await createNodePainter(await readModel(readFileSync('look.onnx')), { gpu: create([]) });
    print(await message(painter.paint(picture)));
    writeFileSync('painting', (await painter.run({ image: floats('image') })).painting);
    print(true);
    painter.destroy();`);
  expect(sentence).toBe('This model takes no picture, so it cannot paint; use run().');
  expect(isClose).toBe(true);
  expect(largestDifference(floatsOf('painting'), painting)).toBeLessThan(1e-4);
});

test.each(['es2022', 'es2022,dom'])(
  "a program is checked against the types of the package and webgpu's, with %s",
  lib => {
    const program = `import { create } from 'webgpu';
    import { createNodePainter, readLook, type NodePainter, type Picture } from '@limner/engine/node';
    const look = await readLook(new Uint8Array());
    const painter: NodePainter = await createNodePainter(look, { gpu: create([]), onLost: reason => reason.trim() });
    const picture: Picture = { width: 1, height: 1, data: new Uint8Array(4) };
    const { data } = await painter.paint(picture, { mirror: true });
    export const wrong: string = data;`;
    writeFileSync(join(folder, 'program.mts'), program);
    const options = '--noEmit --strict --skipLibCheck --module nodenext --target es2022 --lib';
    const compiler = at('../../node_modules/typescript/bin/tsc');
    const given = [...options.split(' '), lib, 'program.mts'];
    const { stdout } = spawnSync(process.execPath, [compiler, ...given], { cwd: folder, encoding: 'utf8' });
    // The compiler finds the one deliberate error, so the types are not `any`, and no other errors.
    expect(stdout.match(/error TS\d+.*/g)).toEqual([
      expect.stringMatching(/^error TS2322: .*is not assignable to type 'string'/),
    ]);
  },
);
