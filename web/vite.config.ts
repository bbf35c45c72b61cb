/** Builds the live page into the Python package, which publishes it beside the looks. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig, type Plugin } from 'vite';
import { engineTable } from './build/engine-table.ts';
import { minifyOutput } from './build/minify-output.ts';
import { minifyShaders } from './build/minify-shaders.ts';
import { plainImports } from './build/plain-imports.ts';
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

/** A file's name. The usual eight letters of a hash are the part of a name that does not compress; six are enough. */
const ASSET = 'assets/[name]-[hash:6]';

/** Lowerings of what only other people's networks have, and what of the graph only training has. They are in chunks after the
 * chunk that has all others: a chunk also gets what its files import, unless that has a place already. */
const FOREIGN_LOWERINGS =
  'foreign|movement-foreign|grid-sample|normalization|pool|quantize\\.|resize|shape-ops';
const TRAINING_LOWERINGS =
  'training|learned-weights|classification-loss|composite|cross-entropy|gather-computed|optimizer-ops|uniform-noise';
const NORM_PASSES = 'normalization|grouping|factors|means|centering|placement|producers|statistics';
const FOLDING_PASSES = 'doubling|split-weights|transposes';
const TRAINING_PASSES = 'batch-rows|copies|flat-gradients|split-reductions|training-plan';
/** Parts of shaders that only other people's networks have, and those that only training has. */
const FOREIGN_CODE = 'grid-sample-code|max-pool-code|pack-grouped';
const TRAINING_CODE = 'computed-conv|grid-sample-gradient|max-pool-gradient|sine|uniform-noise';

/** One chunk holds what every page needs of the engine and what both backends share: many small files are larger. */
const ENGINE_CHUNKS = [
  {
    name: 'engine',
    test: /web\/engine\/((frames\/|recovery\/)?(?!state\.)[\w-]+|codegen\/(pack-weights|expression-code)|webgpu\/runtime\/adapter)\.ts/,
  },
  { name: 'engine', test: /web\/engine\/(?!webgpu\/)/, tags: ['$initial' as const] },
  // The error of an import that fails. The engine's file has most imports, and must not need the page's.
  { name: 'engine', test: /web\/shared\/errors\.ts/ },
  // One holds what every page on WebGPU needs, and one what only networks with other operators or open sizes need.
  {
    name: 'painter',
    test: /web\/engine\/webgpu\/(painter|tuning\/|runtime\/(?!array-runner|packed-weights|shared-|state-kernel|training-program)|kernels\/(?!narrow-state|read-once|row-conv|extended|reduce|matmul|movement|normalization|conv-naive|training|cross-entropy|max-pool-gradient|plane-conv|state-update|step-|weight-gradient|pack-))/,
  },
  {
    name: 'extended',
    test: new RegExp(
      `web/engine/(graph/(?!ir/philox|lowering/(${FOREIGN_LOWERINGS}|${TRAINING_LOWERINGS}|summed-weights)|passes/(${NORM_PASSES}|${FOLDING_PASSES}|${TRAINING_PASSES}|batch-pictures|spread-sums))|codegen/(?!${FOREIGN_CODE}|${TRAINING_CODE}|update-formula)|onnx/free-dims)`,
    ),
  },
  // What recognizes norms that are spelled out, for networks that have sums.
  { name: 'norms', test: new RegExp(`web/engine/graph/passes/(${NORM_PASSES})`) },
  // What folds doublings, and drops transposes, in other people's networks and in those that learn.
  { name: 'folds', test: new RegExp(`web/engine/graph/passes/(${FOLDING_PASSES})`) },
  { name: 'foreign', test: new RegExp(`web/engine/graph/lowering/(${FOREIGN_LOWERINGS})`) },
  { name: 'foreign-code', test: new RegExp(`web/engine/codegen/(${FOREIGN_CODE})`) },
  // Whether there is WebGL2 is asked for before there is a look.
  { name: 'context', test: /web\/engine\/webgl2\/runtime\/context\.ts/ },
  // One holds what WebGL2 needs of every look. Training on it needs most of that too.
  { name: 'webgl2', test: /web\/engine\/webgl2\/(painter|runtime\/network)\.ts/ },
  // What training needs besides what paints: on any backend, on any GPU, and on WebGPU. No page that only paints fetches
  // them.
  {
    name: 'training',
    test: /web\/engine\/(autograd\/(rules\/(backward-node|conv|elementwise|matmul|movement|reduce|resample)|rules|gradients)\.|training\/(?!adversary|cpu|webg|fence|flat|learned-plan|learning-painter|shared-painter|step-slices|training-mode|update-formula)|graph\/lowering\/(training|training-(conv|products|window)|learned-weights)\.|graph\/passes\/spread-sums|onnx\/(write-model|node-writer|protobuf-writer))/,
  },
  // Kernels that training needs, as do other people's networks to paint.
  { name: 'kernels', test: /web\/engine\/webgpu\/kernels\/(matmul|movement|reduce)/ },
  {
    name: 'training-gpu',
    test: new RegExp(
      `web/engine/(training/(flat-step|step-slices|update-formula)|codegen/update-formula|graph/passes/(${TRAINING_PASSES}))`,
    ),
  },
  {
    name: 'training-webgpu',
    test: /web\/engine\/(training\/(learned-plan|shared-painter|webgpu-backend)|graph\/lowering\/summed-weights|webgpu\/(kernels\/(narrow-state|training\.|plane-conv|state-update|step-|weight-gradient|pack-)|runtime\/(packed-weights|shared-|state-kernel|training-program)))/,
  },
  { name: 'philox', test: /web\/engine\/graph\/ir\/philox/ },
  // What only networks with other operators than ours need to learn.
  {
    name: 'training-extended',
    test: new RegExp(
      `web/engine/(autograd/(?!standard)|training/training-mode|graph/lowering/(${TRAINING_LOWERINGS}))`,
    ),
  },
  { name: 'training-code', test: new RegExp(`web/engine/codegen/(${TRAINING_CODE})`) },
];

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
