// Why a rival cannot run here, as the end of a sentence; null if it can.

export async function webgpuUnavailable(): Promise<string | null> {
  if (!navigator.gpu) return 'this browser has no WebGPU';
  return (await navigator.gpu.requestAdapter()) ? null : 'this browser has no adapter for WebGPU';
}

export async function threadsUnavailable(): Promise<string | null> {
  if (!crossOriginIsolated) return 'threads need a page that is served with COOP and COEP headers';
  return navigator.hardwareConcurrency > 1 ? null : 'this machine has one core';
}

const MAX_THREADS = 8;

/** The number of threads for engines that take one. */
export const threadCount = (): number => Math.min(navigator.hardwareConcurrency, MAX_THREADS);

export const alwaysAvailable = async (): Promise<string | null> => null;
