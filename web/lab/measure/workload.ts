/** One network on one backend, as it is timed: what `rounds.ts` knows of it. */
import type { Measurement } from '../../shared/measurement.ts';

/** Arrays by the names of inputs or outputs. */
export type Arrays = Readonly<Record<string, Float32Array>>;

export type BackendName = 'webgpu' | 'webgl2' | 'cpu';

export interface Workload {
  readonly model: string;
  readonly backend: BackendName;
  readonly kind: Measurement['kind'];
  readonly batch: number;
  /** Why it cannot run here, as a sentence, if that is known before. */
  readonly reason: string | null;
  /** From the file in memory to a network that can run. If `destroy` comes first, what was made is let go. */
  load(): Promise<void>;
  /** The first run, which may still compile. */
  first(): Promise<void>;
  /** What is compared: outputs of the first run, or losses of the first steps. Asked for once, after `first`. */
  answer(): Promise<Float32Array>;
  /** So many runs, each from numbers in memory to its answer in memory: the next begins when the last is done. */
  run(times: number): Promise<void>;
  /** What computes, once it is loaded: the GPU, as far as the browser tells; empty for the CPU. */
  readonly device: string;
  readonly software: boolean;
  /** How often its GPU was lost and came back. */
  readonly revivals: number;
  destroy(): void;
}
