// The kernels of a frame, with what they multiply, read and write: what there is to compile and to estimate.

import type { Convolution } from '../../engine/graph/ir/operation.ts';
import { paddedLength, type Tensor } from '../../engine/graph/ir/tensor.ts';
import { readLook } from '../../engine/look.ts';
import { fetchKernels } from '../../engine/webgpu/kernels/compile.ts';
import type { ConvShape, KernelConfig, TileShape } from '../../engine/webgpu/kernels/config.ts';
import { classOf } from '../../engine/webgpu/kernels/conv-class.ts';
import { fitShape } from '../../engine/webgpu/kernels/conv-tiled.ts';
import { type FrameStep, fuseFrame } from '../../engine/webgpu/kernels/frame-fusion.ts';
import { storedBytes } from '../../engine/webgpu/kernels/precision.ts';
import { compileStep } from '../../engine/webgpu/runtime/frame-program.ts';
import type { Dispatch } from './dispatch.ts';

/** A convolution in a kernel of its own. */
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
  readonly product: Product | null;
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
    const weights = bindings.reduce((sum, one) => sum + (one.kind === 'data' ? one.data.bytes : 0), 0);
    return {
      label,
      code,
      constants: {},
      workgroups: workgroups.reduce((all, one) => all * one, 1),
      multiplyAdds: convolution ? trueMultiplyAdds(convolution) : 0,
      bytes: weights + bytesOf([...inputsOf(step), outputOf(step)], config),
      product: convolution && step.kind === 'single' ? productOf(convolution, config) : null,
    };
  });
}

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

const tapsOf = ({ y, x }: Convolution): number => {
  const mean = ({ phases }: Convolution['y']) =>
    phases.reduce((sum, { count }) => sum + count, 0) / phases.length;
  return mean(y) * mean(x);
};

const trueMultiplyAdds = (convolution: Convolution): number =>
  convolution.output.shape.reduce((all, size) => all * size, 1) *
  tapsOf(convolution) *
  (convolution.inputs[0]?.shape[1] ?? 0);

/** The tile of conv-gemm.wgsl. */
const PRODUCT = { side: 8, blocks: 8, terms: 4 };

function productOf(convolution: Convolution, config: KernelConfig): Product | null {
  const shape: ConvShape = config.shapes[classOf(config, convolution)];
  if (convolution.group > 1) return null;
  if (shape !== 'gemm') return tiledProduct(convolution, fitShape(shape, config, convolution), config);
  const [n, channels, height, width] = convolution.output.shape;
  const [down, across] = [convolution.y.outputStride, convolution.x.outputStride];
  const blocks = Math.ceil(channels / 4 / PRODUCT.blocks) * PRODUCT.blocks;
  const pixels = (size: number, stride: number) =>
    Math.ceil(size / stride / PRODUCT.side) * PRODUCT.side * stride;
  const inputs = Math.ceil((convolution.inputs[0]?.shape[1] ?? 0) / 4);
  return {
    tile: shape,
    rounds: Math.ceil((tapsOf(convolution) * inputs) / PRODUCT.terms),
    inRound: 64 * PRODUCT.terms,
    idle:
      1 - (n * channels * height * width) / (n * blocks * 4 * pixels(height, down) * pixels(width, across)),
  };
}

function tiledProduct(
  convolution: Convolution,
  tile: TileShape,
  { hasManyRegisters }: KernelConfig,
): Product {
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
  const [unrolled, looped] = hasManyRegisters ? [count(along), 1] : [1, count(along) / along.outputStride];
  return {
    tile,
    rounds: looped * (count(line) / line.outputStride) * Math.ceil(blocks / share),
    inRound: 16 * unrolled * wide * tall * deep * Math.min(1, channels / 4),
    idle: 1 - (n * Math.max(4, channels) * height * width * Math.min(share, blocks)) / computed / share,
  };
}
