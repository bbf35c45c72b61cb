// Probes a frame's kernels for the health monitor: runs them on the test pattern and samples their outputs. Nothing
// is shown and nothing is compiled. It takes little GPU memory, and gives it back: the test pattern is stretched like
// a frame, and the painting goes to a texture of a few rows, as pixels beyond it are dropped.

import { channelBlocks } from '../../graph/ir/tensor.ts';
import { defaultLiveInputs } from '../../live-inputs.ts';
import type { ProbeResult } from '../../painter.ts';
import { GOLDEN_RATIO, TEST_PATTERN_SIDE, testPattern } from '../../recovery/probe.ts';
import type { FrameStep } from '../kernels/frame-fusion.ts';
import { storedBytes, widenValues } from '../kernels/precision.ts';
import { type FrameKernels, type FrameProgram, makeFrameGroup } from './frame-program.ts';
import type { FrameTextures } from './frame-textures.ts';
import { BufferAllocator } from './memory.ts';
import { dispatch } from './pipeline-cache.ts';

/** Bytes of the painting, at most. One row of the widest painting takes fewer. */
const MAX_PAINTED_BYTES = 2 ** 15;
/** Bytes of the samples of one kernel, and pixels that are sampled, at most. */
const MAX_SAMPLED_BYTES = 4096;
const MAX_SAMPLED_PIXELS = 16;

const nanBeyondHalf = (value: number): number => (Math.abs(value) < 65504 ? value : Number.NaN);

/** Channels of one pixel, as a range of a buffer. */
type Sample = readonly [buffer: GPUBuffer, at: number, size: number];

export async function probe(
  program: FrameProgram,
  { byKind }: FrameKernels,
  frames: FrameTextures,
  live: Float32Array<ArrayBuffer>,
): Promise<ProbeResult> {
  // As the latest new kind of frame: its kernels exist.
  const [[kind, bound] = ['texture', []] as const] = [...byKind].reverse();
  const { framePlan, pipelines, format } = program;
  const { device, buffers, config } = pipelines;
  const { plan, steps } = framePlan;
  const [, , tall = 1, width = 1] = plan.outputs[0]?.shape ?? [];
  const height = Math.min(tall, Math.floor(MAX_PAINTED_BYTES / (4 * width)));
  const samples = steps.map(step => samplesOf(program, step));
  const sampled = samples.some(some => some?.length) ? MAX_SAMPLED_BYTES * bound.length : 0;
  const label = 'probe';
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
  const allocator = new BufferAllocator(device);
  try {
    const bytes = sampled + 4 * width * height;
    const read = allocator.allocate(label, bytes, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
    const encoder = device.createCommandEncoder({ label });
    if (kind === 'external') source = new VideoFrame(testPattern(), shape);
    const given = source ? device.importExternalTexture({ label, source }) : picture.createView();
    const group = makeFrameGroup(program, kind, frames.sampler, given, painting.createView());
    bound.forEach(({ compiled, group: bindings }, i) => {
      const own = samples[i];
      if (!own) return;
      // Old values must not pass for results.
      for (const sample of own) encoder.clearBuffer(...sample);
      const pass = encoder.beginComputePass({ label });
      pass.setBindGroup(1, group);
      dispatch(pass, compiled, bindings);
      pass.end();
      own.forEach(([buffer, at, length], k) => {
        encoder.copyBufferToBuffer(buffer, at, read, MAX_SAMPLED_BYTES * i + length * k, length);
      });
    });
    for (let row = 0; row < height; row++) {
      const target = { buffer: read, offset: sampled + 4 * width * row };
      encoder.copyTextureToBuffer({ texture: painting, origin: [0, row] }, target, [width]);
    }
    device.queue.writeTexture({ texture: picture }, testPattern(), { bytesPerRow: 4 * side }, size);
    device.queue.writeBuffer(buffers.live, 0, defaultLiveInputs(plan));
    frames.withCropOf(side, () => device.queue.submit([encoder.finish()]));
    device.queue.writeBuffer(buffers.live, 0, live);
    await read.mapAsync(GPUMapMode.READ);
    const found = read.getMappedRange();
    const values = widenValues(config.precision, found.slice(0, sampled));
    return {
      // Halves store NaN and values beyond their range as their largest value.
      values: config.precision === 'float16' ? values.map(nanBeyondHalf) : values,
      // A pixel that was painted is opaque, and others are not.
      isPainted: new Uint8Array(found, sampled).every((value, i) => i % 4 < 3 || value === 255),
    };
  } finally {
    source?.close();
    allocator.destroy();
    picture.destroy();
    painting.destroy();
  }
}

/** The samples of a step. The picture is not sampled, nor what goes to the canvas. Null for a step that replaces the
 * state, which is not run. */
function samplesOf({ framePlan, pipelines }: FrameProgram, step: FrameStep): Sample[] | null {
  const operation =
    step.kind === 'single' ? step.operation : step.kind === 'inputConv' ? step.convolution : null;
  if (operation?.output.constant) return null;
  const slice = operation && operation !== framePlan.painted && framePlan.plan.slices.get(operation.output);
  if (!slice || operation.kind === 'frameInput') return [];
  const [n, , h, w] = operation.output.shape;
  const block = storedBytes(pipelines.config.precision, 16);
  const size = Math.min(channelBlocks(operation.output) * block, MAX_SAMPLED_BYTES);
  const count = Math.min(MAX_SAMPLED_PIXELS, Math.floor(MAX_SAMPLED_BYTES / size));
  const buffer = pipelines.buffers.buffer(slice.buffer);
  return Array.from({ length: count }, (_, i) => {
    const pixel = Math.floor(((i * GOLDEN_RATIO) % 1) * n * h * w);
    return [buffer, (pixel * slice.stride + slice.offset) * block, size] as const;
  });
}
