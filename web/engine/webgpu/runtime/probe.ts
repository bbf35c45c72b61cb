// What the kernels of a frame make of stripes, for the watchdog: a frame that nobody sees, with samples of what
// each kernel leaves to the next. Nothing is compiled for it. What it takes of the GPU's memory is small, and is
// given back: the picture is stretched as a frame is, and the painting goes to a texture of a few rows, since
// what is painted beyond those is dropped.

import { channelBlocks } from '../../graph/ir/tensor.ts';
import { defaultLiveValues } from '../../live-inputs.ts';
import type { ProbeResult } from '../../painter.ts';
import { GOLDEN_RATIO, TEST_PATTERN_SIDE, testPattern } from '../../recovery/probe.ts';
import type { Step } from '../kernels/frame-fusion.ts';
import { bytesIn, widened } from '../kernels/precision.ts';
import { frameGroup, type Kernels, type Studio } from './frame-program.ts';
import type { Frames } from './frame-textures.ts';
import { Memory } from './memory.ts';
import { dispatch } from './pipeline-cache.ts';

/** Bytes of the painting, at most; one row of the widest one is less. */
const MOST_PAINTED = 2 ** 15;
/** Bytes of samples of one kernel, and their pixels, at most. */
const MOST_SAMPLED = 4096;
const MOST_PIXELS = 16;

const beyondHalf = (value: number): number => (Math.abs(value) < 65504 ? value : Number.NaN);

/** Channels of one pixel: a part of a buffer. */
type Sample = readonly [buffer: GPUBuffer, at: number, size: number];

export async function examine(
  studio: Studio,
  { byWay }: Kernels,
  frames: Frames,
  live: Float32Array<ArrayBuffer>,
): Promise<ProbeResult> {
  // As the latest new kind of frame came; its kernels are there.
  const [[way, bound] = ['texture', []] as const] = [...byWay].reverse();
  const { merged, pipelines, format } = studio;
  const { device, shared, style } = pipelines;
  const { plan, steps } = merged;
  const [, , tall = 1, width = 1] = plan.outputs[0]?.shape ?? [];
  const height = Math.min(tall, Math.floor(MOST_PAINTED / (4 * width)));
  const samples = steps.map(step => samplesOf(studio, step));
  const sampled = samples.some(some => some.length > 0) ? MOST_SAMPLED * bound.length : 0;
  const label = 'examination';
  const side = TEST_PATTERN_SIDE;
  const { COPY_DST, COPY_SRC, STORAGE_BINDING, TEXTURE_BINDING } = GPUTextureUsage;
  const size = [side, side];
  const usage = TEXTURE_BINDING | COPY_DST;
  const picture = device.createTexture({ label, size, format: 'rgba8unorm', usage });
  const painting = device.createTexture({
    label,
    size: [width, height],
    format,
    usage: STORAGE_BINDING | COPY_SRC,
  });
  const shape = { format: 'RGBA', codedWidth: side, codedHeight: side, timestamp: 0 } as const;
  let source: VideoFrame | null = null;
  const memory = new Memory(device);
  try {
    const bytes = sampled + 4 * width * height;
    const read = memory.make(label, bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = device.createCommandEncoder({ label });
    if (way === 'external') source = new VideoFrame(testPattern(), shape);
    const given = source ? device.importExternalTexture({ label, source }) : picture.createView();
    const group = frameGroup(studio, way, frames.sampler, given, painting.createView());
    bound.forEach(({ compiled, group: bindings }, i) => {
      const own = samples[i] ?? [];
      // What was there before is no answer.
      for (const sample of own) encoder.clearBuffer(...sample);
      const pass = encoder.beginComputePass({ label });
      pass.setBindGroup(1, group);
      dispatch(pass, compiled, bindings);
      pass.end();
      own.forEach(([buffer, at, length], k) => {
        encoder.copyBufferToBuffer(buffer, at, read, MOST_SAMPLED * i + length * k, length);
      });
    });
    for (let row = 0; row < height; row++) {
      const target = { buffer: read, offset: sampled + 4 * width * row };
      encoder.copyTextureToBuffer({ texture: painting, origin: [0, row] }, target, [width]);
    }
    device.queue.writeTexture({ texture: picture }, testPattern(), { bytesPerRow: 4 * side }, size);
    device.queue.writeBuffer(shared.live, 0, defaultLiveValues(plan));
    frames.aimedBeside(side, () => device.queue.submit([encoder.finish()]));
    device.queue.writeBuffer(shared.live, 0, live);
    await read.mapAsync(GPUMapMode.READ);
    const found = read.getMappedRange();
    const values = widened(style.precision, found.slice(0, sampled));
    return {
      // Halves keep what is too large for them, and NaN, as the largest that they have.
      values: style.precision === 'float16' ? values.map(beyondHalf) : values,
      // Whatever its colour, what is painted is opaque, and what is not is not.
      painted: new Uint8Array(found, sampled).every((value, i) => i % 4 < 3 || value === 255),
    };
  } finally {
    source?.close();
    memory.destroy();
    picture.destroy();
    painting.destroy();
  }
}

/** What is asked of a step: nothing of the picture, which comes as it is, and of what goes to the canvas. */
function samplesOf({ merged, pipelines }: Studio, step: Step): Sample[] {
  const operation = step.kind === 'plain' ? step.operation : step.kind === 'opening' && step.convolution;
  const place = operation && operation !== merged.painted && merged.plan.slices.get(operation.output);
  if (!place || operation.kind === 'frameInput') return [];
  const [n, , h, w] = operation.output.shape;
  const block = bytesIn(pipelines.style.precision, 16);
  const size = Math.min(channelBlocks(operation.output) * block, MOST_SAMPLED);
  const count = Math.min(MOST_PIXELS, Math.floor(MOST_SAMPLED / size));
  const buffer = pipelines.shared.buffer(place.buffer);
  return Array.from({ length: count }, (_, i) => {
    const pixel = Math.floor(((i * GOLDEN_RATIO) % 1) * n * h * w);
    return [buffer, (pixel * place.stride + place.offset) * block, size] as const;
  });
}
