// What a device does for a trainer: it holds the state of one training, and runs its steps.
//
// The state is made of named tensors: the parameters, the running statistics, and what the optimizer keeps for each
// parameter (`slotName`). They stay on the device from step to step.

import type { SharedState } from '../webgpu/runtime/shared-state.ts';

/** Values of tensors in ONNX's order, by name. */
export type Tensors = ReadonlyMap<string, Float32Array>;

export interface TrainingBackend {
  readonly name: 'webgpu' | 'webgl2' | 'cpu';
  /** The GPU, or what computes in its place. */
  readonly adapter: string;
  /** On WebGPU: the state, for painters on the same device. */
  readonly shared?: SharedState;
  /** Sets tensors of the state. A trainer sets all of them before the first step. */
  write(state: Tensors): Promise<void>;
  /** Tensors of the state, after all steps so far. */
  read(names: readonly string[]): Promise<Tensors>;
  /** One step on a batch: all inputs of the step but the state; live inputs are arrays of one number. Inputs that are left out are
   * as they were in the step before. `scalars` are the
   * optimizer's for this step, and `counter` is its number, from 0 on. Resolves when the next step may be given, which may
   * be before this one is computed. The arrays may change then. */
  step(inputs: Tensors, scalars: readonly number[], counter: number): Promise<void>;
  /** Losses of the steps since the last call, in their order. */
  losses(): Promise<Float32Array>;
  /** Resolves when all steps are computed. */
  finished(): Promise<void>;
  destroy(): void;
}

/** What a backend is made with, besides the step. */
export interface TrainingBackendOptions {
  /** Called once when the device is lost, with the reason as a sentence. What the backend gives from then on is void, and
   * its promises may reject or stay open. */
  readonly onLost: (reason: string) => void;
  /** On WebGPU: a device to share. It stays its owner's. */
  readonly device?: GPUDevice | undefined;
}

/** Losses that stay on a GPU until they are read, which waits for the GPU: as many as fast steps have between two readings.
 * Every WebGL2 has textures of that height. */
export const RING = 2048;

/** The name of what an optimizer keeps for a parameter. */
export const slotName = (parameter: string, slot: string): string => `${parameter} ${slot}`;
