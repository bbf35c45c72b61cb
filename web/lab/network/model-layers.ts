/** The layers of a model that is shown: its convolutions, pools and dense layers, with their weights and what they answer. */
import type { OnnxModel } from '../../engine/training/index.ts';
import type { About } from '../shell/explain.ts';
import type { Layer, LayerView } from './layer-card.ts';
import { drawMatrix, largest } from './strip.ts';
import { drawTiles } from './tiles.ts';
import { valuesOf } from './weights.ts';

export interface ModelState {
  /** Weights and biases as they are now; else those of the file. */
  readonly weights: ReadonlyMap<string, Float32Array>;
  /** Values between the layers, for the example that is shown. */
  readonly values: ReadonlyMap<string, Float32Array>;
}

export interface ShownLayer {
  readonly layer: Layer;
  /** The value that is drawn. */
  readonly watch: string;
}

type OnnxNode = OnnxModel['nodes'][number];
type Dims = readonly [channels: number, height: number, width: number];

/** More are drawn too small to be seen. */
const MAX_TILES = 64;
const MAX_KERNELS = 256;
/** Weights of a matrix that fill their place; the pixels of larger ones stay square. */
const MAX_STRETCHED = 10_000;
/** These are in one row. */
const FEW = 8;

const ABOUT = {
  Conv: {
    what: 'Small kernels slide over the maps before: each makes a map of where it fits.',
    how: 'The upper picture has its maps for the example shown: orange where the layer answers. Below are the kernels, orange above zero and blue below.',
    formula: 'y[o] = b[o] + Σᵢ w[o, i] ∗ x[i]',
  },
  MaxPool: {
    what: 'Each square of pixels becomes its largest one: maps shrink, and what they found stays.',
    how: 'It has no weights. The next layer sees twice as far, and cares less for where things are.',
    formula: 'y = max of each window',
  },
  Gemm: {
    what: 'Every unit looks at all values before it, each with a weight of its own.',
    how: 'Of a picture, the weights are drawn as pictures too: orange pixels speak for the unit, blue ones against it.',
    formula: 'y = W x + b',
  },
  Concat: {
    what: 'Two groups of maps side by side: of kernels of one pixel, and of three.',
    how: 'SqueezeNet squeezes all maps to a few, and expands them again by both groups. It has learned from a million photos, and stays as it is.',
    formula: 'y = [relu(w₁ ∗ s), relu(w₃ ∗ s)], s = relu(w ∗ x)',
  },
} as const satisfies Readonly<Record<string, About>>;

type Op = keyof typeof ABOUT;
const NAMES: Readonly<Record<Op, string>> = {
  Conv: 'Convolution',
  MaxPool: 'Max-pool',
  Gemm: 'Dense layer',
  Concat: 'Fire module',
};
/** What is shown instead of the layer's own answer. */
const AFTER = ['Relu', 'Sigmoid', 'Tanh', 'LeakyRelu', 'BatchNormalization', 'Clip', 'Gelu', 'Dropout'];

const intsOf = ({ attributes }: OnnxNode, name: string, usual: readonly number[]): readonly number[] => {
  const found = attributes.get(name);
  return found?.kind === 'ints' ? found.value : usual;
};

/** The side of the maps that a window makes. */
function windowed(node: OnnxNode, size: number, kernel: number, axis: 0 | 1): number {
  const pads = intsOf(node, 'pads', [0, 0, 0, 0]);
  const stride = intsOf(node, 'strides', [1, 1])[axis] ?? 1;
  const ceil = node.attributes.get('ceil_mode');
  const round = ceil?.kind === 'int' && ceil.value === 1 ? Math.ceil : Math.floor;
  return round((size + (pads[axis] ?? 0) + (pads[axis + 2] ?? 0) - kernel) / stride) + 1;
}

function dimsAfter(node: OnnxNode, { constants }: OnnxModel, before: readonly Dims[]): Dims {
  const [[channels, height, width] = [1, 1, 1]] = before;
  const weight = constants.get(node.inputs[1] ?? '')?.dims ?? [];
  switch (node.op) {
    case 'Conv':
      return [
        weight[0] ?? 1,
        windowed(node, height, weight[2] ?? 1, 0),
        windowed(node, width, weight[3] ?? 1, 1),
      ];
    case 'MaxPool':
    case 'AveragePool': {
      const [tall = 1, wide = 1] = intsOf(node, 'kernel_shape', []);
      return [channels, windowed(node, height, tall, 0), windowed(node, width, wide, 1)];
    }
    case 'Concat':
      return [before.reduce((sum, [own]) => sum + own, 0), height, width];
    case 'Flatten':
      return [channels * height * width, 1, 1];
    case 'GlobalAveragePool':
    case 'ReduceMean':
      return [channels, 1, 1];
    case 'Gemm': {
      const turned = node.attributes.get('transB');
      return [weight[turned?.kind === 'int' && turned.value === 1 ? 0 : 1] ?? 1, 1, 1];
    }
    default:
      return before[0] ?? [1, 1, 1];
  }
}

const sizeText = ([channels, height, width]: Dims): string =>
  height * width > 1 ? `${channels} × ${height} × ${width}` : String(channels);

/** The layers of a model whose one input has open or single batches. `isFrozen` leaves out the weights, and shows the fire
 * modules of SqueezeNet as one layer each. */
