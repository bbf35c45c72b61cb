// Profiles a look on WebGPU kernel by kernel: bytes read and written, multiply-adds, and time.

import type { ConvAxis, Convolution } from '../engine/graph/ir/operation.ts';
import { paddedLength, type Tensor } from '../engine/graph/ir/tensor.ts';
import { readLook } from '../engine/index.ts';
import { storedBytes } from '../engine/webgpu/kernels/precision.ts';
import { createWebgpuPainter } from '../engine/webgpu/painter.ts';
import {
  adapterName,
  canvasFormat,
  defaultPrecision,
  requestDevice,
} from '../engine/webgpu/runtime/device.ts';
import {
  createFrameProgram,
  kernelsOfKind,
  makeFrameGroup,
  prepareKernels,
} from '../engine/webgpu/runtime/frame-program.ts';
import { BufferAllocator, withErrorScopes } from '../engine/webgpu/runtime/memory.ts';
import { dispatch } from '../engine/webgpu/runtime/pipeline-cache.ts';
import { defaultConfig } from '../engine/webgpu/tuning/defaults.ts';

export interface Layer {
  readonly name: string;
  readonly kernel: string;
  /** Output columns, rows and channel blocks per thread, and threads that share a sum; empty for other kernels. */
  readonly shape: string;
  readonly workgroups: string;
  readonly products: number;
  /** Bytes of constants, of inputs from other kernels, and of outputs. */
  readonly weights: number;
  readonly read: number;
  readonly written: number;
  readonly ms: number;
  /** Milliseconds of CPU time of a software GPU, which other processes on the machine do not affect. */
  readonly processor: number;
}

declare global {
  /** CPU time of the browser's GPU process in milliseconds, over all cores; open-page.mjs provides it. */
  function processorTime(): Promise<number>;
}

/** Taps of all phases. Taps that only ever read padding are trimmed: they are neither loaded nor multiplied. */
const countTaps = ({ phases }: ConvAxis): number => phases.reduce((sum, { count }) => sum + count, 0);

/** Multiply-adds of a layer. Zeros at the border count, as in published figures. */
function countProducts({ output, inputs, x, y }: Convolution): number {
  const [, c, h, w] = output.shape;
  return (
    (c * h * w * (inputs[0]?.shape[1] ?? 0) * countTaps(y) * countTaps(x)) / (y.outputStride * x.outputStride)
  );
}

/** The fraction of its weights that a layer loads. */
const loadedFraction = ({ weights, x, y }: Convolution): number =>
  (countTaps(y) * countTaps(x)) / (weights.dims[2] * weights.dims[3]);

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1] ?? 0;

export async function profile(name: string) {
  const look = await readLook(new Uint8Array(await (await fetch(`/${name}.onnx`)).arrayBuffer()));
  const device = await requestDevice();
  const canvas = new OffscreenCanvas(1, 1);
  const [began, before] = [performance.now(), await processorTime()];
  const painter = await createWebgpuPainter(look, { canvas, onLost: console.log, tune: false }, device);
  const { pixels } = look.info;
  const source = await createImageBitmap(new ImageData(pixels, pixels));
  painter.paint(source);
  await painter.finished();
  const first = performance.now() - began;
  const compiling = (await processorTime()) - before;
  const frames: number[] = [];
  for (let i = 0; i < 5; i++) {
    const start = performance.now();
    painter.paint(source);
    await painter.finished();
    frames.push(performance.now() - start);
  }
  const { statistics } = painter;
  painter.destroy();
  const layers = await layersOf(look.plan, device);
  const adapter = adapterName(device);
  device.destroy();
  return { name, adapter, frame: median(frames), first, compiling, statistics, layers };
}

async function layersOf(
  plan: Awaited<ReturnType<typeof readLook>>['plan'],
  device: GPUDevice,
): Promise<Layer[]> {
  const allocator = new BufferAllocator(device);
  const format = canvasFormat(device);
  const config = { ...defaultConfig(device), precision: defaultPrecision(device, plan) };
  const { program, prepare } = await withErrorScopes(device, () => {
    const frameProgram = createFrameProgram(allocator, plan, config, format);
    return { program: frameProgram, prepare: prepareKernels(frameProgram, config, ['external']) };
  });
  const bound = kernelsOfKind(program, await prepare(), 'texture');
  const [, , height = 1, width = 1] = plan.outputs[0]?.shape ?? [];
  const usage = GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.STORAGE_BINDING;
  const createView = (textureFormat: GPUTextureFormat) =>
    device.createTexture({ size: [width, height], format: textureFormat, usage }).createView();
  const group = makeFrameGroup(
    program,
    'texture',
    device.createSampler(),
    createView('rgba8unorm'),
    createView(format),
  );
  const time = async (index: number, repeats: number) => {
    const before = await processorTime();
    const start = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setBindGroup(1, group);
    const kernel = bound[index];
    for (let i = 0; kernel && i < repeats; i++) dispatch(pass, kernel.compiled, kernel.group);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    const ms = performance.now() - start;
    return { ms, processor: (await processorTime()) - before };
  };
  const layers: Layer[] = [];
  for (const [index, step] of program.framePlan.steps.entries()) {
    const kernel = bound[index]?.compiled.kernel;
    if (!kernel) continue;
    await time(index, 1);
    const { ms: once } = await time(index, 1);
    const repeats = Math.max(1, Math.min(100, Math.ceil(30 / once)));
    const times = [];
    for (let i = 0; i < 3; i++) times.push(await time(index, repeats));
    const operation =
      step.kind === 'inputConv' ? step.convolution : step.kind === 'single' ? step.operation : step.means;
    const inputs = step.kind === 'inputConv' ? step.guide.inputs : operation.inputs;
    const bytes = (tensors: readonly Tensor[]) =>
      tensors.reduce((sum, tensor) => sum + storedBytes(config.precision, 4 * paddedLength(tensor)), 0);
    const fraction = operation.kind === 'convolution' ? loadedFraction(operation) : 1;
    const constants = kernel.bindings.map(binding => {
      if (binding.kind !== 'data') return 0;
      return binding.data.bytes * (binding.data.layout === 'channels' ? 1 : fraction);
    });
    const tile = ['LONG', 'SHORT', 'DEEP'].map(
      name => new RegExp(`const ${name} = (\\d+);`).exec(kernel.code)?.[1],
    );
    layers.push({
      name: kernel.label,
      kernel: tile[0] ? 'tiled' : step.kind === 'single' ? step.operation.kind : step.kind,
      shape: tile[0] ? tile.join(' x ') : '',
      workgroups: kernel.workgroups.join(' x '),
      products: operation.kind === 'convolution' ? countProducts(operation) : 0,
      weights: constants.reduce((a, b) => a + b, 0),
      read: step.kind === 'downsample' ? 0 : bytes(inputs),
      written: bytes(
        step.kind === 'downsample' ? [step.source.output, operation.output] : [operation.output],
      ),
      ms: median(times.map(({ ms }) => ms)) / repeats,
      processor: median(times.map(({ processor }) => processor)) / repeats,
    });
  }
  allocator.destroy();
  return layers;
}
