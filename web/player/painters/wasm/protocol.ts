/** The messages between the page and its ONNX Runtime worker. */
import type { LookInfo } from '../../../engine/index.ts';

export interface StartRequest {
  kind: 'start';
  /** The URL of the runtime's script, and its WebAssembly binary. */
  script: string;
  binary: Uint8Array<ArrayBuffer>;
  threads: number;
}

export interface LoadRequest {
  kind: 'load';
  model: Uint8Array<ArrayBuffer>;
  width: number;
  height: number;
  /** The names of the live inputs. */
  live: readonly string[];
  /** What the look keeps from frame to frame. */
  state: LookInfo['state'];
}

export interface PaintRequest {
  kind: 'paint';
  /** RGBA bytes, row by row. */
  rgba: Uint8ClampedArray<ArrayBuffer>;
  live: Record<string, number>;
  guide: boolean;
}

export type Request = StartRequest | LoadRequest | PaintRequest;

export type Reply =
  | { kind: 'started' }
  | { kind: 'loaded'; inputs: readonly string[]; bytes: number }
  | {
      kind: 'painted';
      painting: Uint8ClampedArray<ArrayBuffer>;
      guide: Uint8ClampedArray<ArrayBuffer> | null;
      milliseconds: number;
    }
  | { kind: 'failed'; reason: string };
