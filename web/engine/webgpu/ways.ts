// Which ways from a video frame to the GPU tell the truth here. Some browsers turn frames by ninety degrees,
// some swap colours, and no error says so. So a frame that is known, with a colour in each quarter, is sent
// each way and looked at on the other side: once per device, beside the first frames and not before them.

import { checked } from './memory.ts';
import code from './ways.wgsl?raw';

/** Best first: the browser's own frame, a copy of it on the GPU, a bitmap of it, a drawing of it. */
export const WAYS = ['external', 'copy', 'bitmap', 'canvas'] as const;
export type Way = (typeof WAYS)[number];

const SIDE = 64;
/** Red, green, blue and white, as Y, Cb and Cr of BT.709 in limited range. */
const QUARTERS = [
  { yuv: [63, 102, 240], rgb: [1, 0, 0] },
  { yuv: [173, 42, 26], rgb: [0, 1, 0] },
  { yuv: [32, 240, 118], rgb: [0, 0, 1] },
  { yuv: [235, 128, 128], rgb: [1, 1, 1] },
] as const;
/** Browsers differ by a tenth in colours; another quarter's colour differs by one. */
const TOLERANCE = 0.4;

const known = new WeakMap<GPUDevice, Promise<ReadonlySet<Way>>>();

/** The ways that show a frame as it is; all where none can be tried or none holds, since then nothing is known. */
export function trueWays(device: GPUDevice): Promise<ReadonlySet<Way>> {
  const found = known.get(device) ?? tryAll(device).catch(() => new Set(WAYS));
  known.set(device, found);
  return found;
}

async function tryAll(device: GPUDevice): Promise<ReadonlySet<Way>> {
  const frame = knownFrame();
  try {
    const held = new Set<Way>();
    // One after the other: error scopes are a stack.
    for (const way of WAYS) {
      if (await isTrue(device, way, frame).catch(() => false)) held.add(way);
    }
    return held.size > 0 ? held : new Set(WAYS);
  } finally {
    frame.close();
  }
}

function knownFrame(): VideoFrame {
  const bytes = new Uint8Array(SIDE * SIDE * 1.5);
  let at = 0;
  for (const [plane, side] of [SIDE, SIDE / 2, SIDE / 2].entries()) {
    for (let i = 0; i < side * side; i++) {
      const quarter = QUARTERS[(i % side < side / 2 ? 0 : 1) + (i < (side * side) / 2 ? 0 : 2)];
      bytes[at++] = quarter?.yuv[plane] ?? 0;
    }
  }
  return new VideoFrame(bytes, {
    format: 'I420',
    codedWidth: SIDE,
    codedHeight: SIDE,
    timestamp: 0,
    colorSpace: { primaries: 'bt709', transfer: 'bt709', matrix: 'bt709', fullRange: false },
  });
}

/** Whether all quarters are found with their colours in their places. */
async function isTrue(device: GPUDevice, way: Way, frame: VideoFrame): Promise<boolean> {
  const found = await sampled(device, way, frame);
  return QUARTERS.every(({ rgb }, i) =>
    rgb.every((value, channel) => Math.abs((found[4 * i + channel] ?? 9) - value) < TOLERANCE),
  );
}

async function sampled(device: GPUDevice, way: Way, frame: VideoFrame): Promise<Float32Array> {
  const label = `way ${way}`;
  const texture = way === 'external' ? null : textureOf(device, label);
  const size = 64;
  const found = device.createBuffer({ label, size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const copy = device.createBuffer({ label, size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  try {
    const pipeline = await pipelineOf(device, label, way === 'external');
    const given = way === 'bitmap' ? await createImageBitmap(frame) : way === 'canvas' ? drawn(frame) : frame;
    await checked(device, () => {
      if (texture) device.queue.copyExternalImageToTexture({ source: given }, { texture }, [SIDE, SIDE]);
      const group = device.createBindGroup({
        label,
        layout: pipeline.getBindGroupLayout(0),
        entries: [
          { binding: 0, resource: device.createSampler({ label, magFilter: 'linear', minFilter: 'linear' }) },
          {
            binding: 1,
            resource: texture?.createView() ?? device.importExternalTexture({ label, source: frame }),
          },
          { binding: 2, resource: { buffer: found } },
        ],
      });
      const encoder = device.createCommandEncoder({ label });
      const pass = encoder.beginComputePass({ label });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(found, 0, copy, 0, size);
      device.queue.submit([encoder.finish()]);
    });
    await copy.mapAsync(GPUMapMode.READ);
    return new Float32Array(copy.getMappedRange().slice(0));
  } finally {
    texture?.destroy();
    found.destroy();
    copy.destroy();
  }
}

function textureOf(device: GPUDevice, label: string): GPUTexture {
  const usage =
    GPUTextureUsage.TEXTURE_BINDING | GPUTextureUsage.COPY_DST | GPUTextureUsage.RENDER_ATTACHMENT;
  return device.createTexture({ label, size: [SIDE, SIDE], format: 'rgba8unorm', usage });
}

function pipelineOf(device: GPUDevice, label: string, external: boolean): Promise<GPUComputePipeline> {
  const text = code
    .replace('TEXTURE', external ? 'texture_external' : 'texture_2d<f32>')
    .replace(
      'SAMPLE',
      external
        ? 'textureSampleBaseClampToEdge(frame, linear_sampler, at)'
        : 'textureSampleLevel(frame, linear_sampler, at, 0)',
    );
  const module = device.createShaderModule({ label, code: text });
  return device.createComputePipelineAsync({
    label,
    layout: 'auto',
    compute: { module, entryPoint: 'main' },
  });
}

function drawn(frame: VideoFrame): OffscreenCanvas {
  const canvas = new OffscreenCanvas(SIDE, SIDE);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('there is no 2-D canvas');
  context.drawImage(frame, 0, 0);
  return canvas;
}
