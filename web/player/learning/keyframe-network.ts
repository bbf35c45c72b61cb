/**
 * The network that learns a style from painted frames, with random weights. It sees the picture in colour and adds to
 * it, so that before it has learned it paints the picture as it is. It has no norms and no layer that knows its size:
 * what it learns from patches holds for whole frames. Such training is that of Texler et al. 2020, "Interactive Video
 * Stylization Using Few-Shot Patch-Based Training".
 */
import type { OnnxModel } from '../../engine/onnx/model.ts';
import type { Size } from './example.ts';
import { Layers } from './layers.ts';

/** Channels at the frame's own size, at half of it and at a quarter. */
const CHANNELS = [8, 16, 24] as const;
const BLOCKS = 2;
/** Sides of frames are multiples of this: it halves twice. */
export const STRIDE = 4;

/** The network for pictures of this size. The weights depend on the seed alone. */
export function keyframeNetwork(size: Size, seed: number): OnnxModel {
  const [outer, middle, inner] = CHANNELS;
  const layers = new Layers(['image', 'painting', 'guide'], seed);
  const { writer } = layers;
  const fine = layers.relu(layers.conv('fine', 'image', 3, outer));
  const half = layers.relu(layers.conv('half', fine, outer, middle, { stride: 2 }));
  let features = layers.relu(layers.conv('quarter', half, middle, inner, { stride: 2 }));
  for (let block = 0; block < BLOCKS; block++) {
    const first = layers.relu(layers.conv(`block ${block} first`, features, inner, inner));
    features = writer.plus(features, layers.conv(`block ${block} second`, first, inner, inner));
  }
  const wider = layers.relu(layers.conv('wider', layers.double(features), inner, middle));
  const widest = layers.conv('widest', layers.double(writer.plus(wider, half)), middle, outer);
  const joined = writer.plus(layers.relu(widest), fine);
  const change = layers.conv('change', joined, outer, 3, { gain: 0 });
  writer.addNamed('painting', 'Add', ['image', change]);
  writer.addNamed('guide', 'Identity', ['image']);
  return layers.model(size, ['painting', 'guide']);
}
