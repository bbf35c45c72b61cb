// An ONNX model as plain data. Its form is checked here, its meaning later.
//
// Only the messages of an inference graph are read. Subgraphs (If, Loop, Scan) are not followed. So nothing here
// recurses, however deep a file nests its messages.

import { EngineError } from '../error.ts';
import { type Constant, readConstant } from './constant.ts';
import { addUnique, appendBounded, eachField, readRepeated } from './protobuf.ts';

export type Attribute =
  | { kind: 'float'; value: number }
  | { kind: 'int'; value: number }
  | { kind: 'string'; value: string }
  | { kind: 'tensor'; value: Constant }
  | { kind: 'floats'; value: number[] }
  | { kind: 'ints'; value: number[] }
  | { kind: 'other' };

export interface OnnxNode {
  readonly name: string;
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
}

export interface OnnxValue {
  readonly name: string;
  /** ONNX's number of the element type; 0 where the file has none. */
  readonly type: number;
  /** A dimension is a number, or a name if it is open. Null if there is no shape. */
  readonly dims: readonly (number | string)[] | null;
}

export interface OnnxModel {
  /** Size of the file in bytes. */
  readonly size: number;
  readonly opset: number;
  readonly metadata: ReadonlyMap<string, string>;
  readonly nodes: readonly OnnxNode[];
  readonly constants: ReadonlyMap<string, Constant>;
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
}

/** A message of two bytes in a file takes some hundred bytes in memory. So each kind of message is limited to what
 * networks on pictures need. Fusion also looks at the whole graph for each node that it fuses. */
export const MAX_NODES = 2048;
const MAX_CONSTANTS = 8192;
/** Before this opset, Add and its like broadcast along an axis, and other operators keep training apart by an
 * attribute. */
export const MIN_OPSET = 7;
/** Before this version of the format, files list their initializers among the inputs, though no one sets them. */
const MIN_FORMAT_WITH_CONSTANTS = 4;
/** Inputs of all nodes together: the edges of the graph. */
const MAX_EDGES = 8192;
/** Inputs and outputs of the graph or of a node, attributes of a node, dimensions. */
const MAX_NAMES = 256;
/** Numbers in one attribute. More of them belong in a tensor. */
const MAX_NUMBERS = 65536;
/** Metadata entries, and operator sets. */
const MAX_ENTRIES = 256;

/** Reads a ModelProto; throws EngineError on anything that is not one. */
export function readModel(bytes: Uint8Array): OnnxModel {
  const metadata = new Map<string, string>();
  const opsets = new Map<string, number>();
  let graph: Uint8Array | undefined;
  let format = MIN_FORMAT_WITH_CONSTANTS;
  // Without the methods of Node's Buffer, whose slice() is no copy.
  const file = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  eachField(file, (cursor, field, wire) => {
    if (field === 1 && wire === 0) format = cursor.varint();
    else if (wire !== 2) return false;
    else if (field === 7) graph = cursor.chunk();
    else if (field === 8) readOpset(cursor.chunk(), opsets);
    else if (field === 14) readEntry(cursor.chunk(), metadata);
    else return false;
    return true;
  });
  if (graph === undefined) {
    throw new EngineError('This is not an ONNX model: it has no graph. Choose a .onnx file.');
  }
  const opset = opsets.get('') ?? opsets.get('ai.onnx') ?? 1;
  if (opset < MIN_OPSET) {
    throw new EngineError(
      `The model is of opset ${opset}; convert the model to opset ${MIN_OPSET} or later.`,
    );
  }
  const { inputs, ...rest } = readGraph(graph);
  const given =
    format < MIN_FORMAT_WITH_CONSTANTS ? inputs.filter(({ name }) => !rest.constants.has(name)) : inputs;
  return { ...rest, inputs: given, metadata, opset, size: bytes.length };
}

function readOpset(bytes: Uint8Array, into: Map<string, number>): void {
  let domain = '';
  let version = 0;
  eachField(bytes, (cursor, field, wire) => {
    if (field === 1 && wire === 2) domain = cursor.text();
    else if (field === 2 && wire === 0) version = cursor.varint();
    else return false;
    return true;
  });
  addUnique(into, domain, version, MAX_ENTRIES);
}

function readEntry(bytes: Uint8Array, into: Map<string, string>): void {
  let key = '';
  let value = '';
  eachField(bytes, (cursor, field, wire) => {
    if (wire !== 2) return false;
    if (field === 1) key = cursor.text();
    else if (field === 2) value = cursor.text();
    else return false;
    return true;
  });
  addUnique(into, key, value, MAX_ENTRIES);
}

/** Fields of GraphProto that are read, and how many of each there may be. */
const LISTS: Readonly<Record<number, { what: string; max: number }>> = {
  1: { what: 'nodes', max: MAX_NODES },
  5: { what: 'initializers', max: MAX_CONSTANTS },
  11: { what: 'inputs', max: MAX_CONSTANTS },
  12: { what: 'outputs', max: MAX_NAMES },
};

/** Counts the messages before any is parsed. */
function countLists(graph: Uint8Array): void {
  const counts = new Map<number, number>();
  eachField(graph, (_, field) => {
    const list = LISTS[field];
    if (!list) return false;
    const count = (counts.get(field) ?? 0) + 1;
    if (count > list.max) {
      throw new EngineError(
        `The model has more than ${list.max} ${list.what}, which the engine does not support.`,
      );
    }
    counts.set(field, count);
    return false;
  });
}

