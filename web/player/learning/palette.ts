/** The colours of a picture: median cut (Heckbert 1982). */

type Colour = readonly [red: number, green: number, blue: number];

/** Pixels that are looked at, at most. */
const MAX_PIXELS = 4096;
/** Colours that are nearer in all channels look alike. */
const MIN_DISTANCE = 16;

/** At most `count` colours of RGBA bytes, as #rrggbb, dark ones first. */
export function findPalette(rgba: Uint8ClampedArray, count: number): string[] {
  const step = 4 * Math.max(1, Math.floor(rgba.length / 4 / MAX_PIXELS));
  const colours: Colour[] = [];
  for (let at = 0; at + 3 < rgba.length; at += step) {
    colours.push([rgba[at] ?? 0, rgba[at + 1] ?? 0, rgba[at + 2] ?? 0]);
  }
  let boxes: Colour[][] = colours.length > 0 ? [colours] : [];
  while (boxes.length < count) {
    const widest = boxes.reduce<Colour[] | null>(
      (best, box) => (best && widestSide(best).range >= widestSide(box).range ? best : box),
      null,
    );
    if (!widest || widestSide(widest).range === 0) break;
    boxes = boxes.flatMap(box => (box === widest ? halves(box) : [box]));
  }
  const kept: Colour[] = [];
  for (const colour of boxes.map(mean)) {
    const isNear = kept.some(other =>
      colour.every((value, i) => Math.abs(value - (other[i] ?? 0)) < MIN_DISTANCE),
    );
    if (!isNear) kept.push(colour);
  }
  return kept.sort((a, b) => brightness(a) - brightness(b)).map(toHex);
}

function widestSide(colours: readonly Colour[]): { channel: 0 | 1 | 2; range: number } {
  const sides = ([0, 1, 2] as const).map(channel => {
    const values = colours.map(colour => colour[channel]);
    const [least, most] = values.reduce(
      ([low, high], value) => [Math.min(low, value), Math.max(high, value)],
      [255, 0],
    );
    return { channel, range: most - least };
  });
  return sides.reduce((best, side) => (side.range > best.range ? side : best));
}

/** Two halves of a box, apart in its widest channel. */
function halves(box: readonly Colour[]): Colour[][] {
  const { channel } = widestSide(box);
  const sorted = [...box].sort((a, b) => a[channel] - b[channel]);
  const middle = sorted[sorted.length >> 1]?.[channel] ?? 0;
  // Equal ones stay together; the smaller half has at least one.
  const found = sorted.findIndex(colour => colour[channel] >= middle);
  const cut = found > 0 ? found : sorted.findIndex(colour => colour[channel] > middle);
  return [sorted.slice(0, cut), sorted.slice(cut)];
}

function mean(colours: readonly Colour[]): Colour {
  const sum = (channel: 0 | 1 | 2) => colours.reduce((total, colour) => total + colour[channel], 0);
  return [sum(0) / colours.length, sum(1) / colours.length, sum(2) / colours.length];
}

const brightness = ([red, green, blue]: Colour) => 0.299 * red + 0.587 * green + 0.114 * blue;

export const toHex = (colour: readonly number[]): string =>
  `#${colour.map(value => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
