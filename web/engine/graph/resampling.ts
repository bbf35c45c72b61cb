// Lowering of everything that is a constant matrix along height and one along width: MatMul with a
// constant, Resize in all its modes, pooling by mean, means and sums over rows or columns. One operation
// and one kernel serve them all; rows hold few weights that are not zero, so they are stored as bands.

import type { NodeView } from './builder.ts';
import { windowPads } from './convolutions.ts';
import { type Band, shapeOf, type Tensor } from './operation.ts';

/** Weights of one matrix: far more than a picture of any size needs, far less than would hurt. */
const MOST_WEIGHTS = 2 ** 20;

/** Where row `r` takes its value number `tap` from; outside the matrix it takes none. */
type Column = (r: number, tap: number) => number;

/** `rows` rows of `taps` weights each as a band: all as wide as the widest, kept inside the matrix. Two
 * taps of one column are added up. */
function bandOf(
  node: NodeView,
  [rows, taps, columns]: readonly [rows: number, taps: number, columns: number],
  column: Column,
  weight: Column,
): Band {
  if (rows * taps > MOST_WEIGHTS) {
    throw node.fail(`makes ${rows} values of ${taps} each, which is more than the engine runs.`);
  }
  node.builder.spend(4 * rows * taps);
  const starts = new Int32Array(rows);
  let width = 1;
  for (let r = 0; r < rows; r++) {
    let [first, last] = [columns, -1];
    for (let tap = 0; tap < taps; tap++) {
      const at = column(r, tap);
      if (at < 0 || at >= columns || weight(r, tap) === 0) continue;
      first = Math.min(first, at);
      last = Math.max(last, at);
    }
    starts[r] = first;
    width = Math.max(width, last - first + 1);
  }
  if (rows * width > MOST_WEIGHTS) {
    throw node.fail(`makes ${rows} values of ${width} each, which is more than the engine runs.`);
  }
  node.builder.spend(4 * rows * width);
  const weights = new Float32Array(rows * width);
  for (let r = 0; r < rows; r++) {
    const start = Math.min(starts[r] ?? 0, columns - width);
    starts[r] = start;
    for (let tap = 0; tap < taps; tap++) {
      const at = column(r, tap);
      const place = r * width + at - start;
      if (at >= 0 && at < columns && weight(r, tap) !== 0) {
        weights[place] = (weights[place] ?? 0) + weight(r, tap);
      }
    }
  }
  return { rows, width, starts, weights };
}

function emit(
  node: NodeView,
  tensor: Tensor,
  dims: readonly number[],
  left: Band | null,
  right: Band | null,
): void {
  node.define(
    node.builder.emit({
      kind: 'resample',
      name: node.node.name,
      inputs: [tensor],
      output: node.made(dims),
      epilogue: null,
      left,
      right,
    }),
  );
}

export function lowerMatMul(node: NodeView): void {
  const onLeft = node.value(0).kind !== 'tensor';
  const tensor = node.tensor(onLeft ? 1 : 0);
  const other = node.value(onLeft ? 0 : 1);
  if (other.kind === 'tensor')
    throw node.fail('multiplies two computed tensors; the engine needs one constant.');
  const constant = node.constant(onLeft ? 0 : 1);
  const [rows, columns] = constant.dims;
  if (constant.dims.length !== 2 || !rows || !columns || tensor.dims.length < 2) {
    throw node.fail('needs a constant matrix of two dimensions and an image to multiply.');
  }
  const values = node.floats(onLeft ? 0 : 1);
  const dims = [...tensor.dims];
  const inner = onLeft ? dims.at(-2) : dims.at(-1);
  if (inner !== (onLeft ? columns : rows)) {
    throw node.fail(`has shapes [${tensor.dims.join(', ')}] and [${rows}, ${columns}], which do not fit.`);
  }
  dims[dims.length - (onLeft ? 2 : 1)] = onLeft ? rows : columns;
  const size = onLeft ? ([rows, columns, columns] as const) : ([columns, rows, rows] as const);
  const weight: Column = (r, c) => values[onLeft ? r * columns + c : c * columns + r] ?? 0;
  const band = bandOf(node, size, (_, c) => c, weight);
  emit(node, tensor, dims, onLeft ? band : null, onLeft ? null : band);
}

