// ONNX Runtime Web, with inputs and outputs in memory. A graph can be captured on WebGPU only if they are on the GPU.

import { alwaysAvailable, webgpuUnavailable } from '../rivals/capabilities.ts';
import { prepareOnnxRuntime, startOnnxRuntime } from '../rivals/onnxruntime-library.ts';
import type { LoadedNetwork, Network, Runtime } from './runtime.ts';

type Provider = 'webgpu' | 'wasm';

export const makeOnnxRuntime = (provider: Provider): Runtime => ({
  unavailableReason: provider === 'webgpu' ? webgpuUnavailable : alwaysAvailable,
  prepare: () => prepareOnnxRuntime(provider),
  load: network => load(provider, network),
});

async function load(provider: Provider, network: Network): Promise<LoadedNetwork> {
  const ort = await startOnnxRuntime(provider);
  const { input, output, shape } = network;
  const session = await ort.InferenceSession.create(network.onnx, {
    graphOptimizationLevel: 'all',
    executionProviders: [provider],
  });
  const adapter = provider === 'webgpu' ? (await ort.env.webgpu.device).adapterInfo : null;
  return {
    version: ort.env.versions.web ?? '',
    device: adapter ? [adapter.vendor, adapter.architecture, adapter.description].join(' ').trim() : '',
    threads: provider === 'wasm' ? (ort.env.wasm.numThreads ?? null) : null,
    run: async example => {
      const feeds = { [input]: new ort.Tensor('float32', example, shape) };
      const found = (await session.run(feeds, [output]))[output];
      // On WebGPU it is read back by then: outputs are on the CPU by default.
      return found?.data as Float32Array;
    },
  };
}
