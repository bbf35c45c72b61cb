// `npm run engine`: the npm package @limner/engine, made into dist/engine. As a module its backends are chunks
// that a page fetches when it needs them; for a script tag all is in one file, with the global `limner`.

import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, loadConfigFromFile } from 'vite';

const at = path => fileURLToPath(new URL(path, import.meta.url));
const OUT = at('../../dist/engine');

// Shaders and files as the page has them.
const command = { command: 'build', mode: 'production' };
const { config: page } = await loadConfigFromFile(command, at('../../vite.config.ts'), at('../..'));
const plugins = page.plugins.filter(({ name }) => name === 'limner-shaders');
// In the page the WebGPU painter is an entry. Here it is none, since a library's entry keeps every export. The bundler
// then adds a helper function to its chunk. If `graph/lowering/extended.ts` were in a group as well, both would import
// the helper from one more file, so the group `extended` is smaller here.
const groups = page.build.rolldownOptions.output.codeSplitting.groups.map(group =>
  group.name === 'extended' ? { ...group, test: /web\/engine\/(codegen|graph\/passes\/legalize)/ } : group,
);
const codeSplitting = { groups };

async function bundle(lib, chunks) {
  await build({
    configFile: false,
    logLevel: 'warn',
    publicDir: false,
    plugins,
    build: {
      outDir: OUT,
      emptyOutDir: false,
      target: 'es2022',
      lib: { ...lib, entry: at('../index.ts') },
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
  keep(join(OUT, 'types/index.d.ts'));
  for (const name of readdirSync(join(OUT, 'types'), { recursive: true })) {
    const file = join(OUT, 'types', name);
    if (file.endsWith('.d.ts') && !kept.has(file)) rmSync(file);
  }
}

rmSync(OUT, { recursive: true, force: true });
await bundle({ formats: ['es'], fileName: () => 'limner.js' }, true);
await bundle({ formats: ['iife'], name: 'limner', fileName: () => 'limner.global.js' }, false);
execFileSync(process.execPath, [at('../../node_modules/typescript/bin/tsc'), '-p', at('tsconfig.json')], {
  stdio: 'inherit',
});
pruneTypes();
for (const file of ['package.json', 'README.md']) cpSync(at(file), `${OUT}/${file}`);
cpSync(at('../../../LICENSE'), `${OUT}/LICENSE`);
cpSync(at('../example'), `${OUT}/example`, { recursive: true });
console.log(readdirSync(OUT).join('  '));
