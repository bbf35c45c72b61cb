/** Builds the live page into the Python package, which publishes it beside the looks. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { ASSET, ENGINE_CHUNKS } from './build/engine-chunks.ts';
import { engineTable } from './build/engine-table.ts';
import { minifyOutput } from './build/minify-output.ts';
import { minifyShaders } from './build/minify-shaders.ts';
import { plainImports } from './build/plain-imports.ts';
import { emitUnstarted } from './build/unstarted.ts';
import { EXTENDED } from './engine/graph/lowering/extended.ts';
import { OPERATORS } from './engine/graph/lowering/lower.ts';
import { MAX_NODES, MIN_OPSET } from './engine/onnx/model.ts';

const web = dirname(fileURLToPath(import.meta.url));
const ortFolder = dirname(createRequire(import.meta.url).resolve('onnxruntime-web/wasm'));

/**
 * ONNX Runtime's two files, fetched only if no GPU is used. They are named .js and .wasm: some static hosts
 * serve .mjs with a media type that browsers refuse.
 */
const RUNTIME = {
  'runtime/ort.js': { from: 'ort-wasm-simd-threaded.mjs', type: 'text/javascript' },
  'runtime/ort.wasm': { from: 'ort-wasm-simd-threaded.wasm', type: 'application/wasm' },
} as const;

function emitRuntime(): Plugin {
  return {
    name: 'limner-runtime',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: 'LICENSES.txt', source: composeLicences() });
      for (const [fileName, { from }] of Object.entries(RUNTIME)) {
        this.emitFile({ type: 'asset', fileName, source: readFileSync(join(ortFolder, from)) });
      }
    },
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const path = (request.url ?? '').split('?')[0]?.replace(/^\//, '') ?? '';
        const file = Object.entries(RUNTIME).find(([name]) => name === path)?.[1];
        if (!file) return next();
        response.setHeader('Content-Type', file.type);
        response.end(readFileSync(join(ortFolder, file.from)));
      });
    },
  };
}

/** LICENSES.txt: the licences of the page, the engine and ONNX Runtime. */
function composeLicences(): string {
  const { name, version } = JSON.parse(readFileSync(join(ortFolder, '../package.json'), 'utf8')) as {
    name: string;
    version: string;
  };
  const mit = readFileSync(join(web, '../LICENSE'), 'utf8');
  const runtime = `The folder runtime/ is ${name} ${version}, https://onnxruntime.ai: Copyright (c) Microsoft Corporation`;
  // Both have the same terms.
  return mit.replace('Permission is hereby granted', `${runtime}\n\n$&`);
}

/** Read from the engine's own tables, so that it cannot differ from them. */
const TABLE = {
  operators: [...new Set([...Object.keys(OPERATORS), ...Object.keys(EXTENDED)])].sort(),
  minOpset: MIN_OPSET,
  maxNodes: MAX_NODES,
};

export default defineConfig({
  root: join(web, 'player'),
  base: './',
  cacheDir: join(web, '.cache/vite'),
  plugins: [
    minifyShaders(),
    plainImports(),
    emitRuntime(),
    minifyOutput(),
    emitUnstarted(),
    engineTable(join(web, '../src/limner/page/engine.json'), TABLE),
  ],
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', 'module', 'browser', 'production'] },
  worker: {
    format: 'es',
    // The worker belongs to the runtime: a page that paints on the GPU never fetches it.
    rolldownOptions: { output: { entryFileNames: 'runtime/worker-[hash].js' } },
  },
  build: {
    outDir: join(web, '../src/limner/_web'),
    emptyOutDir: true,
    target: 'es2022',
    cssTarget: ['chrome123', 'firefox128', 'safari18'], // what older ones need (prefixes) is left out
    modulePreload: false,
    rolldownOptions: {
      // The engine is an entry of its own: the page imports it, and `limner export` checks looks with it. So is the
      // WebGPU painter: otherwise the code that it shares with chunks fetched later would be one more file.
      input: {
        index: join(web, 'player/index.html'),
        tools: join(web, 'engine/index.ts'),
        painter: join(web, 'engine/webgpu/painter.ts'),
      },
      preserveEntrySignatures: 'allow-extension',
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