export function lowerAveragePool(node: NodeView): void {
  const tensor = node.tensor(0);
  if (tensor.dims.length !== 4) throw node.fail('has no 2-D picture as its input.');
  const kernel = node.pair('kernel_shape', 1);
  const strides = node.pair('strides', 1);
  const dilations = node.pair('dilations', 1);
  const [n, c, height, width] = tensor.shape;
  const pads = windowPads(node, [height, width], { kernel, strides, dilations });
  const whole = node.int('count_include_pad', 0) === 1;
  const ceil = node.int('ceil_mode', 0) === 1;
  const axes = ([0, 1] as const).map(i => {
    const size = i === 0 ? height : width;
    const [before, after] = [pads[i], pads[i + 2] ?? 0];
    const extent = (kernel[i] - 1) * dilations[i] + 1;
    return {
      i,
      size,
      before,
      after,
      out: pooledSize(size + before + after, extent, strides[i], ceil, size + before),
    };
  });
  node.made([n, c, ...axes.map(({ out }) => out)]); // refuses impossible sizes before the matrices are made
  const [left = null, right = null] = axes.map(({ i, size, before, after, out }) => {
    const column: Column = (o, tap) => o * strides[i] - before + tap * dilations[i];
    const end = whole ? size + after : size;
    const counted = (o: number) => {
      const [start, step] = [column(o, 0), dilations[i]];
      const first = whole ? 0 : Math.max(0, Math.ceil(-start / step));
      return Math.min(kernel[i], Math.ceil((end - start) / step)) - first;
    };
    return bandOf(node, [out, kernel[i], size], column, o => 1 / counted(o));
  });
  emit(node, tensor, [n, c, left?.rows ?? 1, right?.rows ?? 1], left, right);
}

/** Outputs of a sliding window; with `ceil` a last one that starts within the input may hang over. */
export function pooledSize(
  padded: number,
  extent: number,
  stride: number,
  ceil: boolean,
  last: number,
): number {
  const steps = (padded - extent) / stride;
  if (!ceil) return Math.floor(steps) + 1;
  const out = Math.ceil(steps) + 1;
  return (out - 1) * stride >= last ? out - 1 : out;
}

const allOf = (node: NodeView, size: number, weight: number): Band =>
  bandOf(
    node,
    [1, size, size],
    (_, tap) => tap,
    () => weight,
  );

export function lowerGlobalAverage(node: NodeView): void {
  const tensor = node.tensor(0);
  if (tensor.dims.length !== 4) throw node.fail('has no 2-D picture as its input.');
  const [n, c, h, w] = tensor.shape;
  emit(node, tensor, [n, c, 1, 1], allOf(node, h, 1 / h), allOf(node, w, 1 / w));
}

/** ReduceMean and ReduceSum over height and width. */
export function lowerReduce(node: NodeView): void {
  const tensor = node.tensor(0);
  const rank = tensor.dims.length;
  const listed = node.ints('axes') ?? (node.has(1) ? node.integers(1) : []);
  if (listed.length === 0 && node.int('noop_with_empty_axes', 0) === 1) {
    node.define({ kind: 'tensor', tensor });
    return;
  }
  const axes = listed.length > 0 ? node.axes(listed, rank) : tensor.dims.map((_, i) => i);
  if (axes.some(axis => axis < rank - 2 && tensor.dims[axis] !== 1)) {
    throw node.fail('sums over other axes than height and width, which the engine does not run.');
  }
  const mean = node.node.op === 'ReduceMean';
  const [, , h, w] = tensor.shape;
  const over = (axis: number, size: number) =>
    axes.includes(axis) ? allOf(node, size, mean ? 1 / size : 1) : null;
  const dims = tensor.dims.map((dim, i) => (axes.includes(i) ? 1 : dim));
  if (node.int('keepdims', 1) === 0 && axes.some(axis => axis < rank)) {
    throw node.fail('drops the dimensions that it sums over; export it with keepdims=1.');
  }
  emit(node, tensor, dims, over(rank - 2, h), over(rank - 1, w));
}

interface Mode {
  interpolation: string;
  coordinates: string;
  rounding: string;
  a: number;
  outside: boolean;
}

export function lowerResize(node: NodeView): void {
  const tensor = node.tensor(0);
  const upsample = node.node.op === 'Upsample';
  const rank = tensor.dims.length;
  const scalesAt = upsample || node.builder.opset < 11 ? 1 : 2;
  const scaled = node.has(scalesAt) ? Array.from(node.floats(scalesAt)) : (attributeScales(node) ?? []);
  const sizes = !upsample && node.has(3) ? node.integers(3) : [];
  const axes = node.axes(node.ints('axes') ?? tensor.dims.map((_, i) => i), rank);
  if (node.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch' || node.int('antialias', 0) === 1) {
    throw node.fail('keeps aspect ratio or antialiases, which the engine does not run.');
  }
  if ((scaled.length || sizes.length) !== axes.length) {
    throw node.fail(`has ${scaled.length || sizes.length} scales or sizes for ${axes.length} axes.`);
  }
  const mode = resizeMode(node, upsample);
  const dims = [...tensor.dims];
  const scales = dims.map(() => 1);
  axes.forEach((axis, i) => {
    const size = tensor.dims[axis] ?? 1;
    const scale = scaled.length > 0 ? scaled[i] : (sizes[i] ?? size) / size;
    if (!scale || scale < 0 || !Number.isFinite(scale)) throw node.fail('has no usable scales or sizes.');
    scales[axis] = scale;
    dims[axis] = scaled.length > 0 ? Math.floor(size * scale) : (sizes[i] ?? size);
  });
  if (dims.some((dim, i) => i < rank - 2 && dim !== tensor.dims[i])) {
    throw node.fail('resizes other axes than height and width.');
  }
  node.made(dims); // refuses impossible sizes before the matrices are made
  const [, , h, w] = tensor.shape;
  const [, , tall, wide] = shapeOf(dims);
  const band = (size: number, out: number, scale: number) =>
    size === out && scale === 1 ? null : resizeBand(node, size, out, scale, mode);
  emit(node, tensor, dims, band(h, tall, scales.at(-2) ?? 1), band(w, wide, scales.at(-1) ?? 1));
}

