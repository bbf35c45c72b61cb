// The adapter: whether WebGPU has a usable GPU, and its name.

import type { Availability } from '../../availability.ts';
import { messageOf } from '../../error.ts';
import { isSoftwareName } from '../../software-gpu.ts';

const NO_WEBGPU = 'This browser has no WebGPU.';
const NO_ADAPTER = 'WebGPU found no graphics processor that it may use.';

/** The best adapter of a GPU object, by default the browser's; or why there is none, as a sentence. */
export async function findAdapter(gpu = globalThis.navigator?.gpu): Promise<GPUAdapter | string> {
  if (!gpu) return NO_WEBGPU;
  try {
    return (await gpu.requestAdapter({ powerPreference: 'high-performance' })) ?? NO_ADAPTER;
  } catch (error) {
    return `WebGPU failed: ${messageOf(error)}`;
  }
}

/** Milliseconds that a found adapter is kept for a device: GPUs come and go. */
const KEPT_MS = 10_000;
let kept: { readonly gpu: GPU; readonly adapter: GPUAdapter; readonly at: number } | null = null;

/** The adapter that `webgpuAvailable` found just now, or another one. An adapter gives one device. Finding
 * one again would take a tenth of the time to the first painting. */
export async function takeAdapter(gpu = globalThis.navigator?.gpu): Promise<GPUAdapter | string> {
  const found = kept;
  kept = null;
  return found && found.gpu === gpu && performance.now() - found.at < KEPT_MS
    ? found.adapter
    : findAdapter(gpu);
}

export function infoOf(
  owner: { info?: GPUAdapterInfo } | { adapterInfo?: GPUAdapterInfo },
): Partial<GPUAdapterInfo> {
  return ('info' in owner ? owner.info : 'adapterInfo' in owner ? owner.adapterInfo : undefined) ?? {};
}

export function nameOf({ description, vendor, architecture, device }: Partial<GPUAdapterInfo>): string {
  return description || [vendor, architecture, device].filter(Boolean).join(' ') || 'unnamed GPU';
}

/** Whether the adapter calls itself a fallback. The flag moved from the adapter to its info in 2025. */
const isFallback = (adapter: GPUAdapter): boolean =>
  infoOf(adapter).isFallbackAdapter ?? Reflect.get(adapter, 'isFallbackAdapter') === true;

/** Never throws, since the caller has other ways to paint. */
export async function webgpuAvailable(options: { allowSoftware?: boolean } = {}): Promise<Availability> {
  const adapter = await findAdapter();
  if (typeof adapter === 'string') return { ok: false, reason: adapter };
  kept = { gpu: navigator.gpu, adapter, at: performance.now() };
  const info = infoOf(adapter);
  const name = nameOf(info);
  const software =
    isFallback(adapter) || isSoftwareName(`${info.vendor} ${info.architecture} ${info.device} ${name}`);
  if (software && !options.allowSoftware) {
    return { ok: false, software: true, reason: `WebGPU runs in software here (${name}), slower than WASM.` };
  }
  return { ok: true, adapter: name };
}
