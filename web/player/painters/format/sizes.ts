/**
 * The sizes that a network takes which leaves its height, its width or both open. Networks that halve a picture again
 * and again take multiples of a number, which is found by trying sizes. limner/look/picture_sizes.py has the same rules.
 */

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A proportion, and the sizes that have it. */
export interface Shape {
  readonly name: string;
  readonly sizes: readonly Size[];
}

/** What a visitor may choose from. */
export interface Sizes {
  /** Only one if the network takes squares alone, or leaves one side open. */
  readonly shapes: readonly Shape[];
}

/** The sides of the picture as the file has them; undefined where it leaves them open. */
export interface Sides {
  readonly width: number | undefined;
  readonly height: number | undefined;
}

/** Whether the network makes a picture of this size from one. */
export type Takes = (size: Size) => Promise<boolean>;

/** What the network makes of a picture of this size; null if it does not run. */
type Run<T> = (size: Size) => Promise<T | null>;

/** The side of a network that leaves both open. */
const USUAL_PIXELS = 256;
/** Sides that are tried where a network does not take the usual one. */
const OTHER_SIDES = [224, 240, 288, 320, 192, 384, 128, 512, 300, 200, 400];
/** The longer sides to choose from, each brought to a multiple. */
const LONG_SIDES = [128, 192, 256, 320, 384, 512, 640];
const MAX_MULTIPLE = 64;
const SQUARE = 'Square';
/** Width by height. */
const PROPORTIONS = [
  [SQUARE, 1],
  ['4:3', 4 / 3],
  ['16:9', 16 / 9],
  ['3:4 upright', 3 / 4],
  ['9:16 upright', 9 / 16],
] as const;
/** For so long the page may stand still, in milliseconds. */
const MAX_PAUSE_MS = 50;

/** The size that is painted first, what the network makes at that size, and the sizes to choose from. */
export async function chooseSize<T>(
  sides: Sides,
  run: Run<T>,
  takes: Takes,
): Promise<{ size: Size; made: T | null; sizes: Sizes }> {
  const usual = sides.width ?? sides.height ?? USUAL_PIXELS;
  for (const side of [usual, ...OTHER_SIDES]) {
    const size = sizeOf(sides, side);
    const made = await run(size);
    if (made) return { size, made, sizes: await findSizes(sides, size, takes) };
  }
  // The engine runs it at no size; ONNX Runtime may.
  const shapes = makeShapes(sides, MAX_MULTIPLE, listSides(MAX_MULTIPLE, usual), isFree(sides));
  return { size: sizeOf(sides, usual), made: null, sizes: { shapes } };
}

/** What is chosen, and what else there is, as a sentence; empty if there is nothing else. */
export function describeSizes({ shapes }: Sizes, { width, height }: Size): string {
  if (shapes.flatMap(({ sizes }) => sizes).length < 2) return '';
  const painted = width === height ? width : `${width} × ${height}`;
  return `It paints ${painted} px; under Look you can choose other sizes.`;
}

/** Whether the file itself paints this size: without a word, the engine takes it for open sides. */
export const isUsual = ({ width, height }: Size) => width === USUAL_PIXELS && height === USUAL_PIXELS;

const isFree = ({ width, height }: Sides) => width === undefined && height === undefined;

/** A size with this side, unless the network fixes it. */
const sizeOf = ({ width, height }: Sides, side: number): Size => ({
  width: width ?? side,
  height: height ?? side,
});

/** The sizes to choose from, found by trying some. `taken` is a size that the network takes; its open sides are equal. */
export async function findSizes(sides: Sides, taken: Size, takes: Takes): Promise<Sizes> {
  const tries = yieldBetween(takes);
  const side = sides.width === undefined ? taken.width : taken.height;
  const multiple = await findMultiple(side, one => tries(sizeOf(sides, one)));
  if (multiple === null) return { shapes: [{ name: SQUARE, sizes: [taken] }] };
  const isOblong = isFree(sides) && (await tries({ width: neighbour(side, multiple), height: side }));
  const longSides = listSides(multiple, side);
  const isTooLarge = async (long: number) => long > side && !(await tries(sizeOf(sides, long)));
  while (await isTooLarge(longSides.at(-1) ?? side)) longSides.pop();
  return { shapes: makeShapes(sides, multiple, longSides, isOblong) };
}

/** The longer sides to choose from, with the present one. */
const listSides = (multiple: number, side: number) =>
  [...new Set([...LONG_SIDES.map(long => toMultiple(long, multiple)), side])].sort((a, b) => a - b);

/** The smallest number of which all sides are multiples that a network takes. `side` is one of them, so the number divides
 * it, and also what it is more than any other one. */
async function findMultiple(side: number, takes: (side: number) => Promise<boolean>): Promise<number | null> {
  for (let multiple = 1; multiple <= MAX_MULTIPLE; multiple++) {
    if (side % multiple === 0 && (await takes(neighbour(side, multiple)))) return multiple;
  }
  return null;
}

/** The next smaller multiple, since a larger picture may cost too much. */
const neighbour = (side: number, multiple: number) => (side > multiple ? side - multiple : side + multiple);

function makeShapes(
  sides: Sides,
  multiple: number,
  longSides: readonly number[],
  isOblong: boolean,
): Shape[] {
  const proportions = isOblong ? PROPORTIONS : PROPORTIONS.slice(0, 1);
  return proportions.map(([name, proportion]) => ({
    name,
    sizes: longSides.flatMap(long => {
      const short = toMultiple(long * Math.min(proportion, 1 / proportion), multiple);
      if (proportion === 1) return sizeOf(sides, long);
      if (short === long) return []; // no other multiple is near
      return proportion > 1 ? { width: long, height: short } : { width: short, height: long };
    }),
  }));
}

const toMultiple = (side: number, multiple: number) => Math.max(Math.round(side / multiple), 1) * multiple;

/** The same tries, between which the page may paint and answer. */
function yieldBetween(takes: Takes): Takes {
  let begin = performance.now();
  return async size => {
    if (performance.now() - begin > MAX_PAUSE_MS) {
      await new Promise(resolve => setTimeout(resolve));
      begin = performance.now();
    }
    return takes(size);
  };
}
