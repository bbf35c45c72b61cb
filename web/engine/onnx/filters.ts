// Filters: what a look can do to its pictures from frame to frame, such as stillness or freeze. A filter is a function of
// the file (ONNX's FunctionProto) that the graph does not call, so at its default it costs nothing. `withFilters` writes
// the nodes of some of them into the graph. The result is an ordinary look, with their live inputs and their state.
// docs/design.md has the contract; limner.look.filters does the same in Python.
//
// The file is not read as a model but copied message by message: so weights are not touched, and nothing is lost.

import { EngineError } from '../error.ts';
import { eachField } from './protobuf.ts';

interface Live {
  readonly label: string;
  readonly min: number;
  readonly max: number;
  readonly default: number;
}

/** A filter, and its live input, which has its name: at the default it does nothing. */
export interface Filter extends Live {
  /** Whether it is either on or off. */
  readonly switch?: boolean;
  /** What it keeps, by its inputs: the value that is the next one, and its shape. */
  readonly state?: Readonly<Record<string, { readonly next: string; readonly shape: readonly number[] }>>;
}

export type Filters = Readonly<Record<string, Filter>>;

/** The domain of the functions, each of which has its filter's name. */
const DOMAIN = 'limner.filters';
/** The ending of an output that replaces the value of the look whose name is before it. */
const FILTERED = '.filtered';

/** The reserved live input, which is no slider: the seconds since the last frame. */
const ELAPSED = 'elapsed';
const ELAPSED_SECONDS: Live = { label: 'Elapsed seconds', min: 0.001, max: 60, default: 1 / 60 };

/** Field numbers of onnx.proto. */
const MODEL = { graph: 7, metadata: 14, functions: 25 };
const GRAPH = { nodes: 1, initializers: 5, inputs: 11, outputs: 12 };
const FUNCTION = { name: 1, inputs: 4, outputs: 5, nodes: 7, domain: 10 };
const NODE = { inputs: 1, outputs: 2 };

type Message = Uint8Array<ArrayBufferLike>;
type Field = readonly [field: number, content: Message | number];

