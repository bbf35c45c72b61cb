/** Builds what `npm run browser-training` measures: training on limner and on its rivals. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { minifyShaders } from './build/minify-shaders.ts';
import bench from './vite.bench.config.ts';

const web = dirname(fileURLToPath(import.meta.url));
const page = (name: string) => join(web, `bench/training/${name}.html`);

export default defineConfig({
  root: join(web, 'bench/training'),
  base: './',
  publicDir: false,
  cacheDir: join(web, '.cache/vite-browser-training'),
  plugins: [minifyShaders()],
  define: bench.define ?? {},
  worker: { format: 'es' },
  build: {
    outDir: join(web, '.cache/browser-training'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: { input: { index: page('index'), classroom: page('classroom') } },
  },
});
