// Gradients of normalizations: (value - mean) / deviation over some axes, times a scale, plus a shift.

import { productOf } from '../../graph/ir/strides.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** Values that share a mean and a deviation: those along `axes`. */
interface Normalized {
  /** (value - mean) / deviation. */
  readonly even: string;
  /** 1 / deviation, with dimensions of 1 for the axes. */
  readonly inverse: string;
  readonly axes: readonly number[];
  readonly dims: readonly number[];
}

function normalize(
  writer: NodeWriter,
  x: string,
  axes: readonly number[],
  dims: readonly number[],
  epsilon: number,
): Normalized {
  const apart = writer.minus(x, writer.mean(x, axes, dims));
  const variance = writer.mean(writer.times(apart, apart), axes, dims);
  const inverse = writer.add('Reciprocal', [writer.add('Sqrt', [writer.shifted(variance, epsilon)])]);
  return { even: writer.times(apart, inverse), inverse, axes, dims };
}

/** The gradient by the value from that by `even`. */
function throughNormalization(
  writer: NodeWriter,
  { even, inverse, axes, dims }: Normalized,
  gradient: string,
) {
  const mean = writer.mean(gradient, axes, dims);
  const along = writer.mean(writer.times(gradient, even), axes, dims);
  const apart = writer.minus(writer.minus(gradient, mean), writer.times(even, along));
  return writer.times(apart, inverse);
}

/** The shape of numbers per channel that broadcast over `dims`. */
const perChannel = (dims: readonly number[]): number[] => dims.map((dim, i) => (i === 1 ? dim : 1));

/** The parts that scale and shift per channel share. `even` is what is scaled. */
function scaleAndShift(node: BackwardNode, gradient: string, even: () => string) {
  const { writer } = node;
  const dims = node.dims(0);
  const sums = (x: string, at: number) =>
    writer.reshape(writer.sumTo(x, dims, perChannel(dims)), node.dims(at));
  return [() => sums(writer.times(gradient, even()), 1), () => sums(gradient, 2)] as const;
}

/** In inference: the mean and the variance are inputs. */
const batchNorm: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  if (reader.int('training_mode', 0) === 1) {
    throw node.fail('is in training mode; make a training step of the model for inference.');
  }
  const [x = '', scale = '', , mean = '', variance = ''] = inputs;
  const dims = node.dims(0);
  const wide = (name: string) => writer.reshape(name, perChannel(dims));
  const inverse = () => {
    const deviation = writer.add('Sqrt', [writer.shifted(variance, reader.float('epsilon', 1e-5))]);
    return writer.add('Reciprocal', [deviation]);
  };
  const even = () => writer.times(writer.minus(x, wide(mean)), wide(inverse()));
  return [
    () => writer.times(gradient, wide(writer.times(scale, inverse()))),
    ...scaleAndShift(node, gradient, even),
  ];
};

const instanceNorm: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const dims = node.dims(0);
  const axes = dims.flatMap((_, i) => (i < 2 ? [] : [i]));
  const normalized = lazily(() =>
    normalize(writer, inputs[0] ?? '', axes, dims, reader.float('epsilon', 1e-5)),
  );
  return [
    () => {
      const scaled = writer.times(gradient, writer.reshape(inputs[1] ?? '', perChannel(dims)));
      return throughNormalization(writer, normalized(), scaled);
    },
    ...scaleAndShift(node, gradient, () => normalized().even),
  ];
};

/** Scale and shift are per channel; before opset 21 they are per group. */
const groupNorm: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const dims = node.dims(0);
  const [n = 1, c = 1] = dims;
  const groups = reader.int('num_groups', 1);
  const split = [n, groups, c / groups, productOf(dims.slice(2))];
  const own = (at: number) =>
    productOf(node.dims(at)) === c ? [1, groups, c / groups, 1] : [1, groups, 1, 1];
  const normalized = lazily(() => {
    const x = writer.reshape(inputs[0] ?? '', split);
    return normalize(writer, x, [2, 3], split, reader.float('epsilon', 1e-5));
  });
  const dy = lazily(() => writer.reshape(gradient, split));
  return [
    () => {
      const scaled = writer.times(dy(), writer.reshape(inputs[1] ?? '', own(1)));
      return writer.reshape(throughNormalization(writer, normalized(), scaled), dims);
    },
    () => writer.reshape(writer.sumTo(writer.times(dy(), normalized().even), split, own(1)), node.dims(1)),
    () => writer.reshape(writer.sumTo(dy(), split, own(2)), node.dims(2)),
  ];
};

/** Over the axis and all after it. */
const layerNorm: Rule = (node, [gradient, ...others]) => {
  if (others.some(one => one)) throw node.fail('has no gradient by its mean and deviation.');
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const dims = node.dims(0);
  const first = reader.axis(reader.int('axis', -1), dims.length);
  const axes = dims.flatMap((_, i) => (i < first ? [] : [i]));
  const normalized = lazily(() =>
    normalize(writer, inputs[0] ?? '', axes, dims, reader.float('epsilon', 1e-5)),
  );
  return [
    () => throughNormalization(writer, normalized(), writer.times(gradient, inputs[1] ?? '')),
    () => writer.sumTo(writer.times(gradient, normalized().even), dims, node.dims(1)),
    () => writer.sumTo(gradient, dims, node.dims(2)),
  ];
};

/** x / base^beta, where base = bias + alpha / size * the sum of squares of neighbouring channels. */
const localResponse: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, reader, inputs } = node;
  const [x = ''] = inputs;
  const dims = node.dims(0);
  const [, channels = 1] = dims;
  const size = reader.int('size', 1);
  const [alpha, beta] = [reader.float('alpha', 1e-4), reader.float('beta', 0.75)];
  const below = Math.floor((size - 1) / 2);
  const near = new Float32Array(channels * channels);
  for (let c = 0; c < channels; c++) {
    near.fill(1, c * channels + Math.max(0, c - below), c * channels + Math.min(channels, c - below + size));
  }
  const turned = near.map((_, i) => near[(i % channels) * channels + Math.floor(i / channels)] ?? 0);
  const along = (values: string, matrix: Float32Array) =>
    writer.alongAxis(values, dims.length, 1, [channels, channels], matrix);
  return [
    () => {
      const sums = along(writer.times(x, x), near);
      const base = writer.shifted(writer.scaled(sums, alpha / size), reader.float('bias', 1));
      const power = writer.add('Pow', [base, writer.number(-beta)]);
      const direct = writer.times(gradient, power);
      const through = along(writer.over(writer.times(direct, x), base), turned);
      return writer.minus(direct, writer.scaled(writer.times(x, through), (2 * alpha * beta) / size));
    },
  ];
};

/** What several gradients of a node share is written once. */
function lazily<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

export const NORMALIZATION: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNorm,
  GroupNormalization: groupNorm,
  InstanceNormalization: instanceNorm,
  LRN: localResponse,
  LayerNormalization: layerNorm,
};
