// What a page with looks of our own fetches of the engine: the files of the built page, each gzipped as a
// server sends it. On each backend that may be 40 kB in all, whenever it is fetched. What only models with other
// operators fetch is printed apart.

import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 40_000;
const ENTRY = '/engine/index.ts';
const BACKENDS = ['webgpu', 'webgl2'];
/** Modules that are fetched for operators and open sizes, which our own looks do without, and for `run`, which
 * paints nothing. */
const APART = /\/engine\/[\w/]+\/(extended|free-dims|array-runner)\.ts$/;

const result = await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { write: false } });
const chunks = [result].flat().flatMap(({ output }) => output.filter(({ type }) => type === 'chunk'));
const byFile = new Map(chunks.map(chunk => [chunk.fileName, chunk]));

function chunkOf(module) {
  const found = chunks.find(({ moduleIds }) => moduleIds.some(id => id.endsWith(module)));
  if (!found) throw new Error(`No file of the page has ${module}.`);
  return found;
}

/** Whether what is imported later on is for others than a page that paints, or for another backend. */
const isApart = ({ moduleIds }, backend) =>
  moduleIds.some(id => APART.test(id)) ||
  BACKENDS.some(other => other !== backend && moduleIds.some(id => id.includes(`/engine/${other}/`)));

/** The files of the entry and of one backend, and all that they import, at once or later. */
function fetched(backend) {
  const found = new Set([chunkOf(ENTRY), chunkOf(`/engine/${backend}/painter.ts`)]);
  for (const { imports, dynamicImports } of found) {
    for (const file of imports) found.add(byFile.get(file));
    for (const file of dynamicImports) if (!isApart(byFile.get(file), backend)) found.add(byFile.get(file));
  }
  return found;
}

const gzipped = ({ code }) => gzipSync(code, { level: 9 }).length;

const needed = new Set();
for (const backend of BACKENDS) {
  const files = fetched(backend);
  for (const chunk of files) needed.add(chunk);
  const bytes = [...files].reduce((sum, chunk) => sum + gzipped(chunk), 0);
  const names = [...files].map(chunk => `${chunk.name} ${gzipped(chunk)}`).join(', ');
  console.log(`a page with our looks on ${backend}: ${bytes} bytes gzipped of ${LIMIT} (${names})`);
  if (bytes > LIMIT) process.exitCode = 1;
}
for (const chunk of chunks) {
  const own = chunk.moduleIds.some(id => id.includes('/engine/'));
  if (own && !needed.has(chunk)) {
    console.log(`apart: ${chunk.name}, ${gzipped(chunk)} bytes gzipped`);
  }
}
