// Writes ONNX files field by field, so that tests can use files that no exporter would write.

type Attributes = Record<string, number | string | number[]>;

function number(n: number): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(n));
  do {
    bytes.push(Number(rest & 127n) | (rest > 127n ? 128 : 0));
    rest >>= 7n;
  } while (rest > 0n);
  return bytes;
}

export const varint = (field: number, n: number): number[] => [...number(field * 8), ...number(n)];
export const message = (field: number, bytes: ArrayLike<number>): number[] => [
  ...number(field * 8 + 2),
  ...number(bytes.length),
  ...Array.from(bytes),
];
export const text = (field: number, value: string): number[] =>
  message(field, new TextEncoder().encode(value));

export function tensor(name: string, dims: readonly number[], values: Float32Array): Uint8Array {
  const raw = new Uint8Array(values.buffer);
  return Uint8Array.from([
    ...dims.flatMap(dim => varint(1, dim)),
    ...varint(2, 1),
    ...text(8, name),
    ...message(9, raw),
  ]);
}

/** A one-dimensional int64 tensor, such as a shape, stored as varints in a typed field. */
export const int64Tensor = (name: string, ...values: number[]) =>
  Uint8Array.from([
    ...varint(1, values.length),
    ...varint(2, 7),
    ...text(8, name),
    ...values.flatMap(v => varint(7, v)),
  ]);

/** An int64 of rank 0. */
export const int64Scalar = (name: string, number: number): Uint8Array =>
  Uint8Array.from([...varint(2, 7), ...text(8, name), ...varint(7, number)]);

function attribute(name: string, value: number | string | number[]): number[] {
  if (typeof value === 'string') return [...text(1, name), ...text(4, value), ...varint(20, 3)];
  if (Array.isArray(value)) return [...text(1, name), ...value.flatMap(v => varint(8, v)), ...varint(20, 7)];
  if (Number.isInteger(value)) return [...text(1, name), ...varint(3, value), ...varint(20, 2)];
  const bytes = new Uint8Array(Float32Array.of(value).buffer);
  return [...text(1, name), ...number(2 * 8 + 5), ...bytes, ...varint(20, 1)];
}

export function node(op: string, inputs: string[], outputs: string[], attributes: Attributes): number[] {
  return [
    ...inputs.flatMap(input => text(1, input)),
    ...outputs.flatMap(output => text(2, output)),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => message(5, attribute(name, value))),
  ];
}

export function value(name: string, dims: readonly (number | string)[], type = 1): number[] {
  const shape = dims.flatMap(dim => message(1, typeof dim === 'number' ? varint(1, dim) : text(2, dim)));
  return [...text(1, name), ...message(2, message(1, [...varint(1, type), ...message(2, shape)]))];
}

export function graphOf(parts: {
  nodes: number[][];
  constants?: Uint8Array[];
  inputs: number[][];
  outputs: number[][];
}): number[] {
  return [
    ...parts.nodes.flatMap(bytes => message(1, bytes)),
    ...(parts.constants ?? []).flatMap(bytes => message(5, bytes)),
    ...parts.inputs.flatMap(bytes => message(11, bytes)),
    ...parts.outputs.flatMap(bytes => message(12, bytes)),
  ];
}

export function model(graph?: number[], { opset = 21, format = 10 } = {}): Uint8Array {
  const imported = message(8, varint(2, opset));
  return Uint8Array.from([...varint(1, format), ...imported, ...(graph ? message(7, graph) : [])]);
}
