/**
 * Makes a look of another program's network, whatever the format of its pictures. Layout and channels are read from the
 * shapes. The range is read from the first and the last nodes, where those tell; else each is tried. What the visitor
 * says comes first. limner/look/adaptation.py does the same for `limner publish` and `limner paint`.
 */
import { EngineError, readModel } from '../../../engine/index.ts';
import { type OnnxModel, type OnnxValue, readModel as readOnnx } from '../../../engine/onnx/model.ts';
import { type Painter, UnpaintableError } from '../painter.ts';
import { convert, convertForTrial, HEIGHT, type Network, nameSides, PROPERTY, WIDTH } from './conversion.ts';
import { GraphEnds } from './hints.ts';
import {
  CHANNELS,
  type Channels,
  channelCount,
  describeFormats,
  type Formats,
  isPlain,
  type Layout,
  type PictureFormat,
  RANGE_NAMES,
  type Range,
} from './picture-format.ts';
import type { Size, Sizes } from './sizes.ts';
import type { Style } from './style.ts';
import { findRanges, type Grey, greyOf, makeTestPicture, paintInRanges, type Ranges } from './trial.ts';

type Bytes = Uint8Array<ArrayBuffer>;

/** What the visitor says, or the publisher; the rest is found out. */
export interface FormatChoices {
  readonly ranges?: Ranges;
  readonly channels?: { readonly input: Channels; readonly output: Channels };
  /** One of those that the input's shape allows. */
  readonly layout?: Layout;
  /** One of those to choose from. */
  readonly size?: Size | undefined;
  /** Of a look that paints in any. */
  readonly style?: Style;
}

/** Those of a network that is published: it was converted by then. */
export const PUBLISHED: FormatChoices = {
  ranges: { input: '0..1', output: '0..1' },
  channels: { input: 'RGB', output: 'RGB' },
};

export interface Adapted {
  /** The file as a look; the same bytes if it was one. */
  readonly bytes: Bytes;
  readonly formats: Formats;
  /** Those that the input's shape allows. */
  readonly layouts: readonly Layout[];
  /** The sizes that the visitor may choose; null for a network of one size. */
  readonly sizes: Sizes | null;
  readonly size: Size;
  /** What was found, as a sentence; empty where there is nothing to say. */
  readonly sentence: string;
}

/** Makes a painter for the bytes of a look. */
export type MakePainter = (bytes: Bytes) => Promise<Painter>;

const FLOAT32 = 1;
/** float32, uint8, float16. */
const PICTURE_TYPES = [FLOAT32, 2, 10];
/** A network may give float64 too; the engine and ONNX Runtime cast it. */
const PAINTING_TYPES = [...PICTURE_TYPES, 11];

/**
 * Null if the file is no network that this page reads, was converted before, or has state, which is made for looks.
 * Throws an UnpaintableError, with a reason for visitors, for a network that makes no picture from a picture. `known`
 * are the sizes that were found when the file was adapted before.
 */
