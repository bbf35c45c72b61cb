// What the bench asks of every engine that it measures. One file beside this one makes one engine, or one
// library with its backends, fit: it is the smallest wrapper that uses the library as its documentation says,
// and holds nothing that makes it slower. It does not measure: `bench/sandbox.ts` does, for all in the same way.

/** A look as each library takes it, fetched and at hand. */
export interface LookFiles {
  onnx: Uint8Array<ArrayBuffer>;
  /** ONNX without transposed convolutions, in float32, and the picture its one input. */
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

/** What every rival is made with. */
export interface RivalContext {
  /** Sides of the picture and the painting. */
  readonly pixels: number;
  /** Planes (3, P, P) of 0..1: what `run` and `step` compute on. */
  readonly image: Float32Array<ArrayBuffer>;
  /** Where `frame` paints. */
  readonly canvas: HTMLCanvasElement;
  readonly files: LookFiles;
}

/** A look on one engine. */
export interface Rival {
  readonly version: string;
  /** What computes, as the library tells it, or empty. */
  readonly adapter: string;
  /** The painting of the picture, planes (3, P, P) of 0..1, read back: for comparison. */
  run(): Promise<Float32Array>;
  /** The network once on the picture, which is where the engine wants it; the painting stays there too. */
  step(): Promise<void>;
  /** The video's centre square, painted onto the canvas. */
  frame(video: HTMLVideoElement): Promise<void>;
  /** Resolves when all that `step` and `frame` began is truly done. */
  finished(): Promise<void>;
}

/** An engine before it has a look. */
export interface Engine {
  /** The one file of the look that it reads. */
  readonly format: Format;
  /** How `finished` knows. */
  readonly fence: string;
  /** Null where it can run here; else why not. */
  unavailableReason(): Promise<string | null>;
  /** Imports and fetches all that `create` will ask for, so that no network is in its time. */
  prepare(): Promise<void>;
  create(context: RivalContext): Promise<Rival>;
}
