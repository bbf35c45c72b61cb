/**
 * Rewrites an ONNX file so that it takes and gives pictures as a look does, whatever the network's own format is: some
 * nodes in front of its own bring RGB in 0..1 into it, and some behind them bring its output back. So the engine and
 * ONNX Runtime both paint it. limner/look/format_conversion.py does the same.
 */
import type { OnnxValue } from '../../../engine/onnx/model.ts';
import { isBytes, readFields } from '../onnx-fields.ts';
import {
  type Bytes,
  concat,
  type NewNode,
  textField,
  writeField,
  writeFloats,
  writeNode,
  writeValue,
} from '../onnx-writer.ts';
import {
  type Channels,
  channelCount,
  type Formats,
  type PictureFormat,
  RANGE_NAMES,
  RANGES,
} from './picture-format.ts';

// Fields of ModelProto and of GraphProto.
const GRAPH = 7;
const METADATA = 14;
const NODE = 1;
const INITIALIZER = 5;
const INPUT = 11;
const OUTPUT = 12;
const VALUE_INFO = 13;

const FLOAT32 = 1;
const UINT8 = 2;

/** The entry of the metadata that has the formats of the network as it was. */
export const PROPERTY = 'picture_format';

/** The live inputs of a trial: what the values of the picture are multiplied by, as a part of the largest, and what is
 * subtracted then. Painters take 0 to 1 for inputs that say nothing of their range. */
export const FACTOR = 'limner.factor';
export const OFFSET = 'limner.offset';
export const MAX_FACTOR = 255;

const FROM_RGB: Readonly<Partial<Record<Channels, readonly (readonly number[])[]>>> = {
  BGR: [
    [0, 0, 1],
    [0, 1, 0],
    [1, 0, 0],
  ],
  grey: [[0.299, 0.587, 0.114]],
  RGBA: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
    [0, 0, 0],
  ],
};

const TO_RGB: typeof FROM_RGB = {
  BGR: FROM_RGB.BGR ?? [],
  grey: [[1], [1], [1]],
  RGBA: [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ],
};

/** The network in a file, and which of its inputs and outputs are pictures. */
export interface Network {
  readonly bytes: Bytes;
  /** All of them get the same picture. Their shape may have open dimensions. */
  readonly inputs: readonly OnnxValue[];
  readonly output: OnnxValue;
  readonly width: number;
  readonly height: number;
}

/** The file as a look. */
export const convert = (network: Network, formats: Formats): Bytes =>
  rewrite(network, formats, chain => chain.decode(formats.output, network.output.type));

/** The file as a look whose range is given by two live inputs. Its painting has the mean of the network's channels as it
 * is in each of the ranges: one in red, one in green, one in blue. */
export const convertForTrial = (network: Network, formats: Formats): Bytes =>
  rewrite(network, formats, chain => chain.decodeInAllRanges(formats.output, network.output.type), true);

function rewrite(network: Network, formats: Formats, decode: (chain: Chain) => void, isTrial = false): Bytes {
  const { bytes, inputs, output, width, height } = network;
  const names = new Set(inputs.map(input => input.name));
  const [image, painting] = ['limner.image', 'limner.painting'];
  const before = new Chain(image);
  before.encode(formats.input, inputs[0]?.type ?? FLOAT32, isTrial);
  const after = new Chain(output.name);
  decode(after);
  const copies = [...names].map(name => ({
    op: 'Identity',
    inputs: [before.value],
    output: name,
    attributes: {},
  }));
  const last = { op: 'Identity', inputs: [after.value], output: painting, attributes: {} };
  const file = readFields(bytes);
  const graph = file.flatMap(([field, content]) =>
    field === GRAPH && isBytes(content) ? readFields(content) : [],
  );
  const kept = graph.filter(([field, content]) => {
    if (field === NODE || field === OUTPUT || field === VALUE_INFO) return false;
    return field !== INPUT || !isBytes(content) || !names.has(readName(content));
  });
  const nodes = (made: readonly NewNode[]) => made.map(node => writeField(NODE, writeNode(node)));
  const shape = [1, 3, height, width];
  const live = isTrial ? [FACTOR, OFFSET] : [];
  const rewritten = concat([
    ...nodes([...before.nodes, ...copies]),
    ...graph.filter(([field]) => field === NODE).map(([field, content]) => writeField(field, content)),
    ...nodes([...after.nodes, last]),
    ...[...before.constants, ...after.constants].map(constant => writeField(INITIALIZER, constant)),
    ...kept.map(([field, content]) => writeField(field, content)),
    ...live.map(name => writeField(INPUT, writeValue(name, []))),
    writeField(INPUT, writeValue(image, shape)),
    writeField(OUTPUT, writeValue(painting, shape)),
  ]);
  const property = concat([textField(1, PROPERTY), textField(2, JSON.stringify(formats))]);
  return concat([
    ...file.map(([field, content]) => writeField(field, field === GRAPH ? rewritten : content)),
    writeField(METADATA, property),
  ]);
}

