// The GPU: whether there is one that is worth using, and a device with the limits that it has.

import { EngineError } from '../error.ts';

export type Availability = { ok: true; adapter: string } | { ok: false; reason: string; software?: boolean };

const NO_WEBGPU = 'This browser has no WebGPU.';
const NO_ADAPTER = 'WebGPU found no graphics processor that it may use.';

/** Names by which software rasterisers go; on all of them WASM is several times faster. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|warp|basic render/i;

async function findAdapter(): Promise<GPUAdapter | string> {
  if (typeof navigator === 'undefined' || !navigator.gpu) return NO_WEBGPU;
  try {
    return (await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? NO_ADAPTER;
  } catch (error) {
    return `WebGPU failed: ${error instanceof Error ? error.message : String(error)}`;
  }
}

export function adapterName(info: GPUAdapterInfo): string {
  const parts = [info.description, info.vendor, info.architecture, info.device].filter(Boolean);
  return info.description || parts.join(' ') || 'unnamed GPU';
}

export async function webgpuAvailable(options: { allowSoftware?: boolean } = {}): Promise<Availability> {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') return { ok: false, reason: adapter };
  const { info } = adapter;
  const name = adapterName(info);
  const software =
    info.isFallbackAdapter || SOFTWARE.test(`${info.vendor} ${info.architecture} ${info.device} ${name}`);
  if (software && !options.allowSoftware) {
    return { ok: false, software: true, reason: `WebGPU runs in software here (${name}), slower than WASM.` };
  }
  return { ok: true, adapter: name };
}

/** A device with all storage that the adapter allows. */
export async function requestDevice(): Promise<GPUDevice> {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') throw new EngineError(adapter);
  const { limits } = adapter;
  return adapter.requestDevice({
    label: 'limner',
    requiredFeatures: adapter.features.has('bgra8unorm-storage') ? ['bgra8unorm-storage'] : [],
    requiredLimits: {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
    },
  });
}

/** The format that a canvas is shown in without conversion, where compute shaders may write it. */
export function canvasFormat(device: GPUDevice): GPUTextureFormat {
  const preferred = navigator.gpu.getPreferredCanvasFormat();
  return preferred === 'bgra8unorm' && !device.features.has('bgra8unorm-storage') ? 'rgba8unorm' : preferred;
}
