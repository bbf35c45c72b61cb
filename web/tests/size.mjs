// Measures how much of the engine a page with our own looks fetches: the built page's files, each gzipped as a server
// sends it. The limit is 44.44 kB per backend in total, including files that are fetched later. Files that are only
// fetched for models with other operators are printed separately.

import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 44_440;
const ENTRY = '/engine/index.ts';
const BACKENDS = ['webgpu', 'webgl2'];
/** Modules that are only fetched for operators, open sizes and state that our own looks do not have, and for `run`,
 * which does not paint. */
const APART =
  /\/engine\/([\w/]+\/(extended|free-dims|array-runner)|(webgl2\/runtime\/)?state|graph\/passes\/(normalization|doubling|transposes))\.ts$/;

const result = await build({ configFile: 'vite.config.ts', logLevel: 'error', build: { write: false } });
const chunks = [result].flat().flatMap(({ output }) => output.filter(({ type }) => type === 'chunk'));
const byFile = new Map(chunks.map(chunk => [chunk.fileName, chunk]));

function chunkOf(module) {
  const found = chunks.find(({ moduleIds }) => moduleIds.some(id => id.endsWith(module)));
  if (!found) throw new Error(`No file of the page has ${module}.`);
  return found;
}

/** Whether a dynamically imported file is not needed for painting our own looks on this backend. */
const isApart = ({ moduleIds }, backend) =>
  moduleIds.some(id => APART.test(id)) ||
  BACKENDS.some(other => other !== backend && moduleIds.some(id => id.includes(`/engine/${other}/`)));

/** The files of the entry and of one backend, with all imports, static or dynamic, that our own looks may need. */
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
