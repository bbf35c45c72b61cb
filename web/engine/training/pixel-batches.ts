// Batches of pixels that the step draws itself: the picture lies on the device, and only the number of the step is new. Fetched
// where a trainer draws pixels.

import { EngineError } from '../error.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { DOMAIN, int, ints, type NodeWriter, text } from '../onnx/node-writer.ts';
import { LOSSES, type Loss, type LossName } from './losses.ts';
import type { Additions } from './training-mode.ts';

export interface PixelBatches {
  /** The model's input that gets the coordinates, of shape (1, 2, h, w): x and y of the middles of h w pixels, from -1 to 1, with y
   * downwards. The pixels are drawn at random, by the seed and the number of the step. */
  readonly coordinates: string;
  /** Sides of the picture, in pixels: the target is all of it, (1, C, height, width). */
  readonly height: number;
  readonly width: number;
}

/** What float32 tells apart of the numbers that are drawn. */
const MAX_SIDE = 2 ** 16;

/** Writes the coordinates under the name of the model's input. Returns a loss that compares with the colours of a picture, its target,
 * at these places. Throws an EngineError if the model takes no coordinates, or the loss no colours. */
export function drawPixels(
  writer: NodeWriter,
  inference: OnnxModel,
  pixels: PixelBatches,
  { loss, adversary }: { readonly loss: LossName; readonly adversary?: unknown },
  additions: Additions,
): Loss {
  if (adversary) throw new EngineError('pixels go with no adversary: it judges whole pictures.');
  if (loss !== 'mse' && loss !== 'l1') {
    throw new EngineError(`pixels are colours, which ${loss} does not compare: use mse or l1.`);
  }
  const grid = writeCoordinates(writer, inference, pixels, additions);
  return {
    targetDims: dims => pictureDims(pixels, dims),
    write: (given, compared) =>
      LOSSES[loss].write(given, { ...compared, target: writeColors(given, compared.target, grid) }),
  };
}

/** Returns the name of a grid (1, h, w, 2) of the same places. */
function writeCoordinates(
  writer: NodeWriter,
  { inputs }: OnnxModel,
  { coordinates, height, width }: PixelBatches,
  additions: Additions,
): string {
  for (const [name, side] of Object.entries({ height, width })) {
    if (Number.isInteger(side) && side >= 1 && side <= MAX_SIDE) continue;
    throw new EngineError(`pixels.${name} is given as ${side}; give a whole number from 1 to ${MAX_SIDE}.`);
  }
  const dims = inputs.find(({ name }) => name === coordinates)?.dims?.map(Number);
  if (dims?.length !== 4 || dims[0] !== 1 || dims[1] !== 2) {
    const found = dims ? `is ${dims.join(' x ')}` : 'is none of the model';
    throw new EngineError(
      `pixels.coordinates '${coordinates}' ${found}; name an input of 1 x 2 x height x width.`,
    );
  }
  const both = (x: number, y: number) => writer.floats(Float32Array.of(x, y), [1, 2, 1, 1]);
  const { seed, step } = additions.random;
  const attributes = { stream: int(additions.streams), shape: ints(dims) };
  additions.streams += 1;
  const uniform = writer.addNamed(
    writer.freeName('pixel uniform'),
    'UniformNoise',
    [seed, step],
    attributes,
    DOMAIN,
  );
  // Rounding may bring a number below the side up to it.
  const pixel = writer.add('Min', [
    writer.add('Floor', [writer.times(uniform, both(width, height))]),
    both(width - 1, height - 1),
  ]);
  const scaled = writer.times(pixel, both(2 / width, 2 / height));
  writer.addNamed(coordinates, 'Add', [scaled, both(1 / width - 1, 1 / height - 1)]);
  return writer.transpose(coordinates, [0, 2, 3, 1]);
}

/** The shape of the picture, for an output of that shape. */
function pictureDims(
  { height, width }: PixelBatches,
  [n = 0, channels = 0, ...sides]: readonly number[],
): readonly number[] {
  if (n !== 1 || sides.length !== 2) {
    const dims = [n, channels, ...sides].join(' x ');
    throw new EngineError(`With pixels, the model's output is 1 x channels x height x width; it is ${dims}.`);
  }
  return [1, channels, height, width];
}

/** The colours of the picture at the places of a grid. Each place is in the middle of a pixel. */
const writeColors = (writer: NodeWriter, picture: string, grid: string): string =>
  writer.add('GridSample', [picture, grid], {
    mode: text('nearest'),
    padding_mode: text('border'),
    align_corners: int(0),
  });
