/**
 * The network that judges paintings patch by patch: a PatchGAN (Isola et al. 2016), narrow as limner's, with two layers
 * less and without norms. Its patches are of 22 pixels: grain, leaves and strokes. A step judges few pictures, and a
 * layer more learns too slowly of them: it brings less grain, and more that is in no picture. Fetched when somebody
 * wants sharper paintings.
 */
import type { OnnxModel } from '../../engine/onnx/model.ts';
import { Layers } from './layers.ts';

const CHANNELS = [3, 16, 32] as const;
const SIDE = 4;
const SLOPE = 0.2;
const SEED = 2;
/** Of the smallest pictures that have a patch. */
export const MIN_SIDE = 8;
const FLOAT32 = 1;

/** From pictures of 0..1 to a logit for each patch. A trainer makes it for the size of its own pictures. */
export function makeDiscriminator(): OnnxModel {
  const layers = new Layers(['image'], SEED);
  const { writer } = layers;
  const options = { side: SIDE, gain: Math.sqrt(2 / (1 + SLOPE ** 2)) };
  let features = writer.shifted(writer.scaled('image', 2), -1);
  for (const [i, to] of CHANNELS.slice(1).entries()) {
    const from = CHANNELS[i] ?? to;
    features = layers.relu(layers.conv(`layer ${i}`, features, from, to, { ...options, stride: 2 }), SLOPE);
  }
  // From 0 on: a judge that knows nothing says nothing, where random weights would lead the look astray.
  const logits = layers.conv('logits', features, CHANNELS[2], 1, { side: SIDE, gain: 0 });
  return {
    ...layers.model({ width: MIN_SIDE, height: MIN_SIDE }, []),
    outputs: [{ name: logits, type: FLOAT32, dims: null }],
  };
}
