// limner in Node, as a rival of the bench: a program that `limner bench browser` starts and asks on behalf of the page
// (`node-sandbox.ts`). Times are taken here, next to what they measure.
//   node node.mjs PACKAGE LOOK.onnx        (PACKAGE: @limner/engine as `npm run engine` builds it)
// It reads requests and writes answers, one JSON value a line.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const [folder, file] = process.argv.slice(2);
const readVersion = path => JSON.parse(readFileSync(path, 'utf8')).version;
const encode = ({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');
const decode = text => new Uint8Array(Buffer.from(text, 'base64'));
const decodePicture = ({ width, height, data }) => ({ width, height, data: decode(data) });

/** What the page has sent, and the painter that was made for it. */
let picture = null;
let image = null;
let painter = null;
let hasInput = false;

/** One painting of the image, which stays on the GPU. */
async function step() {
  await painter.run(hasInput ? {} : { image }, { read: false });
  hasInput = true;
}

const ANSWERS = {
  /** Paints once, in the milliseconds since the code and the look are in memory. */
  load: async given => {
    const { create, globals } = await import('webgpu').catch(() => {
      throw new Error("npm's webgpu is not installed: run `npm ci` in web/");
    });
    const { createNodePainter, readLook } = await import(pathToFileURL(resolve(folder, 'node.js')).href);
    const bytes = readFileSync(file);
    Object.assign(globalThis, globals);
    image = new Float32Array(decode(given.image).buffer);
    picture = decodePicture(given.picture);
    const start = performance.now();
    // As in the page: float32, and without work beside the paintings.
    const settings = { gpu: create([]), precision: 'float32', upkeep: false };
    painter = await createNodePainter(await readLook(bytes), settings);
    await painter.paint(picture);
    const first = performance.now() - start;
    const dawn = readVersion(createRequire(import.meta.url).resolve('webgpu/package.json'));
    return {
      version: readVersion(resolve(folder, 'package.json')),
      adapter: `${painter.adapter}, Node ${process.versions.node}, webgpu ${dawn}`,
      first,
      bytes: bytes.length,
    };
  },
  run: async () => {
    hasInput = true;
    const [painting] = Object.values(await painter.run({ image }));
    return { painting: encode(painting) };
  },
  paint: async given => {
    picture = decodePicture(given.picture);
    const { width, height, data } = await painter.paint(picture);
    return { picture: { width, height, data: encode(data) } };
  },
  time: async ({ workload, steps }) => {
    const start = performance.now();
    for (let count = 0; count < steps; count++) {
      if (workload === 'model') await step();
      else await painter.paint(picture);
    }
    await painter.finished();
    return { milliseconds: (performance.now() - start) / steps };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = await ANSWERS[request.kind](request).catch(error => ({
    error: String(error?.message ?? error),
  }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
painter?.destroy();
