// Lowering of convolutions whose weights are computed or learned.

import { binary, constant } from '../ir/expression.ts';
import type { Convolution, Weights } from '../ir/operation.ts';
import { doubledBy, SUBPIXEL_AXIS } from '../ir/subpixel.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { extent, type Geometry, readGeometry, readLayout, transposedSize, windowPads } from './conv.ts';
import { directAxis, transposedAxis, trimAxis } from './conv-axis.ts';
import { findPadded, makerOf, type Pads } from './conv-input.ts';
import { emitElementwise, type Lowering } from './elementwise.ts';
import type { LearnedWeights } from './learned-weights.ts';
import { reshape } from './movement.ts';
import { defineSpatial, readSpatialInput } from './spatial.ts';

const NONE = constant(0);

/** An input of one number per channel, in a shape that broadcasts over pictures of that rank. */
export function perChannel(node: NodeReader, index: number, channels: number, rank: number): Value {
  const dims = [channels, ...Array(Math.max(0, rank - 2)).fill(1)];
  return reshape(node, node.value(index), dims, `${node.output} per channel ${index}`);
}

/** A convolution as both ways of lowering see it. */
interface TrainedConv extends Geometry {
  readonly tensor: Tensor;
  readonly line: boolean;
  readonly transposed: boolean;
  readonly group: number;
  readonly dims: Weights['dims'];
  readonly outputs: number;
}

function readTrainedConv(node: NodeReader): TrainedConv {
  const transposed = node.node.op === 'ConvTranspose';
  const { tensor, line } = readSpatialInput(node);
  const layout = readLayout(node, transposed, line);
  const { dims, group } = layout;
  const [, channels] = tensor.shape;
  const [inputs, outputs] = transposed ? [dims[0], dims[1] * group] : [dims[1] * group, dims[0]];
  if (group < 1 || inputs !== channels || dims[0] % group !== 0) {
    throw node.fail(`has weights for ${inputs} channels, but its input has ${channels}.`);
  }
  return { ...readGeometry(node, layout, line), tensor, line, transposed, group, dims, outputs };
}

/** Outputs along an axis, and where the first window begins. */
interface Measured {
  readonly out: number;
  readonly before: number;
}

/** Measures the output of a convolution of a tensor with those pads, by default the node's. */
function measure(
  node: NodeReader,
  { kernel, strides, dilations, line, transposed }: TrainedConv,
  [, , height, width]: Tensor['shape'],
  given?: Pads,
): readonly [Measured, Measured] {
  const grown = transposed ? node.pair('output_padding', line, 0, 0) : [0, 0];
  const pads = transposed
    ? null
    : (given ?? windowPads(node, [height, width], { kernel, strides, dilations }, line));
  const sized = (i: 0 | 1): Measured => {
    const [size, reach] = [i === 0 ? height : width, extent(kernel[i], dilations[i])];
    if (!pads) {
      const full = strides[i] * (size - 1) + (grown[i] ?? 0) + reach;
      return transposedSize(node, i, line, size, full, strides[i]);
    }
    const padded = pads[i] + size + pads[i === 0 ? 2 : 3];
    return { out: Math.floor((padded - reach) / strides[i]) + 1, before: pads[i] };
  };
  const both = [sized(0), sized(1)] as const;
  if (both.some(({ out }) => out < 1))
    throw node.fail('has a kernel and pads that leave nothing of its output.');
  return both;
}

/** The name of what a bias is added to. */
const nameOf = (node: NodeReader): string => (node.has(2) ? `${node.output} without bias` : node.output);

/** A convolution of the kind that constant weights have, with what was padded before. */
function emitLearned(node: NodeReader, conv: TrainedConv, weights: Weights, learned: LearnedWeights): Value {
  const { kernel, strides, dilations, line, transposed, group, outputs } = conv;
  const sides = [conv.tensor.shape[2], conv.tensor.shape[3]] as const;
  const own = transposed ? [1] : windowPads(node, sides, { kernel, strides, dilations }, line);
  const padded = own.some(pad => pad > 0) ? null : findPadded(node, conv.tensor);
  const { tensor, padding }: { tensor: Tensor; padding: Convolution['padding'] } = padded ?? {
    tensor: conv.tensor,
    padding: 'zero',
  };
  const measured = measure(node, conv, tensor.shape, padded?.pads);
  const pads = padded?.pads ?? own;
  const isCentred = !transposed && `${[kernel, strides, dilations, pads, group]}` === '3,3,1,1,1,1,1,1,1,1,1';
  const small = isCentred ? doubledBy(makerOf(node, tensor)) : null;
  const sums = small && learned.sum(weights);
  const axisOf = (i: 0 | 1) => {
    if (sums) return SUBPIXEL_AXIS;
    const { out, before } = measured[i];
    const axis = (transposed ? transposedAxis : directAxis)(kernel[i], strides[i], dilations[i], before);
    return padding === 'edge' ? axis : trimAxis(axis, tensor.shape[i === 0 ? 2 : 3], out);
  };
  const [y, x] = measured;
  return node.builder.emit({
    kind: 'convolution',
    name: node.node.name,
    inputs: [(sums && small) ?? tensor],
    output: makeTensor(nameOf(node), [tensor.shape[0], outputs, y.out, x.out]),
    epilogue: null,
    prologue: null,
    weights: sums ?? weights,
    bias: null,
    group,
    y: axisOf(0),
    x: axisOf(1),
    padding,
  });
}

function emitComputed(node: NodeReader, conv: TrainedConv): Value {
  const { tensor, strides, dilations, transposed, group, dims, outputs } = conv;
  const [y, x] = measure(node, conv, tensor.shape);
  const weights = reshape(node, node.value(1), dims, `${node.output} weights`);
  return node.builder.emit({
    kind: 'computedConvolution',
    reads: 2,
    name: node.node.name,
    inputs: [tensor, node.builder.tensor(weights, node.node.inputs[1] ?? '')],
    output: makeTensor(nameOf(node), [tensor.shape[0], outputs, y.out, x.out]),
    epilogue: null,
    transposed,
    group,
    strides,
    dilations,
    before: [y.before, x.before],
  });
}

/** A convolution whose weights are computed, or learned. */
export const lowerTrainedConv =
  (learned: LearnedWeights | null): Lowering =>
  node => {
    const conv = readTrainedConv(node);
    const positions = learned?.find(node, node.value(1));
    const made =
      learned && positions
        ? emitLearned(node, conv, learned.weights(positions, conv.dims, conv.transposed), learned)
        : emitComputed(node, conv);
    if (!node.has(2)) {
      defineSpatial(node, made, conv.line);
      return;
    }
    const biased = emitElementwise(
      node,
      dimsOf(made),
      [made, perChannel(node, 2, conv.outputs, 4)],
      ([value = NONE, bias = NONE]) => binary('add', value, bias),
      conv.line ? `${node.output} as a picture of it` : node.output,
    );
    defineSpatial(node, biased, conv.line);
  };

/** A layer whose parameters may be computed; if they are constants, it is lowered as in inference. */
export const computed =
  (lowering: Lowering, usual: Lowering): Lowering =>
  node => {
    const isComputed = node.node.inputs.some((name, i) => i > 0 && name && !('constant' in node.value(i)));
    (isComputed ? lowering : usual)(node);
  };
