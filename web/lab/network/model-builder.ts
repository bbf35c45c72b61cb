/** Builds a network as an ONNX model: nodes, and weights that `initialize` draws as torch does. */
import type { OnnxModel } from '../../engine/training/index.ts';

type OnnxNode = OnnxModel['nodes'][number];
type Attribute = OnnxNode['attributes'] extends ReadonlyMap<string, infer T> ? T : never;
type Constant = OnnxModel['constants'] extends ReadonlyMap<string, infer T> ? T : never;
type Dims = readonly (number | string)[];

export const int = (value: number): Attribute => ({ kind: 'int', value });
export const ints = (value: readonly number[]): Attribute => ({ kind: 'ints', value: [...value] });
export const text = (value: string): Attribute => ({ kind: 'string', value });

const OPSET = 17;
const FLOAT32 = 1;

export class ModelBuilder {
  readonly #nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, Constant>();

  /** A constant; without values it is zero, and `initialize` gives it others if it is a weight. */
  constant(
    name: string,
    dims: readonly number[],
    values = new Float32Array(dims.reduce((a, b) => a * b, 1)),
  ): string {
    const bytes = new Uint8Array(values.slice().buffer);
    this.#constants.set(name, { name, type: 'float32', dims, bytes });
    return name;
  }

  /** A list of whole numbers, which some nodes take as an input. */
  integers(name: string, values: readonly number[]): string {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#constants.set(name, { name, type: 'int64', dims: [values.length], bytes });
    return name;
  }

  /** Adds a node with one output, and returns the output's name. */
  node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Readonly<Record<string, Attribute>> = {},
  ): string {
    this.#nodes.push({
      name: output,
      op,
      domain: '',
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
    });
    return output;
  }

  /** A dense layer, as torch's Linear: (N, from) to (N, to). Its constants are `name`.weight and `name`.bias. */
  dense(name: string, input: string, from: number, to: number): string {
    const weight = this.constant(`${name}.weight`, [to, from]);
    const bias = this.constant(`${name}.bias`, [to]);
    return this.node('Gemm', [input, weight, bias], name, { transB: int(1) });
  }

  model(inputs: Readonly<Record<string, Dims>>, outputs: Readonly<Record<string, Dims>>): OnnxModel {
    const values = (named: Readonly<Record<string, Dims>>) =>
      Object.entries(named).map(([name, dims]) => ({ name, type: FLOAT32, dims }));
    return {
      size: 0,
      opset: OPSET,
      metadata: new Map(),
      nodes: this.#nodes,
      constants: this.#constants,
      inputs: values(inputs),
      outputs: values(outputs),
    };
  }
}
