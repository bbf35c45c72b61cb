// Looks with state, and ONNX Runtime's outputs for a hundred pictures: what tests/onnx_cases/state.py wrote.

export interface StateCase {
  readonly name: string;
  /** Inputs, and the outputs that they get. */
  readonly state: Readonly<Record<string, string>>;
  /** Numbers of each output, in order. */
  readonly sizes: Readonly<Record<string, number>>;
}

export interface StateCases {
  readonly runs: number;
  /** Runs whose outputs are there, as files NAME.RUN. */
  readonly kept: readonly number[];
  readonly looks: readonly StateCase[];
}

/** Each output's part of what a file has of all. */
export function splitOutputs(all: Float32Array, { sizes }: StateCase): Map<string, Float32Array> {
  const parts = new Map<string, Float32Array>();
  let at = 0;
  for (const [name, size] of Object.entries(sizes)) {
    parts.set(name, all.subarray(at, at + size));
    at += size;
  }
  return parts;
}

export const pictureOf = (images: Float32Array, { runs }: StateCases, run: number): Float32Array =>
  images.slice((images.length / runs) * run, (images.length / runs) * (run + 1));
