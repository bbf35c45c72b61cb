/**
 * Rewrites an ONNX file so that it takes and gives pictures as a look does, whatever the network's own format is: some
 * nodes in front of its own bring RGB in 0..1 into it, and some behind them bring its output back. So the engine and
 * ONNX Runtime both paint it. limner/look/format_conversion.py does the same.
 */
import type { OnnxModel, OnnxValue } from '../../../engine/onnx/model.ts';
import { isBytes, readFields, textOf } from '../onnx-fields.ts';
import {
  type Bytes,
  concat,
  fieldParts,
  messageParts,
  type NewNode,
  textField,
  writeField,
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
const INPUT = 11;
const OUTPUT = 12;
const VALUE_INFO = 13;

const FLOAT32 = 1;
const UINT8 = 2;

/** The entry of the metadata that has the formats of the network as it was. */
export const PROPERTY = 'picture_format';

/** The largest difference of white and black. */
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
  readonly model: OnnxModel;
  /** All of them get the same picture. Their shape may have open dimensions. */
  readonly inputs: readonly OnnxValue[];
  readonly output: OnnxValue;
  readonly width: number;
  readonly height: number;
}

/** The file as a look. */
export function convert(network: Network, formats: Formats): Bytes {
  const { before, after } = makeChains(network);
  before.encode(formats.input, network.inputs[0]?.type ?? FLOAT32);
  after.decode(formats.output, network.output.type);
  return rewrite(network, formats, before, after);
}

/** A look whose range is given by two live inputs. */
export interface TrialLook {
  readonly bytes: Bytes;
  /** The inputs' names: what the values of the picture are multiplied by, as a part of `MAX_FACTOR`, and what is
   * subtracted then. Painters take 0 to 1 for inputs that say nothing of their range. */
  readonly factor: string;
  readonly offset: string;
}

/** The file as a look for a trial. Its painting has the mean of the network's channels as it is in each of the ranges:
 * one in red, one in green, one in blue. */
export function convertForTrial(network: Network, formats: Formats): TrialLook {
  const { before, after, prefix } = makeChains(network);
  const [factor, offset] = [`${prefix}.factor`, `${prefix}.offset`];
  before.encodeForTrial(formats.input, network.inputs[0]?.type ?? FLOAT32, factor, offset);
  after.decodeInAllRanges(formats.output, network.output.type);
  return { bytes: rewrite(network, formats, before, after, [factor, offset]), factor, offset };
}

/** The nodes to come in front of the network's, and those behind. */
function makeChains(network: Network): { before: Chain; after: Chain; prefix: string } {
  const prefix = freePrefix(network);
  return {
    before: new Chain(`${prefix}.image`, `${prefix}.before`),
    after: new Chain(network.output.name, `${prefix}.after`),
    prefix,
  };
}

/** What no name in the graph has in it, so that names that begin with it are new. The bytes of the nodes are searched,
 * since a subgraph of a node has names that the engine does not read. */
function freePrefix({ bytes, model }: Network): string {
  const { constants, inputs, outputs } = model;
  const latin1 = new TextDecoder('latin1');
  const texts = [
    ...contentsOf(bytes, GRAPH).flatMap(graph => contentsOf(graph, NODE).map(node => latin1.decode(node))),
    ...constants.keys(),
    ...[...inputs, ...outputs].map(({ name }) => name),
  ];
  let prefix = 'limner';
  while (texts.some(text => text.includes(prefix))) prefix += '_';
  return prefix;
}

/** The fields of this number that are texts or messages. */
const contentsOf = (message: Uint8Array, wanted: number): Uint8Array[] =>
  readFields(message).flatMap(([field, content]) => (field === wanted && isBytes(content) ? content : []));

