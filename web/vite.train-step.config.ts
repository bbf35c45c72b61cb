/** Builds what `limner train-step` runs into the Python package: one file, which is no part of the page. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const web = dirname(fileURLToPath(import.meta.url));

export default defineConfig({
  cacheDir: join(web, '.cache/vite-train-step'),
  publicDir: false,
  build: {
    outDir: join(web, '../src/limner/page'),
    emptyOutDir: false,
    target: 'es2022',
    lib: {
      entry: join(web, 'engine/training/train-step.ts'),
      formats: ['es'],
      fileName: () => 'train-step.mjs',
    },
    rolldownOptions: { output: { minify: true, codeSplitting: false } },
  },
});