export async function adapt(
  bytes: Bytes,
  said: FormatChoices,
  makePainter: MakePainter,
  known: Sizes | null = null,
): Promise<Adapted | null> {
  const model = readFile(bytes);
  if (!model || model.metadata.has(PROPERTY) || model.metadata.has('limner.state')) return null;
  const inputs = findPictures(model);
  const { input, size, sizes, outputs } = await readInput(bytes, model, inputs, said, known);
  const { place, layout, channels } = await chooseOutput(outputs, input.layout, size);
  const output = model.outputs[place];
  if (!output) throw new UnpaintableError('it makes nothing.');
  const ends = new GraphEnds(model, inputs[0].name, output.name);
  const order =
    said.channels?.input ?? (input.channels === 'RGB' ? ends.inputChannels() : null) ?? input.channels;
  const given: Formats = {
    input: { ...input, channels: chooseChannels(order, input.channels) },
    output: { range: '0..1', layout, channels: chooseChannels(said.channels?.output ?? channels, channels) },
  };
  const network: Network = { bytes, model, inputs, output, ...size };
  const { ranges, isSure } = await chooseRanges(network, given, ends, said, makePainter);
  const formats: Formats = {
    input: { ...given.input, range: ranges.input },
    output: { ...given.output, range: ranges.output },
  };
  const open = sizes && (await import('./sizes.ts'));
  const isLook = isPlain(formats) && (!open || open.isUsual(size)) && place === 0 && inputs.length === 1;
  const sentences = [
    describe(formats, isSure || said.ranges !== undefined),
    open && !said.ranges ? open.describeSizes(sizes, size) : '',
    inputs.length > 1 ? `It gets the same picture ${inputs.length} times.` : '',
  ];
  return {
    bytes: isLook ? bytes : convert(network, formats),
    formats,
    layouts: layoutsOf(inputs[0]),
    sizes,
    size,
    sentence: sentences.filter(Boolean).join(' '),
  };
}

function describe(formats: Formats, isSure: boolean): string {
  const doubt = isSure ? '' : ', as far as a trial can tell';
  if (isPlain(formats) && isSure) return '';
  return `This network ${describeFormats(formats)}${doubt}; under Look you can change that.`;
}

/** The channels, if their number is right. */
const chooseChannels = (wanted: Channels, found: Channels): Channels =>
  channelCount(wanted) === channelCount(found) ? wanted : found;