function rewrite(
  network: Network,
  formats: Formats,
  before: Chain,
  after: Chain,
  live: readonly string[] = [],
): Bytes {
  const { bytes, inputs, width, height } = network;
  const names = new Set(inputs.map(input => input.name));
  const painting = `${after.prefix}.painting`;
  const copies = [...names].map(name => ({
    op: 'Identity',
    inputs: [before.value],
    output: name,
    attributes: {},
  }));
  const last = { op: 'Identity', inputs: [after.value], output: painting, attributes: {} };
  const file = readFields(bytes);
  const graph = contentsOf(bytes, GRAPH).flatMap(readFields);
  const kept = graph.filter(([field, content]) => {
    if (field === NODE || field === OUTPUT || field === VALUE_INFO) return false;
    return field !== INPUT || !isBytes(content) || !names.has(readName(content));
  });
  const nodes = (made: readonly NewNode[]) => made.map(node => writeField(NODE, writeNode(node)));
  const shape = [1, 3, height, width];
  const rewritten = [
    ...nodes([...before.nodes, ...copies]),
    ...graph.filter(([field]) => field === NODE).flatMap(([field, content]) => fieldParts(field, content)),
    ...nodes([...after.nodes, last]),
    ...kept.flatMap(([field, content]) => fieldParts(field, content)),
    ...live.map(name => writeField(INPUT, writeValue(name, []))),
    writeField(INPUT, writeValue(before.first, shape)),
    writeField(OUTPUT, writeValue(painting, shape)),
  ];
  const property = concat([textField(1, PROPERTY), textField(2, JSON.stringify(formats))]);
  return concat([
    ...file.flatMap(([field, content]) =>
      field === GRAPH ? messageParts(field, rewritten) : fieldParts(field, content),
    ),
    writeField(METADATA, property),
  ]);
}

/** The names of the sides of the picture in a file of `nameSides`. */
export const WIDTH = 'limner.width';
export const HEIGHT = 'limner.height';

/** The file with named sides of these inputs, so that the engine reads it at any size. It is large, so it is written
 * once, and copied once. */
export function nameSides(bytes: Bytes, inputs: readonly OnnxValue[], format: PictureFormat): Bytes {
  const types = new Map(inputs.map(({ name, type }) => [name, type]));
  const count = channelCount(format.channels);
  const shape = format.layout === 'NCHW' ? [1, count, HEIGHT, WIDTH] : [1, HEIGHT, WIDTH, count];
  const rename = (graph: Uint8Array) =>
    readFields(graph).flatMap(([field, content]) => {
      if (field === VALUE_INFO) return [];
      const name = field === INPUT && isBytes(content) ? readName(content) : '';
      const type = types.get(name);
      return fieldParts(field, type === undefined ? content : writeValue(name, shape, type));
    });
  return concat(
    readFields(bytes).flatMap(([field, content]) =>
      field === GRAPH && isBytes(content) ? messageParts(field, rename(content)) : fieldParts(field, content),
    ),
  );
}

/** The name of a ValueInfoProto. */
const readName = (value: Uint8Array): string => textOf(value, 1);

/** Nodes in a row, each with the value of the one before. */
class Chain {
  readonly nodes: NewNode[] = [];
  value: string;

  /** @param prefix What the names of the new values begin with. */
  constructor(
    readonly first: string,
    readonly prefix: string,
  ) {
    this.value = first;
  }

  /** From RGB in 0..1 to this format. */
  encode(format: PictureFormat, type: number): void {
    const [black, white] = RANGES[format.range];
    this.#mixChannels(format);
    this.#scale(white - black, black);
    this.#fromPlanes(format, type);
  }

  /** From RGB in 0..1 to this format, but for its range, which two live inputs give. */
  encodeForTrial(format: PictureFormat, type: number, factor: string, offset: string): void {
    this.#mixChannels(format);
    this.#add('Mul', [factor]);
    this.#scale(MAX_FACTOR, 0);
    this.#add('Sub', [offset]);
    this.#fromPlanes(format, type);
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

  #mixChannels({ channels }: PictureFormat): void {
    const weights = FROM_RGB[channels];
    if (weights) this.#mix(weights, channels === 'RGBA' ? [0, 0, 0, 1] : []);
  }

  #fromPlanes({ layout }: PictureFormat, type: number): void {
    if (layout === 'NHWC') this.#add('Transpose', [], { perm: [0, 2, 3, 1] });
    if (type === UINT8) this.#scale(1, 0.5); // the cast cuts decimals off; Round needs opset 11
    if (type !== FLOAT32) this.#add('Cast', [], { to: type });
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

  /** In old files every initializer is among the inputs; a node has no such rule. */
  #constant(dims: readonly number[], values: readonly number[]): string {
    return this.#addNode('Constant', [], { value: { dims, values } });
  }

  #add(op: string, others: readonly string[] = [], attributes: NewNode['attributes'] = {}): void {
    this.value = this.#addNode(op, [this.value, ...others], attributes);
  }

  #addNode(op: string, inputs: readonly string[], attributes: NewNode['attributes']): string {
    const output = `${this.prefix}.${this.nodes.length}`;
    this.nodes.push({ op, inputs, output, attributes });
    return output;
  }
}
