// The device: its limits, features and default precision.

import { EngineError } from '../../error.ts';
import { needsFloat32, type Plan } from '../../graph/passes/plan.ts';
import type { Precision } from '../../painter.ts';
import { isSoftwareName } from '../../software-gpu.ts';
import { infoOf, nameOf, takeAdapter } from './adapter.ts';

/** Browsers before 2024 name the adapter nowhere, or only on the adapter. So its name is kept from there. */
const names = new WeakMap<GPUDevice, string>();
const vendors = new WeakMap<GPUDevice, string>();

export const adapterName = (device: GPUDevice): string => names.get(device) ?? nameOf(infoOf(device));

/** The vendor as browsers name it, such as intel; empty if they do not say. */
export const vendorOf = (device: GPUDevice): string => vendors.get(device) ?? infoOf(device).vendor ?? '';

export const isSoftware = (device: GPUDevice): boolean => isSoftwareName(adapterName(device));

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

/** Halves are half the bytes, where a GPU converts them in hardware. If it computes in halves, it does. A network that
 * only runs on arrays is for somebody who wants numbers. */
export const defaultPrecision = (
  device: GPUDevice,
  plan: Pick<Plan, 'hasCamera' | 'operations'>,
): Precision =>
  plan.hasCamera && device.features.has('shader-f16') && !isSoftware(device) && !needsFloat32(plan)
    ? 'float16'
    : 'float32';

/** Requests a device with the adapter's limits on storage, by default from the browser. */
export async function requestDevice(gpu?: GPU): Promise<GPUDevice> {
  const adapter = await takeAdapter(gpu);
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
  const info = infoOf(adapter);
  names.set(device, nameOf(info));
  vendors.set(device, info.vendor ?? '');
  return device;
}

/** The format that the browser displays a canvas in without conversion, if compute shaders may write it. */
export const canvasFormat = (device: GPUDevice): GPUTextureFormat =>
  device.features.has('bgra8unorm-storage') ? navigator.gpu.getPreferredCanvasFormat() : 'rgba8unorm';
