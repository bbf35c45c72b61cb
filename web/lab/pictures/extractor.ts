/** SqueezeNet's features of pictures, computed on the CPU, one picture after the other. */
import { createEvaluator, type Evaluator, type OnnxModel, readModel } from '../../engine/training/index.ts';
import { sizeOf, writePicture } from '../data/batch-values.ts';
import type { Picture } from '../data/examples.ts';
import { fetchData } from '../data/files.ts';
import { layersOfModel, type ShownLayer } from '../network/model-layers.ts';

const FILE = 'squeezenet/features.onnx';
/** Features of length 1 are small: the layer after them would learn slowly. */
const SCALE = 16;

export class Extractor {
  readonly layers: readonly ShownLayer[];
  #values: ReadonlyMap<string, Float32Array> = new Map();
  readonly #features = new WeakMap<Picture, Promise<Float32Array>>();
  readonly #ready = new WeakMap<Picture, Float32Array>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(
    readonly model: OnnxModel,
    readonly evaluator: Evaluator,
  ) {
    this.layers = layersOfModel(model, () => ({ weights: new Map(), values: this.#values }), true);
  }

  /** Numbers of a picture's features. */
  static readonly count = 256 + 512;

  /** What is computed of a picture. The newest one is drawn. */
  async look(picture: Picture): Promise<ReadonlyMap<string, Float32Array>> {
    await this.features(picture);
    return this.#values;
  }

  /** Those of pictures seen before are at hand. */
  features(picture: Picture): Promise<Float32Array> {
    const known = this.#features.get(picture);
    if (known) return known;
    const made = this.#last.then(() => this.#compute(picture));
    this.#last = made.catch(() => undefined);
    this.#features.set(picture, made);
    // Another try may go better.
    made.catch(() => this.#features.delete(picture));
    return made;
  }

  /** The features of a picture that `features` was awaited of. */
  known(picture: Picture): Float32Array {
    return this.#ready.get(picture) ?? new Float32Array(Extractor.count);
  }

  async #compute(picture: Picture): Promise<Float32Array> {
    const input = new Float32Array(sizeOf(picture));
    writePicture(input, 0, picture);
    this.#values = await this.evaluator.run(new Map([[this.model.inputs[0]?.name ?? '', input]]));
    const parts = this.model.outputs.map(({ name }) =>
      normalized(this.#values.get(name) ?? new Float32Array()),
    );
    const features = Float32Array.from(parts.flatMap(part => [...part]));
    this.#ready.set(picture, features);
    return features;
  }
}

function normalized(values: Float32Array): Float32Array {
  const length = Math.hypot(...values);
  return values.map(value => (SCALE * value) / (length || 1));
}

/** Null where its file does not lie beside the page. */
export async function fetchExtractor(): Promise<Extractor | null> {
  const response = await fetchData(FILE);
  if (!response) return null;
  const model = readModel(new Uint8Array(await response.arrayBuffer()));
  const names = layersOfModel(model, () => ({ weights: new Map(), values: new Map() }), true);
  const watch = [...model.outputs.map(({ name }) => name), ...names.map(layer => layer.watch)];
  const evaluator = await createEvaluator(model, { batch: 1, watch: [...new Set(watch)], weights: [] });
  return new Extractor(model, evaluator);
}
