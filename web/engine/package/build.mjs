// `npm run engine`: the npm package @limner/engine, made into dist/engine, or into the folder that is given.
// As a module its backends are chunks that a page fetches when it needs them; for a script tag all is in one
// file, with the global `limner`. `node.js` is for Node, `training.js` for networks that learn, `filters.js` for filters of
// looks; they share the chunks.

import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, loadConfigFromFile } from 'vite';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const OUT = resolve(process.argv[2] ?? at('../../dist/engine'));

// Shaders and files as the page has them.
const command = { command: 'build', mode: 'production' };
const { config: page } = await loadConfigFromFile(command, at('../../vite.config.ts'), at('../..'));
const plugins = page.plugins.filter(({ name }) => name === 'limner-shaders');
// In the page the WebGPU painter is an entry. Here it is none, since a library's entry keeps every export. The bundler
// then adds a helper function to its chunk. If tables that are fetched were in a group as well, all would import the
// helper from one more file.
const TABLE = /web\/engine\/graph\/lowering\/(extended|foreign)\.ts$/;
/** What only Node, a training or filters need must not be in the chunks of pages that paint. */
const APART = /web\/engine\/((node|onnx\/filters|webgpu\/runtime\/memory-canvas)\.ts$|training\/)/;
const groups = page.build.rolldownOptions.output.codeSplitting.groups.map(group => {
  const pattern = group.test;
  return { ...group, test: module => pattern.test(module) && !APART.test(module) && !TABLE.test(module) };
});
const codeSplitting = { groups };
const index = at('../index.ts');

async function bundle(lib, chunks) {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    // Chunks and workers are found from the file that needs them, wherever the package lies.
    base: './',
    plugins,
    worker: { format: 'es', rolldownOptions: { output: { entryFileNames: 'chunks/[name]-[hash].js' } } },
    build: {
      outDir: OUT,
      emptyOutDir: false,
      target: 'es2022',
      lib,
      rolldownOptions: {
        output: {
          // A library's modules keep their white space otherwise, an eighth of their size.
          minify: true,
          ...(chunks
            ? { chunkFileNames: 'chunks/[name]-[hash].js', codeSplitting }
            : { codeSplitting: false }),
        },
      },
    },
  });
}

/** Keeps the declarations that those of the API lead to. */
function pruneTypes() {
  const kept = new Set();
  const keep = file => {
    if (kept.has(file)) return;
    kept.add(file);
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/from '(\.[^']+)\.ts'/g)) {
      keep(join(dirname(file), `${path}.d.ts`));
    }
  };
  for (const entry of ['index', 'node', 'training/index', 'onnx/filters'])
    keep(join(OUT, `types/${entry}.d.ts`));
  for (const name of readdirSync(join(OUT, 'types'), { recursive: true })) {
    const file = join(OUT, 'types', name);
    if (file.endsWith('.d.ts') && !kept.has(file)) rmSync(file);
  }
}

rmSync(OUT, { recursive: true, force: true });
const entry = {
  limner: index,
  node: at('../node.ts'),
  training: at('../training/index.ts'),
  filters: at('../onnx/filters.ts'),
};
await bundle({ formats: ['es'], entry, fileName: (_, name) => `${name}.js` }, true);
const fileName = () => 'limner.global.js';
await bundle({ formats: ['iife'], entry: index, name: 'limner', fileName }, false);
const compiler = at('../../node_modules/typescript/bin/tsc');
const options = ['-p', at('tsconfig.json'), '--outDir', join(OUT, 'types')];
execFileSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
pruneTypes();
for (const file of ['package.json', 'README.md']) cpSync(at(file), `${OUT}/${file}`);
cpSync(at('../../../LICENSE'), `${OUT}/LICENSE`);
cpSync(at('../example'), `${OUT}/example`, { recursive: true });
console.log(readdirSync(OUT).join('  '));