/** The file with this shape of these inputs. */
export function withSize(bytes: Bytes, inputs: readonly OnnxValue[], shape: readonly number[]): Bytes {
  const types = new Map(inputs.map(({ name, type }) => [name, type]));
  const rewrite = (graph: Uint8Array) =>
    concat(
      readFields(graph).flatMap(([field, content]) => {
        if (field === VALUE_INFO) return [];
        const name = field === INPUT && isBytes(content) ? readName(content) : '';
        const type = types.get(name);
        return writeField(field, type === undefined ? content : writeValue(name, shape, type));
      }),
    );
  return concat(
    readFields(bytes).map(([field, content]) =>
      writeField(field, field === GRAPH && isBytes(content) ? rewrite(content) : content),
    ),
  );
}

/** The name of a ValueInfoProto. */
function readName(value: Uint8Array): string {
  const name = readFields(value).find(([field]) => field === 1)?.[1];
  return name && isBytes(name) ? new TextDecoder().decode(name) : '';
}

/** Nodes in a row, each with the value of the one before. */
class Chain {
  readonly nodes: NewNode[] = [];
  readonly constants: Bytes[] = [];

  constructor(public value: string) {}

  /** From RGB in 0..1 to this format. */
  encode({ range, layout, channels }: PictureFormat, type: number, isTrial: boolean): void {
    const [black, white] = RANGES[range];
    const weights = FROM_RGB[channels];
    if (weights) this.#mix(weights, channels === 'RGBA' ? [0, 0, 0, 1] : []);
    if (isTrial) {
      this.#add('Mul', [FACTOR]);
      this.#scale(MAX_FACTOR, 0);
      this.#add('Sub', [OFFSET]);
    } else {
      this.#scale(white - black, black);
    }
    if (layout === 'NHWC') this.#add('Transpose', [], { perm: [0, 2, 3, 1] });
    if (type === UINT8) this.#scale(1, 0.5); // the cast cuts decimals off; Round needs opset 11
    if (type !== FLOAT32) this.#add('Cast', [], { to: type });
  }

  /** From this format to RGB in 0..1. */
  decode(format: PictureFormat, type: number): void {
    const [black, white] = RANGES[format.range];
    const weights = TO_RGB[format.channels];
    this.#toPlanes(format, type);
    this.#scale(1 / (white - black), -black / (white - black));
    if (weights) this.#mix(weights);
  }

  /** From this format, but for its range, to the mean of the channels in each range. */
  decodeInAllRanges(format: PictureFormat, type: number): void {
    const count = channelCount(format.channels);
    const coloured = Math.min(count, 3);
    const ends = RANGE_NAMES.map(name => RANGES[name]);
    const weights = ends.map(([black, white]) =>
      Array.from({ length: count }, (_, i) => (i < coloured ? 1 / (white - black) / coloured : 0)),
    );
    this.#toPlanes(format, type);
    this.#mix(
      weights,
      ends.map(([black, white]) => -black / (white - black)),
    );
  }

  #toPlanes({ layout }: PictureFormat, type: number): void {
    if (type !== FLOAT32) this.#add('Cast', [], { to: FLOAT32 });
    if (layout === 'NHWC') this.#add('Transpose', [], { perm: [0, 3, 1, 2] });
  }

  #scale(factor: number, offset: number): void {
    if (factor !== 1) this.#add('Mul', [this.#constant([], [factor])]);
    if (offset !== 0) this.#add('Add', [this.#constant([], [offset])]);
  }

  /** Each channel as a sum of the channels before: a 1x1 convolution. */
  #mix(weights: readonly (readonly number[])[], bias: readonly number[] = []): void {
    const kernel = this.#constant([weights.length, weights[0]?.length ?? 0, 1, 1], weights.flat());
    this.#add('Conv', bias.length > 0 ? [kernel, this.#constant([bias.length], bias)] : [kernel]);
  }

  #constant(dims: readonly number[], values: readonly number[]): string {
    const name = `${this.value}.constant.${this.constants.length}`;
    this.constants.push(writeFloats(name, dims, values));
    return name;
  }

  #add(op: string, others: readonly string[] = [], attributes: NewNode['attributes'] = {}): void {
    const output = `${this.value}.${op.toLowerCase()}`;
    this.nodes.push({ op, inputs: [this.value, ...others], output, attributes });
    this.value = output;
  }
}