/** The filters that a look has, in the order in which they are applied. Throws an EngineError for damaged metadata. */
export function readFilters(bytes: Uint8Array): Filters {
  const filters = readObject(readMetadata(readFields(bytes)).get('limner.filters') ?? '{}');
  const damaged = Object.entries(filters).find(([, filter]) => !isFilter(filter));
  if (damaged) throw new EngineError(`The look's filter '${damaged[0]}' is damaged; export the look again.`);
  return filters as Filters;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function isFilter(value: unknown): value is Filter {
  if (!isRecord(value)) return false;
  const { label, min, max, default: usual, state = {} } = value;
  const isSize = (size: unknown) => Number.isSafeInteger(size) && Number(size) >= 0;
  return (
    typeof label === 'string' &&
    [min, max, usual].every(Number.isFinite) &&
    isRecord(state) &&
    Object.values(state).every(
      kept =>
        isRecord(kept) &&
        typeof kept.next === 'string' &&
        Array.isArray(kept.shape) &&
        kept.shape.every(isSize),
    )
  );
}

/** The file of the look with these of its filters in its graph. It names none that are left. Throws an EngineError for a
 * name that is none of its filters, and where the file does not have what its metadata say. */
export function withFilters(bytes: Uint8Array, names: readonly string[]): Uint8Array<ArrayBuffer> {
  const model = readFields(bytes);
  const metadata = readMetadata(model);
  const filters = readFilters(bytes);
  const unknown = names.find(name => !Object.hasOwn(filters, name));
  if (unknown !== undefined) {
    const known = Object.keys(filters).join(', ') || 'none';
    throw new EngineError(`The look has no filter '${unknown}'; it has ${known}.`);
  }
  const [graph] = messagesOf(model, MODEL.graph);
  const functions = new Map(
    messagesOf(model, MODEL.functions)
      .map(readFields)
      .filter(fields => textsOf(fields, FUNCTION.domain)[0] === DOMAIN)
      .map(fields => [textsOf(fields, FUNCTION.name)[0], fields]),
  );
  const composition = new Composition(readFields(graph ?? new Uint8Array()));
  for (const [name, filter] of Object.entries(filters)) {
    if (!names.includes(name)) continue;
    const fields = functions.get(name);
    if (!fields) throw new EngineError(`The look names a filter '${name}', which it lacks; export it again.`);
    composition.add(name, filter, fields);
  }
  const merge = (key: string, added: object) =>
    metadata.set(key, JSON.stringify({ ...readObject(metadata.get(key) ?? '{}'), ...added }));
  merge('limner.live', composition.live);
  if (Object.keys(composition.state).length > 0) merge('limner.state', composition.state);
  metadata.delete('limner.filters');
  return join([
    ...model.flatMap(([field, content]) => {
      if (field === MODEL.metadata || field === MODEL.functions) return [];
      return writeField(field, field === MODEL.graph ? composition.write() : content);
    }),
    ...Array.from(metadata, ([key, value]) =>
      writeField(MODEL.metadata, join([...writeText(1, key), ...writeText(2, value)])),
    ).flat(),
  ]);
}

interface Node {
  inputs: string[];
  outputs: string[];
  /** Its name, its operator and its attributes, as they are. */
  readonly rest: readonly Field[];
}

/** A graph that gets filters, one after the other. */
class Composition {
  readonly live: Record<string, Live> = {};
  readonly state: Record<string, string> = {};
  readonly #fields: Field[];
  readonly #nodes: Node[];
  readonly #inputs: Set<string>;
  readonly #outputs: Set<string>;
  /** Inputs of the graph that are filtered, with the names of what is read in their place. */
  readonly #renamedInputs = new Map<string, string>();

  constructor(graph: readonly Field[]) {
    this.#nodes = messagesOf(graph, GRAPH.nodes).map(readNode);
    this.#fields = graph.filter(([field]) => field !== GRAPH.nodes);
    const namesOf = (field: number) =>
      new Set(messagesOf(graph, field).flatMap(value => textsOf(readFields(value), 1)));
    this.#inputs = namesOf(GRAPH.inputs);
    this.#outputs = namesOf(GRAPH.outputs);
  }

  /** Writes a filter's nodes, each as early as it can be, and its inputs and outputs. */
  add(name: string, filter: Filter, fields: readonly Field[]): void {
    const given = textsOf(fields, FUNCTION.inputs);
    const made = textsOf(fields, FUNCTION.outputs);
    const names = new Map(made.map(value => [value, value]));
    for (const value of given) names.set(value, this.#renamedInputs.get(value) ?? value);
    for (const value of given) if (made.includes(value + FILTERED)) this.#replace(value, name, names);
    const local = (value: string) => value && (names.get(value) ?? `${name}.${value}`);
    for (const node of messagesOf(fields, FUNCTION.nodes).map(readNode)) {
      const inputs = node.inputs.map(local);
      const latest = Math.max(-1, ...inputs.map(value => this.#producer(value)));
      this.#nodes.splice(latest + 1, 0, { ...node, inputs, outputs: node.outputs.map(local) });
    }
    const { label, min, max, default: value } = filter;
    this.#addLive(name, { label, min, max, default: value });
    if (given.includes(ELAPSED)) this.#addLive(ELAPSED, ELAPSED_SECONDS);
    for (const [input, { next, shape }] of Object.entries(filter.state ?? {})) {
      this.#fields.push([GRAPH.inputs, writeValue(input, shape)]);
      if (!this.#outputs.has(next)) this.#fields.push([GRAPH.outputs, writeValue(next, shape)]);
      this.#outputs.add(next);
      this.state[input] = next;
    }
  }

  /** The GraphProto. */
  write(): Message {
    const nodes = this.#nodes.map(({ inputs, outputs, rest }) =>
      join([
        ...inputs.flatMap(value => writeText(NODE.inputs, value)),
        ...outputs.flatMap(value => writeText(NODE.outputs, value)),
        ...rest.flatMap(([field, content]) => writeField(field, content)),
      ]),
    );
    return join([
      ...nodes.flatMap(node => writeField(GRAPH.nodes, node)),
      ...this.#fields.flatMap(([field, content]) => writeField(field, content)),
    ]);
  }

  /** Lets what reads a value of the look read the function's output in its place. */
  #replace(value: string, filter: string, names: Map<string, string>): void {
    const read = names.get(value) ?? value;
    const rename = (to: string) => (one: string) => (one === read ? to : one);
    const producer = this.#nodes[this.#producer(read)];
    if (producer) {
      // The output takes the name, which may be one of the graph's own outputs.
      const before = `${read}.before.${filter}`;
      producer.outputs = producer.outputs.map(rename(before));
      names.set(value, before).set(value + FILTERED, read);
      return;
    }
    this.#renamedInputs.set(value, value + FILTERED);
    for (const node of this.#nodes) node.inputs = node.inputs.map(rename(value + FILTERED));
  }

  /** The place of the node that makes a value; -1 for inputs and constants. */
  #producer(name: string): number {
    return name ? this.#nodes.findIndex(({ outputs }) => outputs.includes(name)) : -1;
  }

  #addLive(name: string, live: Live): void {
    if (this.#inputs.has(name)) return;
    this.#inputs.add(name);
    this.live[name] = live;
    this.#fields.push([GRAPH.inputs, writeValue(name, [])]);
    const raw = new Uint8Array(Float32Array.of(live.default).buffer);
    this.#fields.push([
      GRAPH.initializers,
      join([...writeField(2, FLOAT32), ...writeText(8, name), ...writeField(9, raw)]),
    ]);
  }
}

function readNode(bytes: Message): Node {
  const fields = readFields(bytes);
  return {
    inputs: textsOf(fields, NODE.inputs),
    outputs: textsOf(fields, NODE.outputs),
    rest: fields.filter(([field]) => field !== NODE.inputs && field !== NODE.outputs),
  };
}

function readMetadata(model: readonly Field[]): Map<string, string> {
  return new Map(
    messagesOf(model, MODEL.metadata).map(entry => {
      const fields = readFields(entry);
      return [textsOf(fields, 1)[0] ?? '', textsOf(fields, 2)[0] ?? ''];
    }),
  );
}

function readObject(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // The error below says so.
  }
  throw new EngineError("The look's filters are no JSON object; export the look again.");
}

