/** How the tab Painter can be set. */
import { OPTIMIZER_NAMES, type OptimizerName, USUAL_RATES } from '../network/optimizers.ts';
import {
  choiceField,
  type Field,
  integerField,
  numberField,
  optionalNumberField,
  pointField,
  someField,
} from '../shell/fields.ts';
import { Settings } from '../shell/settings.ts';
import type { Activation, Kind } from './network.ts';
import { SQUASHES, type Squash } from './pixels.ts';

export const MODES = ['grid', 'siren', 'fourier', 'mlp', 'activations', 'synaptic', 'cppn'] as const;
/** Networks that are trained by the engine, perceptrons of five activations, synaptic's perceptrons, and bred pictures. */
export type Mode = Kind | 'activations' | 'synaptic' | 'cppn';

export const SOURCES = ['still', 'text', 'camera'] as const;
export type Source = (typeof SOURCES)[number];
export const DRIVES = ['time', 'sound', 'midi', 'hand'] as const;
export type Drive = (typeof DRIVES)[number];
export const BENDS = ['tanh', 'relu', 'sigmoid', 'sine', 'identity'] as const satisfies readonly Activation[];

export const MAX = { depth: 6, width: 128, units: 60, zoom: 64, seed: 2 ** 24 - 1, text: 12 } as const;
export const RATES = { least: 1e-5, most: 1 } as const;
const LAYERS = ['grids', ...Array.from({ length: MAX.depth }, (_, i) => `hidden${i + 1}`), 'colour'];

const textField = (usual: string): Field<string> => ({
  usual,
  read: text => text.slice(0, MAX.text),
  write: text => text,
});

/** Children that were picked, from the first generation on: "3.0.7". */
const pathField = (most: number): Field<readonly number[]> => ({
  usual: [],
  read: text => {
    const path = text.split('.').map(Number);
    return path.every(one => Number.isInteger(one) && one >= 0 && one < most) ? path : null;
  },
  write: path => path.join('.'),
});

export const makeSettings = () =>
  new Settings({
    net: choiceField<Mode>('grid', MODES),
    source: choiceField<Source>('still', SOURCES),
    text: textField('limner'),
    depth: optionalNumberField(0, MAX.depth),
    width: optionalNumberField(1, MAX.width),
    act: choiceField<(typeof BENDS)[number]>('tanh', BENDS),
    units: integerField(15, 1, MAX.units),
    pick: choiceField<Squash>('sigmoid', SQUASHES),
    opt: choiceField<OptimizerName>('adam', OPTIMIZER_NAMES),
    lr: optionalNumberField(RATES.least / 10, RATES.most * 10),
    batch: choiceField('64', ['32', '64', '128', 'all']),
    frozen: someField([], LAYERS),
    zoom: numberField(1, 1, MAX.zoom),
    at: pointField(-1, 1),
    path: pathField(9),
    drive: choiceField<Drive>('time', DRIVES),
    z: pointField(-2, 2),
    seed: integerField(0, 0, MAX.seed),
  });

export type PainterSettings = ReturnType<typeof makeSettings>;
export type PainterValues = PainterSettings['values'];

const SIZES: Readonly<Record<Mode, readonly [depth: number, width: number]>> = {
  grid: [1, 32],
  siren: [3, 64],
  fourier: [2, 64],
  mlp: [3, 32],
  activations: [3, 32],
  synaptic: [1, 15],
  cppn: [4, 24],
};

export function sizeOf({ net, depth, width }: Pick<PainterValues, 'net' | 'depth' | 'width'>): {
  depth: number;
  width: number;
} {
  const [usualDepth, usualWidth] = SIZES[net];
  return { depth: Math.round(depth ?? usualDepth), width: Math.round(width ?? usualWidth) };
}

/** Adam's rates, by the network; of other optimizers as much larger or smaller as they usually are. */
const KIND_RATES: Readonly<Record<Mode, number>> = {
  grid: 0.02,
  siren: 0.0005,
  fourier: 0.005,
  mlp: 0.01,
  activations: 0.01,
  synaptic: 0.01,
  cppn: 0.01,
};

export const rateOf = ({ net, lr, opt }: Pick<PainterValues, 'net' | 'lr' | 'opt'>): number =>
  lr ?? (net === 'synaptic' ? KIND_RATES.synaptic : (KIND_RATES[net] * USUAL_RATES[opt]) / USUAL_RATES.adam);

/** Pixels along a side of the picture: the seed's for its own network. */
export const sideOf = ({ net }: PainterValues): number => (net === 'synaptic' ? 300 : 256);

/** The picture's name in the command: *Save* beside the picture writes a file of this name. */
export const PICTURE_FILE = 'picture.png';

/** The command that trains the same network in Python, with what is not as usual. Null for synaptic's perceptron and for
 * pictures that nobody trains, which Python lacks, and for the camera, whose picture changes. */
export function pythonCommand(values: PainterValues): string | null {
  const { net: mode, pick, source, opt, lr, batch, seed } = values;
  if (mode === 'synaptic' || mode === 'cppn' || source === 'camera') return null;
  const isFive = mode === 'activations';
  const net = isFive ? 'mlp' : mode;
  const act = isFive ? pick : net === 'mlp' ? values.act : 'tanh';
  const { depth, width } = sizeOf(values);
  const [usualDepth, usualWidth] = SIZES[net];
  const frozen = frozenLayers(net, depth, values.frozen);
  if (frozen === null) return null;
  const pixels = (batch === 'all' ? sideOf(values) : Number(batch)) ** 2;
  const options: readonly (readonly [name: string, value: number | string, usual: number | string])[] = [
    ['net', net, 'grid'],
    ['depth', depth, usualDepth],
    ['width', width, usualWidth],
    ['act', act, 'tanh'],
    ['optimizer', opt, 'adam'],
    ['lr', lr ?? '', ''],
    ['batch', pixels, 64 ** 2],
    ['frozen', frozen.join(' '), ''],
    ['seed', seed, 0],
  ];
  const words = options
    .filter(([, value, usual]) => value !== usual)
    .map(([name, value]) => `--${name} ${value}`);
  return ['limner lab painter', PICTURE_FILE, ...words].join(' ');
}

/** The layers of a network that are frozen; null where nothing else is left to learn. */
function frozenLayers(net: Kind, depth: number, names: readonly string[]): string[] | null {
  const layers = [
    ...(net === 'grid' ? ['grids'] : []),
    ...Array.from({ length: depth }, (_, i) => `hidden${i + 1}`),
    'colour',
  ];
  const frozen = layers.filter(name => names.includes(name));
  return frozen.length < layers.length ? frozen : null;
}
