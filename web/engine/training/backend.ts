// What a device does for a trainer: it holds the state of one training, and runs its steps.
//
// The state is made of named tensors: the parameters, the running statistics, and what the optimizer keeps for each
// parameter (`slotName`). They stay on the device from step to step.

/** Values of tensors in ONNX's order, by name. */
export type Tensors = ReadonlyMap<string, Float32Array>;

export interface TrainingBackend {
  readonly name: 'webgpu' | 'webgl2' | 'cpu';
  /** The GPU, or what computes in its place. */
  readonly adapter: string;
  /** Sets tensors of the state. */
  write(state: Tensors): Promise<void>;
  /** Tensors of the state, after all steps so far. */
  read(names: readonly string[]): Promise<Tensors>;
  /** One step on a batch. An input that is missing keeps its values. `scalars` are the optimizer's for this step, and
   * `counter` is the number of the step, which with the seed gives its random numbers. Resolves when the next step may
   * be given, which may be before this one is computed. */
  step(inputs: Tensors, scalars: readonly number[], counter: number): Promise<void>;
  /** Losses of the steps since the last call, in their order. */
  losses(): Promise<Float32Array>;
  /** Resolves when all steps are computed. */
  finished(): Promise<void>;
  destroy(): void;
}

/** The name of what an optimizer keeps for a parameter. */
export const slotName = (parameter: string, slot: string): string => `${parameter} ${slot}`;
