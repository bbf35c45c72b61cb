/**
 * Which range a network works in, found by painting a test picture in each. A painting in the right range has the
 * contrast of a picture, its middle light, and few values beyond the ends. limner/look/format_trial.py judges alike.
 */
import { getContext2d } from '../../../shared/canvas.ts';
import type { Painter } from '../painter.ts';
import { MAX_FACTOR } from './conversion.ts';
import { RANGE_NAMES, RANGES, type Range } from './picture-format.ts';

/** By how much a range must be better than those of a look to be taken instead, and to be called sure. */
const MARGIN = 0.3;
/** A network seldom gives another range than it takes. */
const OTHER_RANGE = 0.12;
/** Standard deviation of a painting's grey. One that is fed a 255th of what it takes hardly has any. */
const MIN_CONTRAST = 0.06;
/** Mean difference of two paintings, of which it does not matter which one is right. */
const SAME = 0.02;

/** The ranges that a network takes and gives. */
export interface Ranges {
  readonly input: Range;
  readonly output: Range;
}

/** The grey of a painting in 0..1, pixel by pixel. */
export type Grey = Float32Array;

/** Waves of colour, a bright disc and a dark bar: RGBA, row by row. */
export function makeTestPicture(width: number, height: number): Uint8ClampedArray<ArrayBuffer> {
  const waves = [
    [1.3, 0.4, 0.5],
    [0.3, 1.1, 2.1],
    [0.9, -0.8, 4],
  ] as const;
  const rgba = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let i = 0; i < width * height; i++) {
    const u = ((i % width) + 0.5) / width;
    const v = (Math.floor(i / width) + 0.5) / height;
    let colour: readonly number[] = waves.map(
      ([a, b, c]) => (0.5 + 0.5 * Math.sin(2 * Math.PI * (a * u + b * v) + c)) ** 1.5,
    );
    if ((u - 0.3) ** 2 + (v - 0.35) ** 2 < 0.03) colour = [0.96, 0.8, 0.3];
    if (Math.abs(u - 0.72) < 0.12 && Math.abs(v - 0.65) < 0.2) colour = [0.06, 0.1, 0.2];
    rgba.set(
      colour.map(value => Math.round(value * 255)),
      4 * i,
    );
  }
  return rgba;
}

/** Paints the test picture in each range that the network may take. The painter is of a file for a trial: the painting
 * has one range in each channel. `factor` and `offset` are its live inputs. */
export async function paintInRanges(
  painter: Painter,
  inputs: readonly Range[],
  factor: string,
  offset: string,
): Promise<Map<Range, Grey[]>> {
  const { canvas, info } = painter;
  const { width, height } = info;
  const picture = makeCanvas(width, height);
  picture.putImageData(new ImageData(makeTestPicture(width, height), width, height), 0, 0);
  const reader = makeCanvas(width, height);
  const paintings = new Map<Range, Grey[]>();
  for (const name of inputs) {
    const [black, white] = RANGES[name];
    painter.set(factor, (white - black) / MAX_FACTOR);
    painter.set(offset, -black);
    painter.paint(picture.canvas);
    await painter.finished();
    // A GPU's canvas can only be read in the task that painted it.
    painter.paint(picture.canvas);
    if (painter.backend === 'wasm') await painter.finished();
    reader.drawImage(canvas as CanvasImageSource, 0, 0);
    const { data } = reader.getImageData(0, 0, width, height);
    paintings.set(
      name,
      RANGE_NAMES.map((_, channel) =>
        Float32Array.from({ length: width * height }, (_, i) => (data[4 * i + channel] ?? 0) / 255),
      ),
    );
  }
  return paintings;
}

function makeCanvas(width: number, height: number): CanvasRenderingContext2D {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  return getContext2d(canvas, { willReadFrequently: true });
}

/** The likeliest ranges, and whether they are much likelier than others. `paintings` are in the order of likelihood. */
export function findRanges(
  paintings: ReadonlyMap<Range, readonly Grey[]>,
  outputsOf: (input: Range) => readonly Range[],
  picture: Grey,
): { ranges: Ranges; isSure: boolean } {
  const trials = [...paintings].flatMap(([input, greys]) =>
    outputsOf(input).flatMap(output => {
      const grey = greys[RANGE_NAMES.indexOf(output)];
      const cost = grey ? judge(grey, picture, output) + (input === output ? 0 : OTHER_RANGE) : Infinity;
      return grey ? [{ ranges: { input, output }, grey, cost }] : [];
    }),
  );
  const [usual] = trials;
  if (!usual) throw new Error('There is no range to try.');
  let best = trials.reduce((a, b) => (b.cost < a.cost ? b : a));
  if (usual.cost - best.cost < MARGIN) best = usual;
  const isSure = trials.every(
    one => meanDifference(one.grey, best.grey) <= SAME || one.cost - best.cost > MARGIN,
  );
  return { ranges: best.ranges, isSure };
}

/** How little the grey of a painting fits a picture's; 0 and more. */
function judge(painting: Grey, picture: Grey, output: Range): number {
  const share = (test: (value: number) => boolean) => painting.filter(test).length / painting.length;
  const [mean, deviation] = moments(painting);
  const [light, contrast] = moments(picture);
  const clipped = share(value => value < 0.004 || value > 0.996);
  const faded = Math.log2(MIN_CONTRAST / (deviation + 1e-3));
  const flat = Math.log2((0.7 * contrast) / (deviation + 1e-3));
  // In -1..1 some values of a picture are below 0; where none is, the range is 0..1.
  const isHalf = output === '-1..1' && share(value => value < 0.45) < 0.05;
  return (
    2 * clipped +
    clamp(faded, 3) +
    0.3 * clamp(flat, 1) +
    1.5 * Math.max(Math.abs(mean - light) - 0.1, 0) +
    (isHalf ? 0.5 : 0)
  );
}

const clamp = (value: number, max: number) => Math.min(Math.max(value, 0), max);

function moments(values: Grey): [mean: number, deviation: number] {
  const mean = values.reduce((sum, one) => sum + one, 0) / values.length;
  const variance = values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / values.length;
  return [mean, Math.sqrt(variance)];
}

const meanDifference = (a: Grey, b: Grey) =>
  a.reduce((sum, one, i) => sum + Math.abs(one - (b[i] ?? 0)), 0) / a.length;

/** The mean of the channels of an RGBA picture. */
export const greyOf = (rgba: ArrayLike<number>): Grey =>
  Float32Array.from(
    { length: rgba.length / 4 },
    (_, i) => ((rgba[4 * i] ?? 0) + (rgba[4 * i + 1] ?? 0) + (rgba[4 * i + 2] ?? 0)) / 765,
  );
