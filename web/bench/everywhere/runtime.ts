// The interface of every runtime that `limner bench everywhere` measures in the browser. A run is one query, as MLPerf's
// single stream has it: from numbers in memory to the answer in memory, and the next begins when the last is done. So no
// runtime needs a fence, and all move the same data (of a look, limner all outputs, the others the painting alone). The
// files beside this one only adapt: `sandbox.ts` measures.

import type { TfjsModel } from '../rivals/rival.ts';

/** A network as files, and what is given to it and read of it. */
export interface Network {
  readonly onnx: Uint8Array<ArrayBuffer>;
  /** For TensorFlow.js, where it was exported. */
  readonly tfjs: { readonly json: TfjsModel; readonly weights: ArrayBuffer } | null;
  readonly input: string;
  /** The input's, in ONNX's order. */
  readonly shape: readonly number[];
  /** The output that is read and compared. */
  readonly output: string;
}

/** An input. Of a training it is a batch: its pictures, then its classes. */
export type Example = Float32Array<ArrayBuffer>;

/** A network that can run. */
export interface LoadedNetwork {
  readonly version: string;
  /** The device that computes, as the library reports it; may be empty. */
  readonly device: string;
  /** Threads of the CPU that compute; null where a GPU does. */
  readonly threads: number | null;
  run(example: Example): Promise<Float32Array>;
  /** Brings an example from ONNX's order into the one that `run` takes; missing where it is the same. It is not timed. */
  readonly arrangeInput?: (example: Example) => Example;
  /** Brings what `run` gave into ONNX's order; missing where it is so. It is not timed. */
  readonly arrangeOutput?: (values: Float32Array) => Float32Array;
}

export interface Runtime {
  /** Why it cannot run here, as the end of a sentence; null if it can. */
  unavailableReason(): Promise<string | null>;
  /** Imports and fetches what `load` needs of every network, as far as the library lets it. */
  prepare(): Promise<void>;
  load(network: Network): Promise<LoadedNetwork>;
}
