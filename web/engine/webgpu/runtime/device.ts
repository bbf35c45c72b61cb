// The GPU: whether there is one that is worth using, and a device with the limits that it has.

import type { Availability } from '../../availability.ts';
import { EngineError, messageOf } from '../../error.ts';
import type { Precision } from '../../painter.ts';
import { isSoftwareName } from '../../software-gpu.ts';

const NO_WEBGPU = 'This browser has no WebGPU.';
const NO_ADAPTER = 'WebGPU found no graphics processor that it may use.';

async function findAdapter(): Promise<GPUAdapter | string> {
  if (typeof navigator === 'undefined' || !navigator.gpu) return NO_WEBGPU;
  try {
    return (await navigator.gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? NO_ADAPTER;
  } catch (error) {
    return `WebGPU failed: ${messageOf(error)}`;
  }
}

/** Browsers before 2024 have an adapter's name nowhere or on the adapter alone, so it is kept from there. */
const names = new WeakMap<GPUDevice, string>();

function infoOf(
  owner: { info?: GPUAdapterInfo } | { adapterInfo?: GPUAdapterInfo },
): Partial<GPUAdapterInfo> {
  return ('info' in owner ? owner.info : 'adapterInfo' in owner ? owner.adapterInfo : undefined) ?? {};
}

function nameOf({ description, vendor, architecture, device }: Partial<GPUAdapterInfo>): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed GPU';
}

export const adapterName = (device: GPUDevice): string => names.get(device) ?? nameOf(infoOf(device));

export const isSoftware = (device: GPUDevice): boolean => isSoftwareName(adapterName(device));

/** Whether an adapter says of itself that it is slow: it moved from the adapter to its info in 2025. */
const isFallback = (adapter: GPUAdapter): boolean =>
  infoOf(adapter).isFallbackAdapter ?? Reflect.get(adapter, 'isFallbackAdapter') === true;

/** Never throws: who asks has another way to paint. */
export async function webgpuAvailable(options: { allowSoftware?: boolean } = {}): Promise<Availability> {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') return { ok: false, reason: adapter };
  const info = infoOf(adapter);
  const name = nameOf(info);
  const software =
    isFallback(adapter) || isSoftwareName(`${info.vendor} ${info.architecture} ${info.device} ${name}`);
  if (software && !options.allowSoftware) {
    return { ok: false, software: true, reason: `WebGPU runs in software here (${name}), slower than WASM.` };
  }
  return { ok: true, adapter: name };
}

/** What kernels take for granted: less than WebGPU promises of every adapter, but not of every way to ask for
 * one (compatibility mode has less). `tests/node/kernels.test.ts` holds the kernels against it. */
export const REQUIRED_LIMITS = {
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 4,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
} as const;

/** Throws a sentence where an adapter or a shared device allows less than kernels need. */
export function checkLimits(limits: GPUSupportedLimits): void {
  for (const [name, needed] of Object.entries(REQUIRED_LIMITS)) {
    const allowed: unknown = Reflect.get(limits, name);
    if (typeof allowed === 'number' && allowed < needed) {
      throw new EngineError(
        `This GPU allows ${allowed} of ${name} and the engine needs ${needed}; use WebGL2.`,
      );
    }
  }
}

/** What is taken where an adapter has it. */
const OPTIONAL_FEATURES = ['bgra8unorm-storage', 'shader-f16', 'subgroups'] as const;

/** Whether four threads run as one, and may show each other values: as software GPUs have it. */
export function hasQuads(device: GPUDevice): boolean {
  const { subgroupMinSize, subgroupMaxSize } = infoOf(device);
  return device.features.has('subgroups') && subgroupMinSize === 4 && subgroupMaxSize === 4;
}

/** Half the bytes to move where a GPU converts halves by itself: that it computes in them is the sign of it. */
export const defaultPrecision = (device: GPUDevice): Precision =>
  device.features.has('shader-f16') && !isSoftware(device) ? 'float16' : 'float32';

/** A device with all storage that the adapter allows. */
export async function requestDevice(): Promise<GPUDevice> {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') throw new EngineError(adapter);
  const { limits } = adapter;
  checkLimits(limits);
  const device = await adapter.requestDevice({
    label: 'limner',
    requiredFeatures: OPTIONAL_FEATURES.filter(feature => adapter.features.has(feature)),
    requiredLimits: {
      ...REQUIRED_LIMITS,
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
    },
  });
  names.set(device, nameOf(infoOf(adapter)));
  return device;
}

/** The format that a canvas is shown in without conversion, where compute shaders may write it. */
export function canvasFormat(device: GPUDevice): GPUTextureFormat {
  const preferred = navigator.gpu.getPreferredCanvasFormat();
  return preferred === 'bgra8unorm' && !device.features.has('bgra8unorm-storage') ? 'rgba8unorm' : preferred;
}
