// The interface of every engine that the bench measures. Each file beside this one adapts one engine, or one library
// with its backends: the smallest wrapper that uses the library as its documentation says, with nothing that makes it
// slower. Wrappers do not measure: `bench/sandbox.ts` does, in the same way for all.

/** A look's files, fetched, in the formats of the libraries. */
export interface LookFiles {
  onnx: Uint8Array<ArrayBuffer>;
  /** ONNX in float32, without transposed convolutions, with the image as its only input. */
  plain: Uint8Array<ArrayBuffer>;
  tfjs: { json: TfjsModel; weights: ArrayBuffer };
  tflite: Uint8Array<ArrayBuffer>;
}

export type Format = keyof LookFiles;

/** The parts of tfjs' model.json that the bench reads. */
export interface TfjsModel {
  readonly modelTopology: object;
  readonly signature: object;
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly object[];
  }[];
}

/** The arguments with which a rival is created. */
export interface RivalContext {
  /** Width and height of the image and of the painting. */
  readonly pixels: number;
  /** Planes (3, P, P) of 0..1: the input of `run` and `step`. */
  readonly image: Float32Array<ArrayBuffer>;
  /** The canvas that `frame` paints on. */
  readonly canvas: HTMLCanvasElement;
  readonly files: LookFiles;
}

/** A look on one engine. */
export interface Rival {
  readonly version: string;
  /** The device that computes, as the library reports it; may be empty. */
  readonly adapter: string;
  /** Paints the image and reads the painting back, as planes (3, P, P) of 0..1, for comparison. */
  run(): Promise<Float32Array>;
  /** Runs the network once on the image, which is already in the engine's memory. The painting stays there. */
  step(): Promise<void>;
  /** Paints the video's centre square onto the canvas. */
  frame(video: HTMLVideoElement): Promise<void>;
  /** Resolves when all that `step` and `frame` started is complete. */
  finished(): Promise<void>;
}

/** An engine before it has a look. */
export interface Engine {
  /** The format of the look that it reads. */
  readonly format: Format;
  /** How `finished` detects the end. */
  readonly fence: string;
  /** Why it cannot run here; null if it can. */
  unavailableReason(): Promise<string | null>;
  /** Imports and fetches all that `create` needs, so that its time includes no download. */
  prepare(): Promise<void>;
  create(context: RivalContext): Promise<Rival>;
}