function readFile(bytes: Bytes): OnnxModel | null {
  try {
    return readOnnx(bytes);
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/** The inputs that get the picture: one, or several of the same shape. */
function findPictures({ inputs, constants }: OnnxModel): readonly [OnnxValue, ...OnnxValue[]] {
  const needed = inputs.filter(
    ({ name, type, dims }) => !constants.has(name) && !(type === FLOAT32 && dims?.length === 0),
  );
  const [first, ...others] = needed.filter(value => layoutsOf(value).length > 0);
  if (!first) {
    const [other] = needed;
    throw new UnpaintableError(
      `it is no network on pictures: it takes ${other ? `“${other.name}”, ${shapeOf(other)}` : 'nothing'}.`,
    );
  }
  const odd = needed.find(value => shapeOf(value) !== shapeOf(first) || value.type !== first.type);
  if (odd) {
    throw new UnpaintableError(
      `it takes more than a picture: its input “${odd.name}” is ${shapeOf(odd)}, and this page has nothing for it.`,
    );
  }
  return [first, ...others];
}

const shapeOf = ({ dims }: OnnxValue) =>
  dims?.map(dim => (typeof dim === 'string' ? '?' : dim)).join(' x ') || 'one number';

/** The layouts that the shape of an input allows, the likeliest first; none if it is no picture. */
function layoutsOf({ dims, type }: OnnxValue): Layout[] {
  const batch = dims?.[0];
  if (dims?.length !== 4 || !PICTURE_TYPES.includes(type) || (typeof batch === 'number' && batch !== 1))
    return [];
  const places = [
    ['NCHW', dims[1]],
    ['NHWC', dims[3]],
  ] as const;
  const sure = places.filter(([, count]) => typeof count === 'number' && count in CHANNELS);
  const open = places.filter(([, count]) => typeof count === 'string');
  return (sure.length > 0 ? sure : open).map(([layout]) => layout);
}

interface Input {
  readonly input: PictureFormat;
  readonly size: Size;
  /** Null for a network of one size. */
  readonly sizes: Sizes | null;
  /** At that size. */
  readonly outputs: readonly Output[];
}

/** The format and the size of the input. Where its shape allows two layouts, the engine runs one of them. */
async function readInput(
  bytes: Bytes,
  model: OnnxModel,
  inputs: readonly [OnnxValue, ...OnnxValue[]],
  said: FormatChoices,
  known: Sizes | null,
): Promise<Input> {
  const read = async (layout: Layout) => {
    const input = readInputFormat(inputs[0], layout, said);
    return { input, ...(await readSize(bytes, model, inputs, input, said.size, known)) };
  };
  const [usual = 'NCHW', other] = layoutsOf(inputs[0]);
  const first = await read(other && said.layout ? said.layout : usual);
  if (first.isRun || !other || said.layout) return first;
  const second = await read(other);
  return second.isRun ? second : first;
}

function readInputFormat(value: OnnxValue, layout: Layout, said: FormatChoices): PictureFormat {
  const count = value.dims?.[layout === 'NCHW' ? 1 : 3];
  const channels = typeof count === 'number' ? CHANNELS[count] : said.channels?.input;
  return { range: '0..1', layout, channels: channels ?? 'RGB' };
}

interface Output {
  readonly name: string;
  readonly type: number;
  /** Null where neither the file nor the engine knows. */
  readonly dims: readonly number[] | null;
}

/** The size that is painted, those to choose from, and the outputs at that size. */
async function readSize(
  bytes: Bytes,
  model: OnnxModel,
  inputs: readonly OnnxValue[],
  format: PictureFormat,
  wanted: Size | undefined,
  known: Sizes | null,
): Promise<Omit<Input, 'input'> & { isRun: boolean }> {
  const first = format.layout === 'NCHW' ? 2 : 1;
  const [height, width] = [0, 1].map(axis => {
    const side = inputs[0]?.dims?.[first + axis];
    return typeof side === 'number' ? side : undefined;
  });
  const named = nameSides(bytes, inputs, format);
  const compute = (size: Size) => computeOutputs(named, model, size);
  const result = (size: Size, sizes: Sizes | null, outputs: Output[] | null) => ({
    size,
    sizes,
    outputs: outputs ?? declaredOutputs(model, size),
    isRun: outputs !== null,
  });
  if (width !== undefined && height !== undefined) {
    return result({ width, height }, null, await compute({ width, height }));
  }
  if (wanted && known) return result(wanted, known, await compute(wanted));
  const takes = async (other: Size) => !!findPicture((await compute(other)) ?? [], format.layout, other);
  const { chooseSize } = await import('./sizes.ts');
  const chosen = await chooseSize({ width, height }, compute, takes);
  return result(chosen.size, chosen.sizes, chosen.made);
}

/** The shapes of the outputs at a size, of a file with named sides; null where the engine does not run the network so. */
async function computeOutputs(
  named: Bytes,
  { outputs }: OnnxModel,
  { width, height }: Size,
): Promise<Output[] | null> {
  try {
    const { plan } = await readModel(named, { dims: { [WIDTH]: width, [HEIGHT]: height } });
    return outputs.map(({ name, type }, i) => ({ name, type, dims: plan.outputs[i]?.dims ?? null }));
  } catch (error) {
    if (error instanceof EngineError) return null;
    throw error;
  }
}

/** The shapes of the outputs as the file has them; open ones are taken for those of the picture. */
const declaredOutputs = ({ outputs }: OnnxModel, { width, height }: Size): Output[] =>
  outputs.map(({ name, type, dims }) => {
    if (!dims) return { name, type, dims: null };
    const isLast =
      typeof dims[3] === 'number' &&
      dims[3] in CHANNELS &&
      !(typeof dims[1] === 'number' && dims[1] in CHANNELS);
    const usual = isLast ? [1, height, width, 3] : [1, 3, height, width];
    return { name, type, dims: dims.map((dim, i) => (typeof dim === 'number' ? dim : (usual[i] ?? 1))) };
  });

interface Picture {
  /** Among the outputs. */
  readonly place: number;
  readonly layout: Layout;
  readonly channels: Channels;
  readonly width: number;
  readonly height: number;
}

/** The outputs that may be pictures, of any size. The likelier layout of each comes first. */
const picturesIn = (outputs: readonly Output[], usual: Layout): Picture[] =>
  outputs.flatMap(({ type, dims }, place) => {
    if (!PAINTING_TYPES.includes(type)) return []; // integers are classes
    const layouts: Layout[] = usual === 'NCHW' ? ['NCHW', 'NHWC'] : ['NHWC', 'NCHW'];
    return layouts.flatMap(layout => {
      const [batch, a = 0, b = 0, c = 0] = dims ?? [];
      const [count, height, width] = layout === 'NCHW' ? [a, b, c] : [c, a, b];
      const channels = CHANNELS[count];
      if (!channels || dims?.length !== 4 || batch !== 1) return [];
      return { place, layout, channels, width, height };
    });
  });

/** The first output that is a picture of this size; null if there is none. */
const findPicture = (outputs: readonly Output[], usual: Layout, { width, height }: Size): Picture | null =>
  picturesIn(outputs, usual).find(one => one.width === width && one.height === height) ?? null;

/** The first output that is a picture, its layout and its channels. */
async function chooseOutput(
  outputs: readonly Output[],
  usual: Layout,
  size: Size,
): Promise<Pick<Picture, 'place' | 'layout' | 'channels'>> {
  const found = findPicture(outputs, usual, size);
  if (found) return found;
  const larger = picturesIn(outputs, usual).find(one => Math.min(one.width, one.height) >= 16);
  if (larger) {
    throw new UnpaintableError(
      `from a picture of ${size.width} x ${size.height} pixels it makes one of ${larger.width} x ${larger.height}, and a look keeps the size.`,
    );
  }
  const [first] = outputs;
  if (first && !first.dims) return { place: 0, layout: usual, channels: 'RGB' };
  const { describeOutputs } = await import('./network-kind.ts');
  const known = outputs.flatMap(({ name, type, dims }) => (dims ? { name, type, dims } : []));
  throw new UnpaintableError(`it ${describeOutputs(known)}; it makes no picture.`);
}

/** What is said, or what the graph tells, or what a trial finds. */
async function chooseRanges(
  network: Network,
  formats: Formats,
  ends: GraphEnds,
  { ranges }: FormatChoices,
  makePainter: MakePainter,
): Promise<{ ranges: Ranges; isSure: boolean }> {
  if (ranges) return { ranges, isSure: true };
  const isBytes = ({ type }: OnnxValue) => type === 2;
  const inputHint = network.inputs.some(isBytes) ? '0..255' : ends.inputRange();
  const inputs = inputHint ? [inputHint] : RANGE_NAMES;
  const outputsOf = (input: Range): readonly Range[] => {
    const hint = isBytes(network.output) ? '0..255' : ends.outputRange(input);
    return hint ? [hint] : RANGE_NAMES;
  };
  const pairs = inputs.flatMap(input => outputsOf(input).map(output => ({ input, output })));
  const [usual] = pairs;
  if (!usual) throw new Error('There is no range to try.');
  if (pairs.length === 1) return { ranges: usual, isSure: true };
  const { width, height } = network;
  const picture = greyOf(makeTestPicture(width, height));
  const paintings = await paintTrial(network, formats, inputs, makePainter);
  // Where the trial fails, the painting says why.
  return paintings ? findRanges(paintings, outputsOf, picture) : { ranges: usual, isSure: false };
}

async function paintTrial(
  network: Network,
  formats: Formats,
  inputs: readonly Range[],
  makePainter: MakePainter,
): Promise<Map<Range, Grey[]> | null> {
  let painter: Painter | null = null;
  try {
    const { bytes, factor, offset } = convertForTrial(network, formats);
    painter = await makePainter(bytes);
    return await paintInRanges(painter, inputs, factor, offset);
  } catch (error) {
    if (error instanceof EngineError || error instanceof UnpaintableError) return null;
    throw error;
  } finally {
    painter?.destroy();
  }
}
