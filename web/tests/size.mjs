// What the engine weighs: bundled, minified, each file gzipped as a server sends it. A page with looks of our
// own loads the entry and one backend; that may weigh 40 kB. The rest is fetched when a model asks for it.

import { gzipSync } from 'node:zlib';
import { build, loadConfigFromFile } from 'vite';

const LIMIT = 40_000;
const ENTRY = 'engine/index.ts';
const BACKENDS = { webgpu: 'engine/webgpu/painter.ts', webgl2: 'engine/webgl2/painter.ts' };

// Shaders as the page has them.
const page = await loadConfigFromFile({ command: 'build', mode: 'production' }, 'vite.config.ts');
const plugins = page.config.plugins.filter(({ name }) => name === 'limner-shaders');

const result = await build({
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  plugins,
  build: {
    write: false,
    lib: { entry: ENTRY, formats: ['es'] },
    rolldownOptions: { preserveEntrySignatures: 'allow-extension' },
    minify: 'oxc',
  },
});
const chunks = [result].flat().flatMap(({ output }) => output.filter(({ type }) => type === 'chunk'));
const byFile = new Map(chunks.map(chunk => [chunk.fileName, chunk]));

/** The chunks of a module and all that they import at once. */
function loaded(module) {
  const first = chunks.find(({ facadeModuleId }) => facadeModuleId?.endsWith(module));
  if (!first) throw new Error(`No chunk is made of ${module}.`);
  const found = new Set([first]);
  for (const chunk of found) for (const file of chunk.imports) found.add(byFile.get(file));
  return found;
}

const gzipped = chunk => gzipSync(chunk.code, { level: 9 }).length;
const weight = set => [...set].reduce((sum, chunk) => sum + gzipped(chunk), 0);

const entry = loaded(ENTRY);
const needed = new Set(entry);
for (const [backend, module] of Object.entries(BACKENDS)) {
  const needs = new Set([...entry, ...loaded(module)]);
  for (const chunk of needs) needed.add(chunk);
  const bytes = weight(needs);
  console.log(
    `a page with our looks on ${backend}: ${bytes} bytes gzipped in ${needs.size} files (limit ${LIMIT})`,
  );
  if (bytes > LIMIT) process.exitCode = 1;
}
const others = chunks.filter(chunk => !needed.has(chunk));
for (const chunk of others) console.log(`on demand: ${chunk.name}, ${gzipped(chunk)} bytes gzipped`);
