// The GPU: whether there is a usable one, and a device with its limits.

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

/** Browsers before 2024 name the adapter nowhere, or only on the adapter. So its name is kept from there. */
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

/** Whether the adapter calls itself a fallback. The flag moved from the adapter to its info in 2025. */
const isFallback = (adapter: GPUAdapter): boolean =>
  infoOf(adapter).isFallbackAdapter ?? Reflect.get(adapter, 'isFallbackAdapter') === true;

/** Never throws, since the caller has other ways to paint. */
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

/** The limits that kernels need. WebGPU guarantees them for core adapters, but not in compatibility mode.
 * `tests/node/kernels.test.ts` checks the kernels against them. */
export const REQUIRED_LIMITS = {
  maxStorageBuffersPerShaderStage: 8,
  maxUniformBuffersPerShaderStage: 4,
  maxComputeInvocationsPerWorkgroup: 256,
  maxComputeWorkgroupSizeX: 256,
  maxComputeWorkgroupStorageSize: 16384,
  maxComputeWorkgroupsPerDimension: 65535,
} as const;

/** Throws an error if an adapter or a shared device has less than kernels need. */
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

/** Features that are requested if the adapter has them. */
const OPTIONAL_FEATURES = ['bgra8unorm-storage', 'shader-f16', 'subgroups'] as const;

/** Whether subgroups have four threads, as on software GPUs. */
export function hasQuads(device: GPUDevice): boolean {
  const { subgroupMinSize, subgroupMaxSize } = infoOf(device);
  return device.features.has('subgroups') && subgroupMinSize === 4 && subgroupMaxSize === 4;
}

/** Halves are half the bytes, where a GPU converts them in hardware. If it computes in halves, it does. */
export const defaultPrecision = (device: GPUDevice): Precision =>
  device.features.has('shader-f16') && !isSoftware(device) ? 'float16' : 'float32';

/** Requests a device with the adapter's limits on storage. */
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

/** The format that the canvas is displayed in without conversion, if compute shaders may write it. */
export function canvasFormat(device: GPUDevice): GPUTextureFormat {
  const preferred = navigator.gpu.getPreferredCanvasFormat();
  return preferred === 'bgra8unorm' && !device.features.has('bgra8unorm-storage') ? 'rgba8unorm' : preferred;
}
