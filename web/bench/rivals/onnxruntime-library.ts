// ONNX Runtime Web as a library: its builds, the files that they fetch, and its settings.

import type * as Ort from 'onnxruntime-web/wasm';
import { threadCount } from './capabilities.ts';
import { prefetch } from './prefetch.ts';

export type Provider = 'webgpu' | 'wasm' | 'wasm-threads';

/** Of its two WebGPU builds, the smaller one needs JavaScript promise integration. */
const BUILD = 'Suspending' in WebAssembly ? 'jspi' : 'asyncify';

const runtimeUrl = (file: string): string => new URL(`./runtimes/onnxruntime/${file}`, document.baseURI).href;

const binaryName = (provider: Provider): string =>
  provider === 'webgpu' ? `ort-wasm-simd-threaded.${BUILD}` : 'ort-wasm-simd-threaded';

async function importLibrary(provider: Provider): Promise<typeof Ort> {
  if (provider !== 'webgpu') return import('onnxruntime-web/wasm');
  return BUILD === 'jspi' ? import('onnxruntime-web/jspi') : import('onnxruntime-web/webgpu');
}

/** Imports and fetches what it needs for a provider. */
export async function prepareOnnxRuntime(provider: Provider): Promise<void> {
  await importLibrary(provider);
  await prefetch(['mjs', 'wasm'].map(kind => runtimeUrl(`${binaryName(provider)}.${kind}`)));
}

/** The library, set up for a provider in this document. */
export async function startOnnxRuntime(provider: Provider): Promise<typeof Ort> {
  const ort = await importLibrary(provider);
  const file = binaryName(provider);
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmPaths = { mjs: runtimeUrl(`${file}.mjs`), wasm: runtimeUrl(`${file}.wasm`) };
  ort.env.wasm.numThreads = provider === 'wasm-threads' ? threadCount() : 1;
  if (provider === 'webgpu') ort.env.webgpu.powerPreference = 'high-performance';
  return ort;
}
