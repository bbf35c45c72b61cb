// Measures how much of the engine a page with our own looks fetches: the built page's files, each gzipped as a server
// sends it. The limit is 44.11 kB per backend in total, including files that are fetched later. What such a look fetches
// besides to learn in the page, by Adam and the mean absolute error, has a limit for each backend
// (`node/learning-parts.test.ts` tests that it fetches no more). Other files are printed separately.

import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 44_110;
const LEARNING_LIMITS = { webgpu: 47_200, webgl2: 47_100 };
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

/** The modules that learning fetches. The rest are their static imports. */
const LEARNING = [
  'training/make-trainer',
  'training/learning-painter',
  'graph/lowering/extended',
  'graph/passes/transposes',
];

/** The files that a look needs to learn and not to paint. */
function fetchedToLearn(backend, painting) {
  const device = backend === 'webgpu' ? ['training/learning-painter-device'] : [];
  const modules = [...LEARNING, ...device, `training/${backend}-backend`];
  const found = new Set(modules.map(module => chunkOf(`/engine/${module}.ts`)));
  for (const { imports } of found) for (const file of imports) found.add(byFile.get(file));
  return [...found].filter(chunk => !painting.has(chunk));
}

const gzipped = ({ code }) => gzipSync(code, { level: 9 }).length;

const needed = new Set();

/** Prints the size of some files, and fails if it is beyond the limit. */
function check(what, files, limit) {
  for (const chunk of files) needed.add(chunk);
  const sizes = [...files].map(chunk => ({ name: chunk.name, bytes: gzipped(chunk) }));
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  const names = sizes.map(({ name, bytes }) => `${name} ${bytes}`).join(', ');
  console.log(`${what}: ${total} bytes gzipped of ${limit} (${names})`);
  if (total > limit) process.exitCode = 1;
}

for (const backend of BACKENDS) {
  const painting = fetched(backend);
  check(`a page with our looks on ${backend}`, painting, LIMIT);
  check(
    `what one fetches to learn on ${backend}`,
    fetchedToLearn(backend, painting),
    LEARNING_LIMITS[backend],
  );
}
for (const chunk of chunks) {
  const own = chunk.moduleIds.some(id => id.includes('/engine/'));
  if (own && !needed.has(chunk)) {
    console.log(`apart: ${chunk.name}, ${gzipped(chunk)} bytes gzipped`);
  }
}
