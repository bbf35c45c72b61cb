// The kernels of a frame, with what they multiply, read and write: what there is to compile and to estimate.

import type { ConstantData } from '../../engine/codegen/constant-data.ts';
import type { ConvAxis, Convolution } from '../../engine/graph/ir/operation.ts';
import { paddedLength, type Tensor } from '../../engine/graph/ir/tensor.ts';
import { readLook } from '../../engine/look.ts';
import { fetchKernels } from '../../engine/webgpu/kernels/compile.ts';
import type { ConvShape, KernelConfig, TileShape } from '../../engine/webgpu/kernels/config.ts';
import { classOf } from '../../engine/webgpu/kernels/conv-class.ts';
import { GEMM_BLOCKS, GEMM_SIDE, GEMM_TERMS } from '../../engine/webgpu/kernels/conv-gemm.ts';
import { fitShape } from '../../engine/webgpu/kernels/conv-tiled.ts';
import { type FrameStep, fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { inputWork } from '../../engine/webgpu/kernels/input-conv.ts';
import { storedBytes } from '../../engine/webgpu/kernels/precision.ts';
import { isSharedInRows } from '../../engine/webgpu/kernels/resample.ts';
import { compileStep } from '../../engine/webgpu/runtime/frame-program.ts';
import type { Dispatch } from './dispatch.ts';

/** A convolution, in a kernel of its own or fused with its guide. */
export interface Product {
  readonly tile: ConvShape;
  /** Times that a thread goes through its loop. */
  readonly rounds: number;
  /** Multiply-adds of a thread in one of them, without those of lanes that no channel has. */
  readonly inRound: number;
  /** The part of all threads' products that no output needs. */
  readonly idle: number;
}

/** Multiply-adds are those of the network, without the lanes that blocks of four add. */
export interface FrameKernel extends Dispatch {
  /** Bytes that any kernel for it reads and writes: weights are those that the file has. */
  readonly leastBytes: number;
  readonly product: Product | null;
  /** Rows and columns of the output, multiplied. */
  readonly pixels: number;
  /** Whether it is the first convolution, fused with what it reads. */
  readonly isInputConv: boolean;
  /** How often the loops of the whole program go round, in the order of their heads; null where a convolution's busiest
   * loop is all that counts. */
  readonly trips: readonly number[] | null;
}

/** The kernels of a frame that comes as a texture. */
export async function kernelsOf(file: Uint8Array<ArrayBuffer>, config: KernelConfig): Promise<FrameKernel[]> {
  const { plan } = await readLook(file);
  const framePlan = fuseFrame(plan, await fetchKernels(plan));
  return framePlan.steps.map(step => {
    const { label, code, workgroups, bindings } = compileStep(framePlan, config, step, {
      kind: 'texture',
      format: 'rgba8unorm',
    });
    const convolution = convolutionOf(step);
    const constants = bindings.reduce(
      (sum, one) => sum + (one.kind === 'data' ? bytesRead(one.data, convolution) : 0),
      0,
    );
    const values = bytesOf([...inputsOf(step), outputOf(step)], config);
    return {
      label,
      code,
      constants: {},
      workgroups: workgroups.reduce((all, one) => all * one, 1),
      multiplyAdds: convolution ? trueMultiplyAdds(convolution) : 0,
      bytes: constants + values,
      leastBytes: (convolution ? fileBytesRead(convolution) : constants) + values,
      product:
        step.kind === 'inputConv'
          ? inputProduct(step, config)
          : convolution && productOf(convolution, config),
      pixels: outputOf(step).shape[2] * outputOf(step).shape[3],
      isInputConv: step.kind === 'inputConv',
      trips: tripsOf(step, config),
    };
  });
}

type InputConvStep = Extract<FrameStep, { kind: 'inputConv' }>;

const convolutionOf = (step: FrameStep): Convolution | null =>
  step.kind === 'inputConv'
    ? step.convolution
    : step.kind === 'single' && step.operation.kind === 'convolution'
      ? step.operation
      : null;

const inputsOf = (step: FrameStep): readonly Tensor[] =>
  step.kind === 'single' ? step.operation.inputs : step.kind === 'inputConv' ? step.guide.inputs : [];

const outputOf = (step: FrameStep): Tensor =>
  step.kind === 'single'
    ? step.operation.output
    : step.kind === 'inputConv'
      ? step.convolution.output
      : step.means.output;

const bytesOf = (tensors: readonly Tensor[], { precision }: KernelConfig): number =>
  tensors.reduce((sum, tensor) => sum + storedBytes(precision, 4 * paddedLength(tensor)), 0);

/** Taps of an axis that some output reads: all of them, but for pictures of a pixel. */
const tapsRead = ({ phases, kernelStep }: ConvAxis): number =>
  new Set(
    phases.flatMap(({ first, count }) => Array.from({ length: count }, (_, i) => first + i * kernelStep)),
  ).size;

/** The part of a convolution's weights that is read. */
function partRead({ weights, y, x }: Convolution): number {
  const [, , kh, kw] = weights.dims;
  return (tapsRead(y) * tapsRead(x)) / (kh * kw);
}

const fileBytesRead = (convolution: Convolution): number =>
  convolution.weights.bytes.length * partRead(convolution);

/** Bytes of constants that are read. The weights have the name of their convolution. */
const bytesRead = ({ label, bytes }: ConstantData, convolution: Convolution | null): number =>
  convolution && label === convolution.name ? bytes * partRead(convolution) : bytes;

/** Taps of an output in each phase. */
const tapsOf = ({ y, x }: Convolution): number[] =>
  y.phases.flatMap(down => x.phases.map(across => down.count * across.count));

const trueMultiplyAdds = (convolution: Convolution): number =>
  convolution.output.shape.reduce((all, size) => all * size, 1) *
  mean(tapsOf(convolution)) *
  (convolution.inputs[0]?.shape[1] ?? 0);

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

function productOf(convolution: Convolution, config: KernelConfig): Product | null {
  const shape: ConvShape = config.shapes[classOf(config, convolution)];
  if (convolution.group > 1) return null;
  if (shape !== 'gemm') return tiledProduct(convolution, fitShape(shape, config, convolution), config);
  const [n, channels, height, width] = convolution.output.shape;
  const [down, across] = [convolution.y.outputStride, convolution.x.outputStride];
  const blocks = Math.ceil(channels / 4 / GEMM_BLOCKS) * GEMM_BLOCKS;
  const pixels = (size: number, stride: number) => Math.ceil(size / stride / GEMM_SIDE) * GEMM_SIDE * stride;
  const inputs = Math.ceil((convolution.inputs[0]?.shape[1] ?? 0) / 4);
  const terms = tapsOf(convolution).map(taps => taps * inputs);
  const rounds = mean(terms.map(count => Math.ceil(count / GEMM_TERMS)));
  const computed = n * blocks * 4 * pixels(height, down) * pixels(width, across) * rounds * GEMM_TERMS;
  return {
    tile: shape,
    rounds,
    inRound: 64 * GEMM_TERMS,
    idle: 1 - (n * channels * height * width * mean(terms)) / computed,
  };
}

function tiledProduct(convolution: Convolution, tile: TileShape, { unrollsTaps }: KernelConfig): Product {
  const { wide, tall, deep, share } = tile;
  const { output, y, x, inputs } = convolution;
  const [n, channels, height, width] = output.shape;
  const [down, across] = [y.outputStride, x.outputStride];
  const computed =
    n *
    Math.ceil(height / down / tall) *
    Math.ceil(width / across / wide) *
    Math.ceil(channels / 4 / deep) *
    (down * across * tall * wide * deep * 4);
  const blocks = Math.ceil((inputs[0]?.shape[1] ?? 0) / 4);
  const [line, along] = tall > wide ? [x, y] : [y, x];
  const count = ({ phases }: Convolution['y']) => phases.reduce((sum, one) => sum + one.count, 0);
  // Taps along the tile that are unrolled, and those that are a loop.
  const [unrolled, looped] = unrollsTaps ? [count(along), 1] : [1, count(along) / along.outputStride];
  // Of the blocks that threads share, some have one more.
  const most = Math.ceil(blocks / share);
  return {
    tile,
    rounds: looped * (count(line) / line.outputStride) * most,
    inRound: 16 * unrolled * wide * tall * deep * Math.min(1, channels / 4),
    idle: 1 - (n * Math.max(4, channels) * height * width * blocks) / (computed * most * share),
  };
}

/** The input convolution: a thread computes a strip of outputs in one block of channels after the other. */
function inputProduct({ convolution, tile }: InputConvStep, config: KernelConfig): Product {
  const { threads } = config;
  const { output, weights, x } = convolution;
  const [n, channels, height, width] = output.shape;
  const [, , kh] = weights.dims;
  const { strips, slices, each } = inputWork(tile, output, config);
  const rounds = Math.ceil(strips / threads) * each;
  const across = Math.ceil(width / (tile.wide * (strips / tile.rows)));
  const computed = n * Math.ceil(height / tile.rows) * across * slices * rounds * threads * tile.wide * 4;
  return {
    tile: { wide: tile.wide, tall: 1, deep: 1, share: 1 },
    rounds,
    inRound: 16 * kh * (x.phases[0]?.count ?? 0) * tile.wide * (tile.channels / 4),
    idle: 1 - (n * Math.max(4, channels) * height * width) / computed,
  };
}

/** Samples of the camera's frame for each pixel, along an axis: a frame of 640 x 480 for a network of 256. */
const SAMPLES = 2;

/** Mesa sets workgroup memory to zero first, 16 bytes of a thread at a time. */
const zeroingTrips = (bytes: number, threads: number): number[] => {
  const trips = Math.ceil(bytes / (16 * threads));
  return trips > 1 ? [trips] : [];
};

/** Loops of a resampling along its bands are unrolled by these compilers. */
function tripsOf(step: FrameStep, config: KernelConfig): number[] | null {
  const { threads } = config;
  const each = (count: number) => Math.ceil(count / threads);
  if (step.kind === 'downsample') {
    const { left, right } = step.means;
    return [each((left?.width ?? 1) * (right?.width ?? 1)), SAMPLES, SAMPLES, Math.log2(threads)];
  }
  if (step.kind === 'inputConv') {
    const { tile, convolution } = step;
    const [rows, columns] = tile.size;
    const area = rows * columns;
    const coarse = tile.inputRows * columns;
    const { strips, each: blocks } = inputWork(tile, convolution.output, config);
    return [
      ...zeroingTrips((area + coarse) * tile.channels * 4, threads),
      ...(coarse > 0 ? [each(coarse)] : []),
      each(area),
      each(strips),
      blocks,
    ];
  }
  const { operation } = step;
  if (operation.kind !== 'resample' || !isSharedInRows(operation)) return null;
  return [each(operation.inputs[0]?.shape[3] ?? 0), each(operation.output.shape[3])];
}
