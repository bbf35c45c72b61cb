/** What this browser computes with. */
import { type Availability, webgl2Available, webgpuAvailable } from '../../engine/index.ts';
import type { BackendName } from './workload.ts';

export const BACKEND_NAMES = ['webgpu', 'webgl2', 'cpu'] as const satisfies readonly BackendName[];

export const BACKEND_LABELS: Readonly<Record<BackendName, string>> = {
  webgpu: 'WebGPU',
  webgl2: 'WebGL2',
  cpu: 'CPU',
};

export interface BackendState {
  /** The GPU's name, as far as the browser tells; empty for the CPU. */
  readonly device: string;
  /** Whether the GPU is computed on the CPU. */
  readonly software: boolean;
  /** Why there is none, as a sentence; null if there is. */
  readonly reason: string | null;
}

type Ask = (options: { allowSoftware: boolean }) => Promise<Availability>;

const USABLE: BackendState = { device: '', software: false, reason: null };

async function askFor(available: Ask): Promise<BackendState> {
  const real = await available({ allowSoftware: false });
  if (real.ok) return { ...USABLE, device: real.adapter };
  if (!real.software) return { ...USABLE, reason: real.reason };
  const any = await available({ allowSoftware: true });
  return any.ok
    ? { ...USABLE, device: any.adapter, software: true }
    : { ...USABLE, software: true, reason: any.reason };
}

export async function findBackends(): Promise<Readonly<Record<BackendName, BackendState>>> {
  return { webgpu: await askFor(webgpuAvailable), webgl2: await askFor(webgl2Available), cpu: USABLE };
}
