// Which backend trains: a GPU where there is a real one, else the CPU.

import { EngineError, messageOf } from '../error.ts';
import { webgpuAvailable } from '../webgpu/runtime/adapter.ts';
import type { TrainingBackend, TrainingBackendOptions } from './backend.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import type { TrainingStep } from './step.ts';

export type TrainingBackendName = TrainingBackend['name'];

/** What a backend trains. */
export interface Training {
  readonly step: TrainingStep;
  readonly optimizer: Optimizer;
}

const NAMES = { webgpu: 'WebGPU', webgl2: 'WebGL2', cpu: 'The CPU' } as const;

/** Backends to try, best first. A GPU in software is slower than the CPU's own loops. */
export async function candidateBackends(): Promise<readonly TrainingBackendName[]> {
  const found: TrainingBackendName[] = [];
  if (await isReal(() => webgpuAvailable())) found.push('webgpu');
  if (await isReal(async () => (await import('../webgl2/runtime/context.ts')).webgl2Available())) {
    found.push('webgl2');
  }
  return [...found, 'cpu'];
}

const isReal = (ask: () => Promise<{ readonly ok: boolean }>): Promise<boolean> =>
  ask().then(
    ({ ok }) => ok,
    () => false,
  );

export async function createBackend(
  name: TrainingBackendName,
  { step, optimizer }: Training,
  options: TrainingBackendOptions,
): Promise<TrainingBackend> {
  try {
    const create = await fetchBackend(name);
    return await create(step, optimizer, options);
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new EngineError(`${NAMES[name]} refused to train this model: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

type Create = (
  step: TrainingStep,
  optimizer: Optimizer,
  options: TrainingBackendOptions,
) => Promise<TrainingBackend>;

async function fetchBackend(name: TrainingBackendName): Promise<Create> {
  switch (name) {
    case 'webgpu':
      return (await import('./webgpu-backend.ts')).createWebgpuBackend;
    case 'webgl2':
      return (await import('./webgl2-backend.ts')).createWebgl2Backend;
    case 'cpu':
      return (await import('./cpu-backend.ts')).createCpuBackend;
    default:
      return name satisfies never;
  }
}
