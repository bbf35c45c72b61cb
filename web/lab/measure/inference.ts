/** Inference of one input, as it is timed: the input goes in, the outputs come back, and only then the next one begins, as in
 * MLPerf's single stream. */
import { createPainter, type Painter, readModel } from '../../engine/index.ts';
import { createEvaluator, type Evaluator, readModel as readOnnx } from '../../engine/training/index.ts';
import type { BackendState } from './backends.ts';
import type { TimedNetwork } from './networks.ts';
import type { Arrays, BackendName, Workload } from './workload.ts';

/** Outputs one after the other, in the order of their names. */
function joinOutputs(outputs: ReadonlyMap<string, Float32Array>): Float32Array {
  const names = [...outputs.keys()].sort();
  return Float32Array.from(names.flatMap(name => [...(outputs.get(name) ?? [])]));
}

abstract class Inference implements Workload {
  abstract readonly backend: BackendName;
  readonly kind = 'inference';
  readonly batch = 1;
  readonly model: string;
  readonly software: boolean;
  readonly reason: string | null;
  /** As the browser tells it; the painter knows no more. */
  readonly device: string;
  revivals = 0;
  /** A run may be stopped while this is loading. */
  protected isDestroyed = false;
  #outputs: ReadonlyMap<string, Float32Array> = new Map();
  #runs = 0;

  constructor(
    readonly network: TimedNetwork,
    state: BackendState,
  ) {
    this.model = network.name;
    this.device = state.device;
    this.software = state.software;
    this.reason = state.reason;
  }

  abstract load(): Promise<void>;
  protected abstract compute(inputs: Arrays): Promise<ReadonlyMap<string, Float32Array>>;

  async first(): Promise<void> {
    this.#outputs = await this.compute(this.network.inputs[0] ?? {});
  }

  async answer(): Promise<Float32Array> {
    return joinOutputs(this.#outputs);
  }

  async run(times: number): Promise<void> {
    const { inputs } = this.network;
    for (let i = 0; i < times; i++) await this.compute(inputs[this.#runs++ % inputs.length] ?? {});
  }

  destroy(): void {
    this.isDestroyed = true;
  }
}

class GpuInference extends Inference {
  #painter: Painter | null = null;
  #lost = '';

  constructor(
    network: TimedNetwork,
    readonly backend: 'webgpu' | 'webgl2',
    state: BackendState,
  ) {
    super(network, state);
  }

  async load(): Promise<void> {
    const painter = await createPainter(await readModel(this.network.bytes), {
      backend: this.backend,
      // As on the CPU.
      precision: 'float32',
      // It would work between runs, in the turns of others.
      upkeep: false,
      onRevived: () => {
        this.revivals++;
      },
      onLost: reason => {
        this.#lost = reason;
      },
    });
    if (this.isDestroyed) painter.destroy();
    else this.#painter = painter;
  }

  protected async compute(inputs: Arrays): Promise<ReadonlyMap<string, Float32Array>> {
    if (!this.#painter || this.#lost) throw new Error(this.#lost || 'The network is not loaded.');
    return new Map(Object.entries(await this.#painter.run(inputs)));
  }

  override destroy(): void {
    super.destroy();
    this.#painter?.destroy();
    this.#painter = null;
  }
}

class CpuInference extends Inference {
  readonly backend = 'cpu';
  #evaluator: Evaluator | null = null;

  async load(): Promise<void> {
    // The file is read and weights stay as they are, as on the GPU.
    const evaluator = await createEvaluator(readOnnx(this.network.bytes), { batch: 1, weights: [] });
    if (this.isDestroyed) evaluator.destroy();
    else this.#evaluator = evaluator;
  }

  protected async compute(inputs: Arrays): Promise<ReadonlyMap<string, Float32Array>> {
    if (!this.#evaluator) throw new Error('The network is not loaded.');
    return this.#evaluator.run(new Map(Object.entries(inputs)));
  }

  override destroy(): void {
    super.destroy();
    this.#evaluator?.destroy();
    this.#evaluator = null;
  }
}

export const makeInference = (network: TimedNetwork, backend: BackendName, state: BackendState): Workload =>
  backend === 'cpu' ? new CpuInference(network, state) : new GpuInference(network, backend, state);
