// Writes a model as an ONNX file.

import { EngineError } from '../error.ts';
import type { Constant } from './constant.ts';
import type { Attribute, OnnxModel, OnnxNode, OnnxValue } from './model.ts';
import { type Bytes, concatBytes, type Parts, writeField, writeFloat, writeText } from './protobuf-writer.ts';

/** Versions of the file format: the first for opset 21, and one that all earlier opsets are written in. */
const FORMAT = 10;
const FORMAT_BEFORE_21 = 8;

/** ONNX's numbers of the types. They are here, since pages that only read files need no way back. */
const DATA_TYPES: Readonly<Record<Constant['type'], number>> = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint4: 21,
  int4: 22,
};

const writeConstant = ({ name, type, dims, bytes }: Constant): Parts =>
  [
    ...dims.map(dim => writeField(1, dim)),
    writeField(2, DATA_TYPES[type]),
    writeText(8, name),
    writeField(9, [type.endsWith('int4') ? packNibbles(bytes) : bytes]),
  ].flat();

/** Numbers of four bits, two to a byte, the first of them in the low bits. */
function packNibbles(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(Math.ceil(bytes.length / 2));
  bytes.forEach((value, i) => {
    packed[i >> 1] = (packed[i >> 1] ?? 0) | ((value & 15) << (4 * (i & 1)));
  });
  return packed;
}

function writeAttribute(node: OnnxNode, name: string, attribute: Attribute): Parts {
  const typed = (type: number, ...content: Parts[]) =>
    [writeText(1, name), ...content, writeField(20, type)].flat();
  switch (attribute.kind) {
    case 'float':
      return typed(1, writeFloat(2, attribute.value));
    case 'int':
      return typed(2, writeField(3, attribute.value));
    case 'string':
      return typed(3, writeText(4, attribute.value));
    case 'tensor':
      return typed(4, writeField(5, writeConstant(attribute.value)));
    case 'floats':
      return typed(6, ...attribute.value.map(value => writeFloat(7, value)));
    case 'ints':
      return typed(7, ...attribute.value.map(value => writeField(8, value)));
    case 'other':
      throw new EngineError(`Node '${node.name}' has '${name}', which the engine does not read or write.`);
    default:
      return attribute satisfies never;
  }
}

const writeNode = (node: OnnxNode): Parts =>
  [
    ...node.inputs.map(input => writeText(1, input)),
    ...node.outputs.map(output => writeText(2, output)),
    writeText(3, node.name),
    writeText(4, node.op),
    ...Array.from(node.attributes, ([name, value]) => writeField(5, writeAttribute(node, name, value))),
    writeText(7, node.domain),
  ].flat();

function writeValue({ name, type, dims }: OnnxValue): Parts {
  const dimension = (dim: number | string) =>
    typeof dim === 'number' ? writeField(1, dim) : writeText(2, dim);
  const shape = dims
    ? writeField(
        2,
        dims.flatMap(dim => writeField(1, dimension(dim))),
      )
    : [];
  return [...writeText(1, name), ...writeField(2, writeField(1, [...writeField(1, type), ...shape]))];
}

const writeOpset = (domain: string, version: number): Parts =>
  writeField(8, [...writeText(1, domain), ...writeField(2, version)]);

/** Its filters are functions, which are not written. */
const FILTERS = 'limner.filters';

/** The model as a file that `readModel` reads. Throws an EngineError for attributes that it did not read. */
export const writeModel = (model: OnnxModel): Bytes => concatBytes(writeParts(model));

/** The same in parts that follow each other; weights are not copied. */
export function writeParts({ opset, metadata, nodes, constants, inputs, outputs }: OnnxModel): Parts {
  const graph = [
    ...nodes.map(node => writeField(1, writeNode(node))),
    writeText(2, 'limner'),
    ...Array.from(constants.values(), constant => writeField(5, writeConstant(constant))),
    ...inputs.map(value => writeField(11, writeValue(value))),
    ...outputs.map(value => writeField(12, writeValue(value))),
  ].flat();
  const domains = new Set(nodes.map(({ domain }) => domain).filter(domain => domain && domain !== 'ai.onnx'));
  return [
    writeField(1, opset < 21 ? FORMAT_BEFORE_21 : FORMAT),
    writeText(2, 'limner'),
    writeField(7, graph),
    writeOpset('', opset),
    ...Array.from(domains, domain => writeOpset(domain, 1)),
    ...Array.from(metadata)
      .filter(([key]) => key !== FILTERS)
      .map(([key, value]) => writeField(14, [...writeText(1, key), ...writeText(2, value)])),
  ].flat();
}
