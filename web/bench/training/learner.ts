// The interface of every engine whose training is measured. Each file beside this one adapts one library: the smallest
// wrapper that trains as its documentation says, with nothing that makes it slower. Wrappers do not measure.

/** The network's file, its parameters in ONNX's layouts, by name, and what it is trained on. */
export interface Lesson {
  readonly onnx: Uint8Array;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** The same batch for the same number. */
  readonly batch: (step: number) => Examples;
}

export interface Parameter {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** Pictures (batch, 1, 28, 28), and a class for each. */
export interface Examples {
  readonly pictures: Float32Array<ArrayBuffer>;
  readonly classes: Int32Array<ArrayBuffer>;
}

/** A training on one engine. */
export interface Learner {
  readonly version: string;
  /** The device that computes, as the library reports it; may be empty. */
  readonly adapter: string;
  /** The next step. */
  step(): Promise<void>;
  /** Resolves when all steps are computed, with the losses of those since the last call. */
  finished(): Promise<readonly number[]>;
}

/** An engine before it trains. */
export interface TrainingEngine {
  /** What a step waits for, and what the end of a turn does. */
  readonly fence: string;
  /** Imports all that `create` needs, so that its time includes no download. */
  prepare(): Promise<void>;
  create(lesson: Lesson): Promise<Learner>;
}

export const BATCH = 64;
export const LEARNING_RATE = 1e-3;
/** Adam's decay of the mean and of the mean square, and what is added to the root, as torch has them. */
export const ADAM = { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
/** The layers of LeNet-5 that have parameters, by their names in the file. */
export const CONVS = ['0', '3'] as const;
export const LINEARS = ['7', '9', '11'] as const;

export function parameter({ parameters }: Lesson, name: string): Parameter {
  const found = parameters.get(name);
  if (!found) throw new Error(`The file has no parameter '${name}'.`);
  return found;
}
