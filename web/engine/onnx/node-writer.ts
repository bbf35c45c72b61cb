// Appends ONNX nodes and constants to a graph, under names that nothing else has.

import { type Constant, constantOf } from './constant.ts';
import type { Attribute, OnnxModel, OnnxNode, OnnxValue } from './model.ts';

type Attributes = Readonly<Record<string, Attribute>>;

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value: [...value] });
export const float = (value: number): Attribute => ({ kind: 'float', value });
export const text = (value: string): Attribute => ({ kind: 'string', value });

/** The domain of the operators that ONNX lacks. `standard-operators.ts` writes them as ONNX's own. */
export const DOMAIN = 'limner';

/** ONNX's number of the type. */
export const FLOAT32 = 1;

/** An input or an output of float32. */
export const floatValue = (name: string, dims: OnnxValue['dims']): OnnxValue => ({
  name,
  type: FLOAT32,
  dims,
});

/** All names that a graph has. */
export const namesOf = ({ constants, inputs, nodes }: OnnxModel): string[] => [
  ...constants.keys(),
  ...inputs.map(({ name }) => name),
  ...nodes.flatMap(({ outputs }) => outputs),
];

export class NodeWriter {
  readonly nodes: OnnxNode[] = [];
  readonly constants = new Map<string, Constant>();
  readonly #taken: Set<string>;
  readonly #known = new Map<string, string>();

  /** `taken` are the names that the graph has. */
  constructor(
    taken: Iterable<string>,
    readonly opset: number,
  ) {
    this.#taken = new Set(taken);
  }

  /** A name that nothing has, like `wanted`. */
  freeName(wanted: string): string {
    let name = wanted;
    for (let i = 2; this.#taken.has(name); i++) name = `${wanted}_${i}`;
    this.#taken.add(name);
    return name;
  }

  /** Appends a node of one output, and returns the output's name. */
  add(op: string, inputs: readonly string[], attributes: Attributes = {}, domain = ''): string {
    return this.addNamed(this.freeName(`${inputs[0] || 'value'}/${op}`), op, inputs, attributes, domain);
  }

  /** The same, for an output whose name is free and must be that one. */
  addNamed(
    output: string,
    op: string,
    inputs: readonly string[],
    attributes: Attributes = {},
    domain = '',
  ): string {
    this.nodes.push({
      name: output,
      op,
      domain,
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
    });
    return output;
  }

  floats(values: Float32Array, dims: readonly number[]): string {
    const name = this.freeName('constant');
    this.constants.set(name, constantOf(name, dims, values));
    return name;
  }

  /** A number. The same one is written once. */
  number(value: number): string {
    return this.#once(`${value}`, () => this.floats(Float32Array.of(value), []));
  }

  /** A list of int64, such as a shape. */
  integers(values: readonly number[]): string {
    return this.#once(`[${values}]`, () => {
      const name = this.freeName('integers');
      const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
      this.constants.set(name, { name, type: 'int64', dims: [values.length], bytes });
      return name;
    });
  }

  #once(key: string, make: () => string): string {
    const name = this.#known.get(key) ?? make();
    this.#known.set(key, name);
    return name;
  }

  // What nearly every rule uses.

  plus = (a: string, b: string): string => this.add('Add', [a, b]);
  minus = (a: string, b: string): string => this.add('Sub', [a, b]);
  times = (a: string, b: string): string => this.add('Mul', [a, b]);
  over = (a: string, b: string): string => this.add('Div', [a, b]);
  scaled = (a: string, factor: number): string => (factor === 1 ? a : this.times(a, this.number(factor)));
  shifted = (a: string, offset: number): string => this.plus(a, this.number(offset));
  where = (test: string, yes: string, no: string): string => this.add('Where', [test, yes, no]);
  isAbove = (a: string, bound: number): string => this.add('Greater', [a, this.number(bound)]);

  reshape(a: string, dims: readonly number[]): string {
    return this.add('Reshape', [a, this.integers(dims)]);
  }

  transpose(a: string, perm: readonly number[]): string {
    return this.add('Transpose', [a], { perm: ints(perm) });
  }

  /** A sum over axes, which stay as dimensions of 1. From opset 13 on the axes are an input. */
  sum(a: string, axes: readonly number[]): string {
    return this.reduce('ReduceSum', a, axes, 13);
  }

  reduce(op: string, a: string, axes: readonly number[], firstWithInput: number): string {
    if (axes.length === 0) return a;
    return this.opset < firstWithInput
      ? this.add(op, [a], { axes: ints(axes) })
      : this.add(op, [a, this.integers(axes)]);
  }

  /** The mean over axes of those sizes. */
  mean(a: string, axes: readonly number[], dims: readonly number[]): string {
    const count = axes.reduce((product, axis) => product * (dims[axis] ?? 1), 1);
    return this.scaled(this.sum(a, axes), 1 / count);
  }

  /** Adds up what was broadcast from `to` to `from`. */
  sumTo(a: string, from: readonly number[], to: readonly number[]): string {
    if (`${from}` === `${to}`) return a;
    const shift = from.length - to.length;
    const axes = from.flatMap((dim, i) => (i < shift || (to[i - shift] === 1 && dim !== 1) ? [i] : []));
    const summed = this.sum(a, axes);
    return shift === 0 ? summed : this.reshape(summed, to);
  }

  /** A tensor of zeros. */
  zeros(dims: readonly number[]): string {
    return this.add('Expand', [this.number(0), this.integers(dims)]);
  }

  /** Multiplies an axis by a constant matrix of `rows` x `columns` numbers, row by row. The axis had `columns` elements and
   * then has `rows`. */
  alongAxis(
    a: string,
    rank: number,
    axis: number,
    [rows, columns]: readonly [rows: number, columns: number],
    values: Float32Array,
  ): string {
    if (axis === rank - 2) return this.add('MatMul', [this.floats(values, [rows, columns]), a]);
    const turned = new Float32Array(rows * columns);
    for (let r = 0; r < rows; r++)
      for (let c = 0; c < columns; c++) turned[c * rows + r] = values[r * columns + c] ?? 0;
    const right = this.floats(turned, [columns, rows]);
    if (axis === rank - 1) return this.add('MatMul', [a, right]);
    const perm = Array.from({ length: rank }, (_, i) => (i === axis ? rank - 1 : i === rank - 1 ? axis : i));
    return this.transpose(this.add('MatMul', [this.transpose(a, perm), right]), perm);
  }
}
