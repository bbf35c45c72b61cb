/** What the page and its ONNX Runtime worker tell each other. */

export interface LoadRequest {
  kind: 'load';
  model: Uint8Array<ArrayBuffer>;
  pixels: number;
  /** The names of the inputs that are turned live. */
  live: readonly string[];
  /** Where the runtime's files are. */
  runtime: { script: string; binary: string };
  threads: number;
}

export interface PaintRequest {
  kind: 'paint';
  /** RGBA bytes, pixels x pixels. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  live: Record<string, number>;
  guide: boolean;
}

/** Any inputs to all outputs, for checks. */
export interface RunRequest {
  kind: 'run';
  inputs: Record<string, Float32Array>;
}

export type Request = LoadRequest | PaintRequest | RunRequest;

export type Reply =
  | { kind: 'loaded'; inputs: readonly string[]; threads: number; bytes: number }
  | {
      kind: 'painted';
      painting: Uint8ClampedArray<ArrayBuffer>;
      guide: Uint8ClampedArray<ArrayBuffer> | null;
      milliseconds: number;
    }
  | { kind: 'ran'; outputs: Record<string, Float32Array> }
  | { kind: 'failed'; reason: string };
