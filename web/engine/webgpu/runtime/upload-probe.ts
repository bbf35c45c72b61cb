// Tests the upload paths of video frames on a WebGPU device: a kernel samples the test frame as an external texture,
// and uploads are read back from a texture.

import {
  QUARTER_CENTERS,
  TEST_FRAME_SIDE,
  UPLOAD_PATHS,
  type UploadPath,
  verifyUploadPaths,
} from '../../frames/upload-paths.ts';
import type { Canvas } from '../../painter.ts';
import { withErrorScopes } from './memory.ts';
import code from './upload-probe.wgsl?raw';

export const probeUploadPaths = (device: GPUDevice): Promise<ReadonlySet<UploadPath>> =>
  verifyUploadPaths(device, UPLOAD_PATHS, (path, picture) =>
    path === 'external' ? readSampled(device, picture) : readUploaded(device, picture),
  );

const label = 'upload probe';
/** Four vectors of floats. */
const BYTES = 64;

/** The buffer that `record` copies to. */
async function readCopy(
  device: GPUDevice,
  record: (encoder: GPUCommandEncoder, copy: GPUBuffer) => void,
): Promise<ArrayBuffer> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const copy = device.createBuffer({ label, size: BYTES, usage });
  try {
    await withErrorScopes(device, () => {
      const encoder = device.createCommandEncoder({ label });
      record(encoder, copy);
      device.queue.submit([encoder.finish()]);
    });
    await copy.mapAsync(GPUMapMode.READ);
    return copy.getMappedRange().slice(0);
  } finally {
    copy.destroy();
  }
}

async function readUploaded(
  device: GPUDevice,
  source: VideoFrame | ImageBitmap | Canvas,
): Promise<ArrayLike<number>> {
  const { COPY_SRC, COPY_DST, RENDER_ATTACHMENT } = GPUTextureUsage;
  const usage = COPY_SRC | COPY_DST | RENDER_ATTACHMENT;
  const texture = device.createTexture({
    label,
    size: [TEST_FRAME_SIDE, TEST_FRAME_SIDE],
    format: 'rgba8unorm',
    usage,
  });
  try {
    const found = await readCopy(device, (encoder, buffer) => {
      device.queue.copyExternalImageToTexture({ source }, { texture }, [TEST_FRAME_SIDE, TEST_FRAME_SIDE]);
      QUARTER_CENTERS.forEach((origin, i) => {
        encoder.copyTextureToBuffer({ texture, origin: [...origin] }, { buffer, offset: 4 * i }, [1]);
      });
    });
    return Array.from(new Uint8Array(found), value => value / 255);
  } finally {
    texture.destroy();
  }
}

async function readSampled(
  device: GPUDevice,
  source: VideoFrame | ImageBitmap | Canvas,
): Promise<ArrayLike<number>> {
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC;
  const buffer = device.createBuffer({ label, size: BYTES, usage });
  try {
    // Some browsers do not know external textures in WGSL. Their error must not reach the page.
    const module = await withErrorScopes(device, () => device.createShaderModule({ label, code }));
    const compute = { module, entryPoint: 'main' };
    const pipeline = await device.createComputePipelineAsync({ label, layout: 'auto', compute });
    const found = await readCopy(device, (encoder, copy) => {
      const resources = [
        device.createSampler(),
        device.importExternalTexture({ label, source: source as VideoFrame }),
        { buffer },
      ];
      const layout = pipeline.getBindGroupLayout(0);
      const entries = resources.map((resource, binding) => ({ binding, resource }));
      const pass = encoder.beginComputePass({ label });
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, device.createBindGroup({ label, layout, entries }));
      pass.dispatchWorkgroups(1);
      pass.end();
      encoder.copyBufferToBuffer(buffer, 0, copy, 0, BYTES);
    });
    return new Float32Array(found);
  } finally {
    buffer.destroy();
  }
}
