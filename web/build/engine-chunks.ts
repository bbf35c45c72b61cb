/** How pages that are built from the engine are cut into files. */

/** A file's name. The usual eight letters of a hash are the part of a name that does not compress; six are enough. */
export const ASSET = 'assets/[name]-[hash:6]';

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
    test: /web\/engine\/(autograd\/(rules\/(backward-node|conv|elementwise|matmul|movement|reduce|resample)|rules|gradients)\.|training\/(?!adversary|cpu|webg|fence|flat|learned-plan|kept-target|learning-painter|pixel-batches|shared-painter|step-slices|training-mode|update-(formula|inputs))|graph\/lowering\/(training|training-(conv|products|window)|learned-weights)\.|graph\/passes\/spread-sums|onnx\/(write-model|node-writer|protobuf-writer))/,
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
  // What draws pixels on the device.
  { name: 'pixel-batches', test: /web\/engine\/training\/(kept-target|pixel-batches)/ },
  { name: 'training-code', test: new RegExp(`web/engine/codegen/(${TRAINING_CODE})`) },
];
