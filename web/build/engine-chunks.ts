/** How pages that are built from the engine are cut into files. */

/** A file's name. The usual eight letters of a hash are the part of a name that does not compress; six are enough. */
export const ASSET = 'assets/[name]-[hash:6]';

/** One chunk holds what every page needs of the engine and what both backends share: many small files are larger. */
export const ENGINE_CHUNKS = [
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
    test: /web\/engine\/webgpu\/(painter|tuning\/|runtime\/(?!array-runner|packed-weights|state-kernel|step-slices|training-program)|kernels\/(?!extended|reduce|matmul|normalization|conv-naive|training|cross-entropy|max-pool-gradient|plane-conv|state-update|step-|weight-gradient|pack-weights))/,
  },
  // What recognizes norms that are spelled out, for networks that have sums.
  {
    name: 'norms',
    test: /web\/engine\/graph\/passes\/(normalization|grouping|factors|means|centering|placement|producers|statistics)\.ts/,
  },
  // What folds doublings, and drops transposes, in other people's networks.
  { name: 'folds', test: /web\/engine\/graph\/passes\/(doubling|split-weights|transposes)\.ts/ },
  // What only training has is in groups below.
  {
    name: 'extended',
    test: /web\/engine\/(graph\/(?!ir\/philox|lowering\/(training|cross-entropy|learned-weights|uniform-noise|classification|composite|gather-computed|optimizer-ops)|passes\/(batch-rows|copies|flat-gradients|split-reductions|training-plan))|codegen\/(?!computed-conv|grid-sample-gradient|max-pool-gradient|sine|uniform-noise)|onnx\/free-dims)/,
  },
  // Whether there is WebGL2 is asked for before there is a look.
  { name: 'context', test: /web\/engine\/webgl2\/runtime\/context\.ts/ },
  // One holds what WebGL2 needs of every look. Training on it needs most of that too.
  { name: 'webgl2', test: /web\/engine\/webgl2\/(painter|runtime\/network)\.ts/ },
  // What training needs besides what paints: on any backend, and on WebGPU. No page that only paints fetches them.
  {
    name: 'training',
    test: /web\/engine\/(autograd\/(?!standard)|training\/(?!cpu|webg|fence|flat|learning-painter)|graph\/(ir\/philox|lowering\/(training(?!-extended)|cross-entropy|learned-weights|uniform-noise))|onnx\/(write-model|node-writer|protobuf-writer))/,
  },
  {
    name: 'training-code',
    test: /web\/engine\/codegen\/(computed-conv|grid-sample-gradient|max-pool-gradient|sine|uniform-noise)/,
  },
  {
    name: 'training-webgpu',
    test: /web\/engine\/(training\/(flat-step|webgpu-backend)|graph\/passes\/(batch-rows|copies|flat-gradients|split-reductions|training-plan)|webgpu\/(kernels\/(training|cross-entropy|max-pool-gradient|plane-conv|state-update|step-|weight-gradient|pack-weights)|runtime\/(packed-weights|state-kernel|step-slices|training-program)))/,
  },
];
