// Lowering of everything that is a constant matrix along height and one along width: MatMul with a
// constant, Resize in all its modes, pooling by mean, means and sums over rows or columns. One operation
// and one kernel serve them all; rows hold few weights that are not zero, so they are stored as bands.

import type { NodeView } from './builder.ts';
import { windowPads } from './convolutions.ts';
import { type Band, shapeOf, type Tensor } from './operation.ts';

type Row = Map<number, number>;

/** Rows of (column, weight) as a band: all as wide as the widest, kept inside the matrix. */
export function bandOf(rows: readonly Row[], columns: number): Band {
  let width = 1;
  for (const row of rows) {
    const places = [...row.keys()];
    if (places.length > 0) width = Math.max(width, Math.max(...places) - Math.min(...places) + 1);
  }
  const starts = new Int32Array(rows.length);
  const weights = new Float32Array(rows.length * width);
  rows.forEach((row, r) => {
    const first = row.size > 0 ? Math.min(...row.keys()) : 0;
    const start = Math.min(first, columns - width);
    starts[r] = start;
    for (const [column, weight] of row) weights[r * width + column - start] = weight;
  });
  return { rows: rows.length, columns, width, starts, weights };
}

function denseRows(values: Float32Array, rows: number, columns: number, transposed: boolean): Row[] {
  return Array.from({ length: rows }, (_, r) => {
    const row: Row = new Map();
    for (let c = 0; c < columns; c++) {
      const weight = values[transposed ? c * rows + r : r * columns + c] ?? 0;
      if (weight !== 0) row.set(c, weight);
    }
    return row;
  });
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
  if (onLeft) emit(node, tensor, dims, bandOf(denseRows(values, rows, columns, false), columns), null);
  else emit(node, tensor, dims, null, bandOf(denseRows(values, columns, rows, true), rows));
}

export function lowerAveragePool(node: NodeView): void {
  const tensor = node.tensor(0);
  if (tensor.dims.length !== 4) throw node.fail('has no 2-D picture as its input.');
  const kernel = node.pair('kernel_shape', 1);
  const strides = node.pair('strides', 1);
  const dilations = node.pair('dilations', 1);
  const [, , height, width] = tensor.shape;
  const pads = windowPads(node, [height, width], { kernel, strides, dilations });
  const whole = node.int('count_include_pad', 0) === 1;
  const ceil = node.int('ceil_mode', 0) === 1;
  const bands = ([0, 1] as const).map(i => {
    const size = i === 0 ? height : width;
    const [before, after] = [pads[i], pads[i + 2] ?? 0];
    const out = pooledSize(
      size + before + after,
      (kernel[i] - 1) * dilations[i] + 1,
      strides[i],
      ceil,
      size + before,
    );
    const rows = Array.from({ length: out }, (_, o) => {
      const taps = Array.from({ length: kernel[i] }, (_, k) => o * strides[i] - before + k * dilations[i]);
      const inside = taps.filter(tap => tap >= 0 && tap < size);
      const counted = whole ? taps.filter(tap => tap < size + after).length : inside.length;
      return new Map(inside.map(tap => [tap, 1 / counted]));
    });
    return bandOf(rows, size);
  });
  const [left, right] = bands;
  if (!left || !right) throw node.fail('has no 2-D shape.');
  emit(node, tensor, [...tensor.dims.slice(0, 2), left.rows, right.rows], left, right);
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

const allOf = (size: number, weight: number): Band =>
  bandOf([new Map(Array.from({ length: size }, (_, i) => [i, weight]))], size);

export function lowerGlobalAverage(node: NodeView): void {
  const tensor = node.tensor(0);
  if (tensor.dims.length !== 4) throw node.fail('has no 2-D picture as its input.');
  const [n, c, h, w] = tensor.shape;
  emit(node, tensor, [n, c, 1, 1], allOf(h, 1 / h), allOf(w, 1 / w));
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
  const axes = (listed.length > 0 ? listed : tensor.dims.map((_, i) => i)).map(a => (a < 0 ? a + rank : a));
  if (axes.some(axis => axis < rank - 2 && tensor.dims[axis] !== 1)) {
    throw node.fail('sums over other axes than height and width, which the engine does not run.');
  }
  const mean = node.node.op === 'ReduceMean';
  const [, , h, w] = tensor.shape;
  const over = (axis: number, size: number) =>
    axes.includes(axis) ? allOf(size, mean ? 1 / size : 1) : null;
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
  const axes = node.ints('axes')?.map(a => (a < 0 ? a + rank : a)) ?? tensor.dims.map((_, i) => i);
  if (node.text('keep_aspect_ratio_policy', 'stretch') !== 'stretch' || node.int('antialias', 0) === 1) {
    throw node.fail('keeps aspect ratio or antialiases, which the engine does not run.');
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
    size === out && scale === 1
      ? null
      : bandOf(
          Array.from({ length: out }, (_, o) => resizeRow(o, size, out, scale, mode)),
          size,
        );
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

function resizeRow(o: number, size: number, out: number, scale: number, mode: Mode): Row {
  const row: Row = new Map();
  const at = origin(o, size, out, scale, mode.coordinates);
  const add = (tap: number, weight: number) => {
    const inside = Math.min(Math.max(tap, 0), size - 1);
    if (mode.outside && inside !== tap) return;
    row.set(inside, (row.get(inside) ?? 0) + weight);
  };
  if (mode.interpolation === 'nearest') {
    add(Math.min(Math.max(nearest(at, mode.rounding), 0), size - 1), 1);
    return row;
  }
  const base = Math.floor(at);
  const t = at - base;
  if (mode.interpolation === 'linear') {
    add(base, 1 - t);
    add(base + 1, t);
  } else {
    for (let tap = -1; tap <= 2; tap++) add(base + tap, cubic(Math.abs(t - tap), mode.a));
  }
  const total = [...row.values()].reduce((a, b) => a + b, 0);
  if (mode.outside && total !== 0) for (const [tap, weight] of row) row.set(tap, weight / total);
  return row;
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