function readGraph(bytes: Uint8Array): Pick<OnnxModel, 'nodes' | 'constants' | 'inputs' | 'outputs'> {
  countLists(bytes);
  const nodes: OnnxNode[] = [];
  const constants = new Map<string, Constant>();
  const inputs: OnnxValue[] = [];
  const outputs: OnnxValue[] = [];
  let edges = 0;
  eachField(bytes, (cursor, field, wire) => {
    if (wire !== 2) return false;
    if (field === 1) {
      const node = readNode(cursor.chunk());
      edges += node.inputs.length;
      if (edges > MAX_EDGES) {
        throw new EngineError(
          `The nodes of the model have more than ${MAX_EDGES} inputs together, which the engine does not support.`,
        );
      }
      nodes.push(node);
    } else if (field === 5) {
      const constant = readConstant(cursor.chunk());
      constants.set(constant.name, constant);
    } else if (field === 11) inputs.push(readValue(cursor.chunk()));
    else if (field === 12) outputs.push(readValue(cursor.chunk()));
    else if (field === 15) {
      throw new EngineError('The model has sparse initializers, which the engine does not read.');
    } else return false;
    return true;
  });
  return { nodes, constants, inputs, outputs };
}

function readNode(bytes: Uint8Array): OnnxNode {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes = new Map<string, Attribute>();
  let name = '';
  let op = '';
  let domain = '';
  eachField(bytes, (cursor, field, wire) => {
    if (wire !== 2) return false;
    if (field === 1) appendBounded(inputs, cursor.text(), MAX_NAMES);
    else if (field === 2) appendBounded(outputs, cursor.text(), MAX_NAMES);
    else if (field === 3) name = cursor.text();
    else if (field === 4) op = cursor.text();
    else if (field === 5) {
      const [key, value] = readAttribute(cursor.chunk());
      addUnique(attributes, key, value, MAX_NAMES);
    } else if (field === 7) domain = cursor.text();
    else return false;
    return true;
  });
  return { name: name || outputs[0] || op, op, domain, inputs, outputs, attributes };
}

function readAttribute(bytes: Uint8Array): [string, Attribute] {
  const floats: number[] = [];
  const ints: number[] = [];
  let name = '';
  let type = 0;
  let float = 0;
  let int = 0;
  let text = '';
  let tensor: Constant | undefined;
  eachField(bytes, (cursor, field, wire) => {
    if (field === 1 && wire === 2) name = cursor.text();
    else if (field === 2 && wire === 5) float = cursor.float32();
    else if (field === 3 && wire === 0) int = cursor.varint();
    else if (field === 4 && wire === 2) text = cursor.text();
    else if (field === 5 && wire === 2) tensor = readConstant(cursor.chunk());
    else if (field === 7) return readRepeated(cursor, wire, c => c.float32(), floats, MAX_NUMBERS);
    else if (field === 8) return readRepeated(cursor, wire, c => c.varint(), ints, MAX_NUMBERS);
    else if (field === 20 && wire === 0) type = cursor.varint();
    else return false;
    return true;
  });
  return [name, makeAttribute(type, { float, int, text, tensor, floats, ints })];
}

interface Fields {
  float: number;
  int: number;
  text: string;
  tensor: Constant | undefined;
  floats: number[];
  ints: number[];
}

function makeAttribute(type: number, fields: Fields): Attribute {
  if (type === 1) return { kind: 'float', value: fields.float };
  if (type === 2) return { kind: 'int', value: fields.int };
  if (type === 3) return { kind: 'string', value: fields.text };
  if (type === 4 && fields.tensor) return { kind: 'tensor', value: fields.tensor };
  if (type === 6) return { kind: 'floats', value: fields.floats };
  if (type === 7) return { kind: 'ints', value: fields.ints };
  return { kind: 'other' };
}

/** Reads a ValueInfoProto: the name and TypeProto.tensor_type, whose shape may have open dimensions. */
function readValue(bytes: Uint8Array): OnnxValue {
  let name = '';
  let type = 0;
  let dims: (number | string)[] | null = null;
  eachField(bytes, (cursor, field, wire) => {
    if (wire !== 2) return false;
    if (field === 1) name = cursor.text();
    else if (field === 2) {
      eachField(cursor.chunk(), (typeCursor, typeField, typeWire) => {
        if (typeField !== 1 || typeWire !== 2) return false;
        eachField(typeCursor.chunk(), (tensor, tensorField, tensorWire) => {
          if (tensorField === 1 && tensorWire === 0) type = tensor.varint();
          else if (tensorField === 2 && tensorWire === 2) dims = readShape(tensor.chunk());
          else return false;
          return true;
        });
        return true;
      });
    } else return false;
    return true;
  });
  return { name, type, dims };
}

function readShape(bytes: Uint8Array): (number | string)[] {
  const dims: (number | string)[] = [];
  eachField(bytes, (cursor, field, wire) => {
    if (field !== 1 || wire !== 2) return false;
    let dim: number | string = '?';
    eachField(cursor.chunk(), (inner, innerField, innerWire) => {
      if (innerField === 1 && innerWire === 0) {
        const size = inner.varint();
        if (size >= 0) dim = size; // some programs write -1 for an open dimension
      } else if (innerField === 2 && innerWire === 2) dim = inner.text();
      else return false;
      return true;
    });
    appendBounded(dims, dim, MAX_NAMES);
    return true;
  });
  return dims;
}
