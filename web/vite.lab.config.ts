/** Builds the lab page into the Python package. It has its own copy of the engine, so that the live page stays as it is. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { ENGINE_CHUNKS } from './build/engine-chunks.ts';
import { minifyOutput } from './build/minify-output.ts';
import { minifyShaders } from './build/minify-shaders.ts';
import { plainImports } from './build/plain-imports.ts';
import { emitUnstarted } from './build/unstarted.ts';

const web = dirname(fileURLToPath(import.meta.url));
const { version } = JSON.parse(readFileSync(join(web, 'package.json'), 'utf8')) as { version: string };

/** A file's name. The bundler asks for seven letters of a hash where there are more than 64 files. */
const ASSET = 'assets/[name]-[hash:7]';

function emitLicence(): Plugin {
  return {
    name: 'limner-lab-licence',
    generateBundle() {
      const source = readFileSync(join(web, '../LICENSE'), 'utf8');
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source });
    },
  };
}

export default defineConfig({
  root: join(web, 'lab'),
  base: './',
  cacheDir: join(web, '.cache/vite-lab'),
  define: { __LIMNER__: JSON.stringify(version) },
  plugins: [minifyShaders(), plainImports(), emitLicence(), minifyOutput(), emitUnstarted()],
  worker: { format: 'es', rolldownOptions: { output: { entryFileNames: `${ASSET}.js` } } },
  build: {
    outDir: join(web, '../src/limner/_web_lab'),
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox128', 'safari18'],
    modulePreload: false,
    rolldownOptions: {
      input: { index: join(web, 'lab/index.html') },
      output: {
        entryFileNames: `${ASSET}.js`,
        chunkFileNames: `${ASSET}.js`,
        assetFileNames: `${ASSET}[extname]`,
        codeSplitting: { groups: ENGINE_CHUNKS },
      },
    },
    reportCompressedSize: true,
  },
});
