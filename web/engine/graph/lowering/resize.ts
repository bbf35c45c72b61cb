// Lowering of Resize and Upsample: in every mode, a constant matrix on the left and one on the right.
//
// Positions are computed in float32, step by step as ONNX Runtime does. With a scale such as 1.3, rounding decides on
// which side of an edge or of a pixel's middle a position lies.

import { constantOf } from '../../onnx/constant.ts';
import { binary, constant, select } from '../ir/expression.ts';
import type { BandedMatrix } from '../ir/operation.ts';
import { emitResample, MAX_WEIGHTS, makeBandedMatrix } from './banded-matrix.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { emitElementwise } from './elementwise.ts';

const INTERPOLATIONS = ['nearest', 'linear', 'cubic'];
const COORDINATES = [
  'half_pixel',
  'pytorch_half_pixel',
  'align_corners',
  'asymmetric',
  'half_pixel_symmetric',
  'tf_crop_and_resize',
  'tf_half_pixel_for_nn',
];
const POLICIES = ['stretch', 'not_larger', 'not_smaller'];

const toFloat32 = Math.fround;
/** ONNX Runtime treats a position this close to the middle between two pixels as the middle. */
const NEAR = 1e-6;

interface Mode {
  readonly interpolation: string;
  readonly coordinates: string;
  readonly rounding: string;
  /** The coefficient of the cubic kernel. */
  readonly a: number;
  /** Whether pixels beyond the border are excluded. */
  readonly excluding: boolean;
  readonly antialias: boolean;
}

/** One axis: its sizes, its scale, and the region that is read. */
interface ResizeAxis {
  readonly size: number;
  readonly out: number;
  readonly scale: number;
  /** The scaled size, before it is rounded to `out`. */
  readonly whole: number;
  readonly from: number;
  readonly to: number;
}

function readMode(node: NodeReader, old: boolean): Mode {
  const mode = {
    interpolation: node.text('mode', 'nearest'),
    coordinates: old ? 'asymmetric' : node.text('coordinate_transformation_mode', 'half_pixel'),
    rounding: old ? 'old' : node.text('nearest_mode', 'round_prefer_floor'),
    a: node.float('cubic_coeff_a', -0.75),
    excluding: node.int('exclude_outside', 0) === 1,
    antialias: node.int('antialias', 0) === 1,
  };
  if (!COORDINATES.includes(mode.coordinates) || !INTERPOLATIONS.includes(mode.interpolation)) {
    throw node.fail(
      `resizes by '${mode.interpolation}' with '${mode.coordinates}', which the engine does not support.`,
    );
  }
  return mode;
}

function readAxes(node: NodeReader, dims: readonly number[], old: boolean): ResizeAxis[] {
  const scaled = readScales(node, old);
  const sizes = !old && node.has(3) ? node.integers(3) : [];
  const listed = node.axes(node.ints('axes') ?? dims.map((_, i) => i), dims.length);
  if ((scaled.length || sizes.length) !== listed.length) {
    throw node.fail(`has ${scaled.length || sizes.length} scales or sizes for ${listed.length} axes.`);
  }
  const region = !old && node.has(1) ? node.floats(1) : [];
  const common = commonScale(
    node,
    listed.map(axis => dims[axis] ?? 1),
    sizes,
  );
  return dims.map((size, axis) => {
    const i = listed.indexOf(axis);
    if (i < 0) return { size, out: size, scale: 1, whole: size, from: 0, to: 1 };
    const scale = scaled[i] ?? common ?? toFloat32((sizes[i] ?? size) / size);
    if (!(scale > 0) || !Number.isFinite(scale)) throw node.fail('has no usable scales or sizes.');
    const asked = scaled.length === 0 && common === null ? sizes[i] : undefined;
    const whole = asked ?? toFloat32(size * scale);
    const out = scaled.length > 0 ? Math.floor(whole) : Math.floor(whole + 0.5);
    return { size, out, scale, whole, from: region[i] ?? 0, to: region[i + listed.length] ?? 1 };
  });
}

function readScales(node: NodeReader, old: boolean): ArrayLike<number> & { length: number } {
  const at = old ? 1 : 2;
  if (node.has(at)) return node.floats(at);
  const scales = node.node.attributes.get('scales');
  return scales?.kind === 'floats' ? scales.value : [];
}

/** The common scale of all axes where the aspect ratio is kept. */
function commonScale(node: NodeReader, dims: readonly number[], sizes: readonly number[]): number | null {
  const policy = node.text('keep_aspect_ratio_policy', 'stretch');
  if (!POLICIES.includes(policy)) throw node.fail(`resizes by the unknown policy '${policy}'.`);
  if (policy === 'stretch' || sizes.length === 0) return null;
  const scales = dims.map((dim, i) => toFloat32((sizes[i] ?? dim) / dim));
  return policy === 'not_larger' ? Math.min(...scales) : Math.max(...scales);
}

export function lowerResize(node: NodeReader): void {
  const value = node.value(0);
  const before = dimsOf(value);
  const old = node.node.op === 'Upsample' || node.builder.opset < 11;
  const mode = readMode(node, old);
  const axes = readAxes(node, before, old);
  const dims = axes.map(({ out }) => out);
  // As in ONNX Runtime, a scale that changes no size changes nothing.
  if (mode.coordinates !== 'tf_crop_and_resize' && axes.every(({ size, out }) => size === out)) {
    node.define(value);
    return;
  }
  if (axes.some(({ size, out }, i) => i < before.length - 2 && size !== out)) {
    throw node.fail('resizes other axes than the last two.');
  }
  node.outputTensor(dims); // refuses impossible sizes before the matrices are made
  const [y, x] = [axes.at(-2), axes.at(-1)];
  const bands = [y, x].map(axis => axis && axisMatrix(node, axis, mode));
  const beyond = constant(node.float('extrapolation_value', 0));
  const cropped = mode.coordinates === 'tf_crop_and_resize';
  const name = cropped ? `${node.output} inside` : node.output;
  const made = emitResample(node, node.tensor(0), dims, [bands[0] ?? null, bands[1] ?? null], name);
  if (!cropped || !y || !x) {
    node.define(made);
    return;
  }
  const masks = [insideMask(node, y, mode, true), insideMask(node, x, mode, false)];
  node.define(
    emitElementwise(node, dims, [made, ...masks], ([value = beyond, rows = beyond, columns = beyond]) =>
      select(binary('mul', rows, columns), value, beyond),
    ),
  );
}

