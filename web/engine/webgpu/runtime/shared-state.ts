// The state of a training, for painters on the same device. Its buffers stay until the last of them is destroyed.

import type { TrainingPlan } from '../../graph/passes/training-plan.ts';

/** Where the state lies. */
interface StateBuffer extends Pick<TrainingPlan, 'places' | 'stateBlocks'> {
  readonly device: GPUDevice;
  readonly buffer: GPUBuffer;
}

export class SharedState {
  /** Another one after each update that was submitted, and after each writing. */
  version = 0;
  #painters = 0;
  #isClosed = false;

  constructor(
    readonly state: StateBuffer,
    readonly release: () => void,
  ) {}

  /** Keeps the buffers for a painter. Call the result once, when it is destroyed. */
  retain(): () => void {
    this.#painters += 1;
    return () => {
      this.#painters -= 1;
      this.#releaseUnused();
    };
  }

  /** The training needs them no longer. */
  close(): void {
    this.#isClosed = true;
    this.#releaseUnused();
  }

  #releaseUnused(): void {
    if (this.#isClosed && this.#painters === 0) this.release();
  }
}
