/** The messages between the page and its ONNX Runtime worker. */

export interface LoadRequest {
  kind: 'load';
  model: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  /** The names of the live inputs. */
  live: readonly string[];
  /** The URL of the runtime's script, and its WebAssembly binary. */
  runtime: { script: string; binary: Uint8Array<ArrayBuffer> };
  threads: number;
}

export interface PaintRequest {
  kind: 'paint';
  /** RGBA bytes, row by row. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  live: Record<string, number>;
  guide: boolean;
}

export type Request = LoadRequest | PaintRequest;

export type Reply =
  | { kind: 'loaded'; inputs: readonly string[]; threads: number; bytes: number }
  | {
      kind: 'painted';
      painting: Uint8ClampedArray<ArrayBuffer>;
      guide: Uint8ClampedArray<ArrayBuffer> | null;
      milliseconds: number;
    }
  | { kind: 'failed'; reason: string };
