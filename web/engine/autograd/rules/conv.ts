// Gradients of convolutions. By the input it is the other convolution with the same weights: transposed for Conv, plain
// for ConvTranspose. By the weights it is a convolution of the input with the gradient, `ConvWeightGradient`.

import { extent, transposedSize, windowPads } from '../../graph/lowering/conv.ts';
import { DOMAIN, int, ints } from '../../onnx/node-writer.ts';
import type { BackwardNode, Rule } from './backward-node.ts';

/** The geometry of a convolution, for each axis of a picture or of a line. */
interface Geometry {
  readonly kernel: readonly number[];
  readonly strides: readonly number[];
  readonly dilations: readonly number[];
  /** Before each axis, then after each. */
  readonly pads: readonly number[];
  readonly group: number;
}

type Pair = [number, number];

function readGeometry(node: BackwardNode, transposed: boolean): Geometry {
  const { reader } = node;
  const line = node.dims(0).length === 3;
  const sides = (dims: readonly number[]): Pair => [line ? 1 : (dims.at(-2) ?? 1), dims.at(-1) ?? 1];
  const kernel = sides(node.dims(1));
  const [strides, dilations] = [reader.pair('strides', line, 1), reader.pair('dilations', line, 1)];
  const size = sides(node.dims(0));
  const pads = transposed
    ? transposedPads(node, { kernel, strides, dilations, size, out: sides(node.outputDims()), line })
    : windowPads(reader, size, { kernel, strides, dilations }, line);
  const own = (pair: readonly number[]): number[] => (line ? pair.slice(1) : [...pair]);
  return {
    kernel: own(kernel),
    strides: own(strides),
    dilations: own(dilations),
    pads: [...own(pads.slice(0, 2)), ...own(pads.slice(2))],
    group: reader.int('group', 1),
  };
}

interface Transposed {
  readonly kernel: Pair;
  readonly strides: Pair;
  readonly dilations: Pair;
  readonly size: Pair;
  readonly out: Pair;
  readonly line: boolean;
}

/** The pads of the plain convolution from the output to the input. */
function transposedPads({ reader }: BackwardNode, { line, ...all }: Transposed): number[] {
  const pads = ([0, 1] as const).map(i => {
    const [size, stride] = [all.size[i], all.strides[i]];
    const reach = extent(all.kernel[i], all.dilations[i]);
    const grown = reader.pair('output_padding', line, 0, 0)[i];
    const full = stride * (size - 1) + grown + reach;
    const { before } = transposedSize(reader, i, line, size, full, stride);
    // Rows at the end that no window reached are beyond the last one.
    return { before, after: Math.max(0, stride * (size - 1) + reach - before - all.out[i]) };
  });
  return [...pads.map(({ before }) => before), ...pads.map(({ after }) => after)];
}

const attributesOf = ({ kernel, strides, dilations, pads, group }: Geometry) => ({
  kernel_shape: ints(kernel),
  strides: ints(strides),
  dilations: ints(dilations),
  pads: ints(pads),
  group: int(group),
});

/** The gradient by the bias: the sum over images and pixels. */
function biasGradient(node: BackwardNode, gradient: string): string {
  const rank = node.outputDims().length;
  const axes = Array.from({ length: rank }, (_, i) => i).filter(axis => axis !== 1);
  return node.writer.reshape(node.writer.sum(gradient, axes), node.dims(2));
}

/** By the weights of a plain convolution of `x`, whose output has the gradient `dy`. */
function weightGradient(
  { writer }: BackwardNode,
  geometry: Geometry,
  x: string,
  shape: readonly number[],
  dy: string,
): string {
  const attributes = { ...attributesOf(geometry), input_shape: ints(shape) };
  return writer.add('ConvWeightGradient', [x, dy], attributes, DOMAIN);
}

const conv: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const [x = '', weights = ''] = node.inputs;
  const geometry = readGeometry(node, false);
  return [
    () => {
      const { kernel, strides, dilations, pads } = geometry;
      const [size, out] = [node.dims(0).slice(2), node.outputDims().slice(2)];
      // Rows and columns at the end that no window reached.
      const output_padding = ints(
        size.map((length, i) => {
          const covered = (strides[i] ?? 1) * ((out[i] ?? 1) - 1) + extent(kernel[i] ?? 1, dilations[i] ?? 1);
          return length + (pads[i] ?? 0) + (pads[i + size.length] ?? 0) - covered;
        }),
      );
      return node.writer.add('ConvTranspose', [gradient, weights], {
        ...attributesOf(geometry),
        output_padding,
      });
    },
    () => weightGradient(node, geometry, x, node.dims(0), gradient),
    () => biasGradient(node, gradient),
  ];
};

const convTranspose: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const [x = '', weights = ''] = node.inputs;
  const geometry = readGeometry(node, true);
  return [
    () => node.writer.add('Conv', [gradient, weights], attributesOf(geometry)),
    () => weightGradient(node, geometry, gradient, node.outputDims(), x),
    () => biasGradient(node, gradient),
  ];
};

export const CONV: Readonly<Record<string, Rule>> = { Conv: conv, ConvTranspose: convTranspose };