function attributeScales(node: NodeView): number[] | undefined {
  const scales = node.node.attributes.get('scales');
  return scales?.kind === 'floats' ? scales.value : undefined;
}

function resizeMode(node: NodeView, upsample: boolean): Mode {
  const old = upsample || node.builder.opset < 11;
  const mode = {
    interpolation: node.text('mode', 'nearest'),
    coordinates: old ? 'asymmetric' : node.text('coordinate_transformation_mode', 'half_pixel'),
    rounding: old ? 'floor' : node.text('nearest_mode', 'round_prefer_floor'),
    a: node.float('cubic_coeff_a', -0.75),
    outside: node.int('exclude_outside', 0) === 1,
  };
  const known = ['half_pixel', 'pytorch_half_pixel', 'align_corners', 'asymmetric', 'half_pixel_symmetric'];
  if (!known.includes(mode.coordinates) || !['nearest', 'linear', 'cubic'].includes(mode.interpolation)) {
    throw node.fail(
      `resizes by '${mode.interpolation}' with '${mode.coordinates}', which the engine does not run.`,
    );
  }
  return mode;
}

/** Where the centre of output `o` lies among the inputs. */
function origin(o: number, size: number, out: number, scale: number, coordinates: string): number {
  if (coordinates === 'align_corners') return out === 1 ? 0 : (o * (size - 1)) / (size * scale - 1);
  if (coordinates === 'asymmetric') return o / scale;
  if (coordinates === 'pytorch_half_pixel' && out === 1) return 0;
  // half_pixel_symmetric: a scaled size that is no whole number is cut evenly on both sides.
  const shift = coordinates === 'half_pixel_symmetric' ? (size / 2) * (1 - out / (size * scale)) : 0;
  return shift + (o + 0.5) / scale - 0.5;
}

/** Up to four taps per row; those beyond the border are clamped to it, or left out where asked. */
function resizeBand(node: NodeView, size: number, out: number, scale: number, mode: Mode): Band {
  const taps = { nearest: 1, linear: 2, cubic: 4 }[mode.interpolation] ?? 1;
  const columns = new Int32Array(out * taps);
  const weights = new Float64Array(out * taps);
  const row = new Float64Array(taps);
  for (let o = 0; o < out; o++) {
    const at = origin(o, size, out, scale, mode.coordinates);
    const base = taps === 1 ? nearest(at, mode.rounding) : Math.floor(at) - (taps === 4 ? 1 : 0);
    const clamped = (tap: number) => Math.min(Math.max(base + tap, 0), size - 1);
    const left = (tap: number) => mode.outside && taps > 1 && clamped(tap) !== base + tap;
    let total = 0;
    for (let tap = 0; tap < taps; tap++) {
      const distance = Math.abs(at - base - tap);
      const weight = taps === 1 ? 1 : taps === 2 ? 1 - distance : cubic(distance, mode.a);
      row[tap] = left(tap) ? 0 : weight;
      total += row[tap] ?? 0;
    }
    for (let tap = 0; tap < taps; tap++) {
      columns[o * taps + tap] = clamped(tap);
      weights[o * taps + tap] = (row[tap] ?? 0) / (mode.outside && total !== 0 ? total : 1);
    }
  }
  const of =
    (values: Int32Array | Float64Array): Column =>
    (o, tap) =>
      values[o * taps + tap] ?? 0;
  return bandOf(node, [out, taps, size], of(columns), of(weights));
}

function nearest(at: number, rounding: string): number {
  if (rounding === 'floor') return Math.floor(at);
  if (rounding === 'ceil') return Math.ceil(at);
  return rounding === 'round_prefer_ceil' ? Math.floor(at + 0.5) : Math.ceil(at - 0.5);
}

/** Keys 1981. */
function cubic(x: number, a: number): number {
  if (x <= 1) return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1;
  return x < 2 ? a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a : 0;
}