export function layersOfModel(model: OnnxModel, state: () => ModelState, isFrozen = false): ShownLayer[] {
  const [input] = model.inputs;
  const [, channels = 1, height = 1, width = 1] = (input?.dims ?? []).map(Number);
  const dims = new Map<string, Dims>([[input?.name ?? '', [channels, height, width]]]);
  const shown: ShownLayer[] = [];
  const shownOps: readonly string[] = isFrozen ? ['Concat'] : ['Conv', 'MaxPool', 'Gemm'];
  model.nodes.forEach((node, index) => {
    const [output = ''] = node.outputs;
    const inputs = node.inputs.map(name => dims.get(name)).filter(one => one !== undefined);
    const after = dimsAfter(node, model, inputs);
    dims.set(output, after);
    const isFirst = isFrozen && node.op === 'Conv' && shown.length === 0;
    if (inputs.length === 0 || !(shownOps.includes(node.op) || isFirst)) return;
    const op = node.op as Op;
    const watch = answerOf(model, index, output);
    const constants = node.inputs.slice(1).map(name => model.constants.get(name));
    const [weight] = constants;
    const count = constants.reduce((sum, one) => sum + (one ? one.dims.reduce((a, b) => a * b, 1) : 0), 0);
    const weights = () => state().weights.get(weight?.name ?? '') ?? (weight ? valuesOf(weight) : []);
    const source = flattened(model, node, dims);
    const isMaps = after[1] * after[2] > 1;
    const views: LayerView[] = [
      {
        caption: isMaps ? mapsCaption(after) : `What its ${after[0]} units answer`,
        className: isMaps ? (after[0] > FEW ? 'strip maps' : 'strip maps few') : 'strip',
        draw: (context, wide, tall) => {
          const values = state().values.get(watch) ?? [];
          const most = largest(values);
          if (isMaps) {
            const count = Math.min(MAX_TILES, after[0]);
            drawTiles(context, wide, tall, { values, count, height: after[1], width: after[2], most });
          } else drawMatrix(context, values, [1, Math.max(1, values.length)], most, [0, 0, wide, tall]);
        },
      },
    ];
    if (weight && !isFrozen) views.push(weightsView(op, weight.dims, source, weights));
    shown.push({
      watch,
      layer: {
        name: isFrozen && op === 'Concat' ? `${NAMES.Concat} ${shown.length + 1}` : NAMES[op],
        shape: op === 'Concat' ? sizeText(after) : `${sizeText(inputs[0] ?? [1, 1, 1])} → ${sizeText(after)}`,
        parameters: op === 'Concat' ? 0 : count,
        about: ABOUT[op],
        views,
      },
    });
  });
  return shown;
}

const mapsCaption = ([channels, height, width]: Dims): string =>
  channels > MAX_TILES
    ? `The first ${MAX_TILES} of its ${channels} maps of ${height} × ${width}`
    : `Its ${channels} maps of ${height} × ${width}`;

/** The name of what is shown: the answer after activation and norm, where nothing else reads what is before. */
function answerOf({ nodes }: OnnxModel, index: number, output: string): string {
  const readers = nodes.filter(({ inputs }) => inputs.includes(output));
  const [next] = readers;
  if (readers.length !== 1 || !next || !AFTER.includes(next.op)) return output;
  return answerOf({ nodes } as OnnxModel, index, next.outputs[0] ?? '');
}

/** The shape of the picture that a dense layer sees flattened. */
function flattened({ nodes }: OnnxModel, node: OnnxNode, dims: ReadonlyMap<string, Dims>): Dims | null {
  const before = nodes.find(({ outputs }) => outputs.includes(node.inputs[0] ?? ''));
  return before?.op === 'Flatten' ? (dims.get(before.inputs[0] ?? '') ?? null) : null;
}

function weightsView(
  op: Op,
  dims: readonly number[],
  source: Dims | null,
  weights: () => ArrayLike<number>,
): LayerView {
  const [out = 1, from = 1, tall = 1, wide = 1] = dims;
  const isColor = op === 'Conv' && from === 3;
  // Of one's own pictures, a unit's weights are a picture; those of many maps would be too many.
  const picture = op === 'Gemm' && source && (source[0] === 1 || source[0] === 3) && out <= MAX_TILES;
  const [count, height, width] = picture
    ? [out, source[1], source[2]]
    : op === 'Conv'
      ? [Math.min(MAX_KERNELS, isColor ? out : out * from), tall, wide]
      : [1, out, from];
  return {
    caption:
      op === 'Conv'
        ? `Its kernels, ${out} × ${from} of ${tall} × ${wide}`
        : picture
          ? `The weights of its ${out} units, as pictures`
          : `Its weights, ${out} × ${from}`,
    className: count > FEW || count === 1 ? 'strip kernels' : 'strip kernels few',
    draw: (context, wideOn, tallOn) => {
      const values = weights();
      const isWide = op === 'Gemm' && !picture && height * width < MAX_STRETCHED;
      if (isWide) {
        drawMatrix(context, values, [height, width], largest(values), [0, 0, wideOn, tallOn]);
        return;
      }
      const tiles = { values, count, height, width, most: largest(values) };
      drawTiles(context, wideOn, tallOn, { ...tiles, isColor: isColor || (!!picture && source[0] === 3) });
    },
  };
}