/** The fields of a message, in order. ONNX has no others in these messages than numbers and bytes. */
function readFields(message: Message): Field[] {
  const fields: Field[] = [];
  eachField(message, (cursor, field, wire) => {
    if (wire !== 0 && wire !== 2) return false;
    fields.push([field, wire === 2 ? cursor.chunk() : cursor.varint()]);
    return true;
  });
  return fields;
}

const messagesOf = (fields: readonly Field[], wanted: number): Message[] =>
  fields.flatMap(([field, content]) => (field === wanted && typeof content !== 'number' ? [content] : []));

const textsOf = (fields: readonly Field[], wanted: number): string[] =>
  messagesOf(fields, wanted).map(bytes => new TextDecoder().decode(bytes));

// `protobuf-writer.ts` does the same, but it is in the file of the page that has all of training.

const FLOAT32 = 1;

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];

const writeField = (field: number, content: Message | number): Message[] =>
  typeof content === 'number'
    ? [Uint8Array.of(...varint(field * 8), ...varint(content))]
    : [Uint8Array.of(...varint(field * 8 + 2), ...varint(content.length)), content];

const writeText = (field: number, text: string): Message[] =>
  writeField(field, new TextEncoder().encode(text));

/** A ValueInfoProto of float32. */
function writeValue(name: string, shape: readonly number[]): Message {
  const dims = shape.flatMap(size => writeField(1, join(writeField(1, size))));
  const tensor = join([...writeField(1, FLOAT32), ...writeField(2, join(dims))]);
  return join([...writeText(1, name), ...writeField(2, join(writeField(1, tensor)))]);
}

function join(parts: readonly Message[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
