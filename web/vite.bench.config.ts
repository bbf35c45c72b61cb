/** Builds the bench page with the rivals' packages. It is no part of the Python package: it has about 100 MB. */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { minifyShaders } from './build/minify-shaders.ts';

const web = dirname(fileURLToPath(import.meta.url));
const modules = createRequire(import.meta.url);

function readVersion(file: string): string {
  const { version } = JSON.parse(readFileSync(join(web, file), 'utf8')) as { version: string };
  return JSON.stringify(version);
}

/** Files that the libraries fetch at run time, from runtimes/. */
const RUNTIMES: readonly { folder: string; from: string; files: RegExp }[] = [
  {
    folder: 'onnxruntime',
    from: dirname(modules.resolve('onnxruntime-web/wasm')),
    files: /^ort-wasm-simd-threaded(\.jspi|\.asyncify)?\.(mjs|wasm)$/,
  },
  {
    folder: 'tfjs',
    from: join(dirname(modules.resolve('@tensorflow/tfjs-backend-wasm/package.json')), 'wasm-out'),
    files: /\.wasm$/,
  },
  {
    folder: 'litert',
    from: join(web, 'node_modules/@litertjs/core/wasm'),
    files: /^litert_wasm_(threaded_|jspi_)?internal\.(js|wasm)$/,
  },
];

function emitRuntimes(): Plugin {
  return {
    name: 'limner-bench-runtimes',
    generateBundle() {
      for (const { folder, from, files } of RUNTIMES) {
        for (const name of readdirSync(from).filter(file => files.test(file))) {
          const source = readFileSync(join(from, name));
          this.emitFile({ type: 'asset', fileName: `runtimes/${folder}/${name}`, source });
        }
      }
    },
  };
}

export default defineConfig({
  root: join(web, 'bench'),
  base: './',
  publicDir: false,
  cacheDir: join(web, '.cache/vite-bench'),
  plugins: [minifyShaders(), emitRuntimes()],
  define: {
    __LIMNER__: readVersion('package.json'),
    __LITERT__: readVersion('node_modules/@litertjs/core/package.json'),
    __JAX__: readVersion('node_modules/@jax-js/jax/package.json'),
  },
  worker: { format: 'es' },
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'] },
  build: {
    outDir: join(web, 'dist/bench'),
    emptyOutDir: true,
    target: 'es2022',
    modulePreload: false,
    chunkSizeWarningLimit: 4000,
    rolldownOptions: {
      input: ['index', 'sandbox', 'everywhere'].map(page => join(web, `bench/${page}.html`)),
    },
  },
});