/** Position of output `o` among the inputs. */
function sourcePosition(
  o: number,
  { size, out, scale, whole, from, to }: ResizeAxis,
  coordinates: string,
): number {
  switch (coordinates) {
    case 'align_corners':
      return out === 1 ? 0 : toFloat32(toFloat32(o * (size - 1)) / toFloat32(whole - 1));
    case 'asymmetric':
      return toFloat32(o / scale);
    case 'tf_crop_and_resize': {
      const length = (to - from) * (size - 1);
      return toFloat32(from * (size - 1) + (out === 1 ? length / 2 : (o * length) / (out - 1)));
    }
    case 'tf_half_pixel_for_nn':
      return toFloat32((o + 0.5) / scale);
    case 'half_pixel_symmetric': {
      // A fractional size is cut evenly on both sides.
      const shift = toFloat32((size / 2) * toFloat32(1 - toFloat32(out / toFloat32(size * scale))));
      return toFloat32(shift + (o + 0.5) / scale - 0.5);
    }
    default:
      if (coordinates === 'pytorch_half_pixel' && out === 1) return 0;
      return toFloat32(toFloat32((o + 0.5) / scale) - 0.5);
  }
}

const isBeyond = (at: number, size: number, { coordinates }: Mode): boolean =>
  coordinates === 'tf_crop_and_resize' && (at < 0 || at > size - 1);

/** A mask that is 1 for rows (or columns) of the output inside the input, else 0. */
function insideMask(node: NodeReader, axis: ResizeAxis, mode: Mode, rows: boolean): Value {
  const values = Float32Array.from({ length: axis.out }, (_, o) =>
    isBeyond(sourcePosition(o, axis, mode.coordinates), axis.size, mode) ? 0 : 1,
  );
  const dims = rows ? [axis.out, 1] : [axis.out];
  return { kind: 'constant', constant: constantOf(`${node.output} inside`, dims, values) };
}

/** The matrix of one axis. Taps beyond the border are clamped, or excluded on request. Null if nothing changes. */
function axisMatrix(node: NodeReader, axis: ResizeAxis, mode: Mode): BandedMatrix | null {
  const { size, out, scale } = axis;
  if (size === out && scale === 1 && mode.coordinates !== 'tf_crop_and_resize') return null;
  const shrink = mode.antialias ? Math.min(scale, 1) : 1;
  const radius = mode.interpolation === 'cubic' ? 2 : 1;
  const first = mode.interpolation === 'nearest' ? 0 : Math.floor(-radius / shrink) + 1;
  const taps = mode.interpolation === 'nearest' ? 1 : 2 - 2 * first;
  if (out * taps > MAX_WEIGHTS)
    throw node.fail(`needs a matrix of ${out} x ${taps} weights, which is more than the engine supports.`);
  node.builder.spend(12 * out * taps);
  const columns = new Int32Array(out * taps);
  const weights = new Float64Array(out * taps);
  for (let o = 0; o < out; o++) {
    const at = sourcePosition(o, axis, mode.coordinates);
    if (isBeyond(at, size, mode)) continue;
    // As in ONNX, the left neighbour of a whole position is one pixel away.
    const base = taps === 1 ? nearestPixel(at, scale, mode.rounding) : Math.ceil(at) - 1;
    let total = 0;
    for (let tap = 0; tap < taps; tap++) {
      const pixel = base + first + tap;
      const clamped = Math.min(Math.max(pixel, 0), size - 1);
      const out = mode.excluding && taps > 1 && clamped !== pixel;
      const weight = taps === 1 ? 1 : kernel(Math.abs(at - pixel) * shrink, radius, mode.a);
      columns[o * taps + tap] = clamped;
      weights[o * taps + tap] = out ? 0 : weight;
      total += out ? 0 : weight;
    }
    for (let tap = 0; tap < taps && total !== 0; tap++) {
      weights[o * taps + tap] = (weights[o * taps + tap] ?? 0) / total;
    }
  }
  return makeBandedMatrix(
    node,
    [out, taps, size],
    (o, tap) => columns[o * taps + tap] ?? 0,
    (o, tap) => weights[o * taps + tap] ?? 0,
  );
}

function nearestPixel(at: number, scale: number, rounding: string): number {
  // Before opset 11 there was no choice. ONNX Runtime rounds up when it shrinks.
  const up = rounding === 'ceil' || (rounding === 'old' && scale < 1);
  if (up || rounding === 'floor' || rounding === 'old') return up ? Math.ceil(at) : Math.floor(at);
  const left = Math.floor(at);
  const beyond = at - left - 0.5;
  const right = Math.abs(beyond) <= NEAR ? rounding === 'round_prefer_ceil' : beyond > 0;
  return right ? left + 1 : left;
}

/** A triangle, or Keys' cubic (1981). */
function kernel(x: number, radius: number, a: number): number {
  if (radius === 1) return Math.max(0, 1 - x);
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}
