// limner: a painter that runs on arrays, on a GPU, and the evaluator on the CPU.

import { type Backend, createPainter, readModel } from '../../engine/index.ts';
import { createEvaluator, readModel as readOnnx } from '../../engine/training/index.ts';
import { alwaysAvailable, webgpuUnavailable } from '../rivals/capabilities.ts';
import type { LoadedNetwork, Network, Runtime } from './runtime.ts';

export const makeLimner = (backend: Backend | 'cpu'): Runtime => ({
  unavailableReason: backend === 'webgpu' ? webgpuUnavailable : alwaysAvailable,
  prepare: () => fetchBackend(backend),
  load: network => (backend === 'cpu' ? loadOnCpu(network) : loadOnGpu(backend, network)),
});

/** Imports what every network needs; the runner and what some networks need come with the load and the first run. */
async function fetchBackend(backend: Backend | 'cpu'): Promise<void> {
  if (backend === 'webgpu') await import('../../engine/webgpu/painter.ts');
  else if (backend === 'webgl2') await import('../../engine/webgl2/painter.ts');
  else await import('../../engine/training/cpu-evaluator.ts');
}

async function loadOnGpu(backend: Backend, network: Network): Promise<LoadedNetwork> {
  // The others compute in float32, and nothing beside the runs.
  const settings = { backend, precision: 'float32', upkeep: false } as const;
  const painter = await createPainter(await readModel(network.onnx), settings);
  return {
    version: __LIMNER__,
    device: painter.adapter,
    threads: null,
    run: async example => {
      const outputs = await painter.run({ [network.input]: example });
      return outputs[network.output] ?? new Float32Array();
    },
  };
}

async function loadOnCpu(network: Network): Promise<LoadedNetwork> {
  const options = { batch: 1, watch: [network.output], weights: [] };
  const evaluator = await createEvaluator(readOnnx(network.onnx), options);
  return {
    version: __LIMNER__,
    device: 'in a worker',
    threads: 1,
    run: async example => {
      const outputs = await evaluator.run(new Map([[network.input, example]]));
      return outputs.get(network.output) ?? new Float32Array();
    },
  };
}
