// What lowering builds on: names to values, nodes to operations, and the errors for what cannot be lowered. A name
// must be defined before it is read, so the same check refuses cycles and dangling names.

import { EngineError } from '../../error.ts';
import { type Constant, floats, integers, isCopied, lazyConstant, sizeOf } from '../../onnx/constant.ts';
import type { Attribute, OnnxModel, OnnxNode } from '../../onnx/model.ts';
import type { Expression } from '../ir/expression.ts';
import type { LiveInput, Operation, Weights } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';

/** What a name of the ONNX graph refers to. */
export type Value =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  | { readonly kind: 'constant'; readonly constant: Constant }
  | Quantized
  /** One element, computed from numbers and live inputs. It is never stored, but part of other expressions. */
  | { readonly kind: 'scalar'; readonly expression: Expression; readonly dims: readonly number[] };

/** value = scale * (stored - zero). There is one scale per element of `axis`, or one for all. */
export interface Quantized {
  readonly kind: 'quantized';
  readonly constant: Constant;
  readonly scale: Float32Array;
  readonly zero: Float32Array;
  readonly axis: number;
}

/** Pads, axes and shapes have at most eight numbers, lists of splits a few more. */
export const MAX_INTEGERS = 256;
/** Memory for constants while a graph is lowered: twice the file's size, and a little more for small files. */
const BUDGET_PER_FILE_BYTE = 2;
const BASE_BUDGET = 4 * 2 ** 20;

export class GraphBuilder {
  readonly opset: number;
  /** Bytes that constants may take besides the file. */
  readonly budget: number;
  readonly operations: Operation[] = [];
  readonly live: LiveInput[] = [];
  /** Weights of convolutions that were read, by their value and layout. */
  readonly weights = new Map<Value, Map<string, Weights>>();
  readonly #values = new Map<string, Value>();
  readonly #floats = new Map<Constant, Float32Array>();
  readonly #tensors = new Map<Constant, Tensor>();
  readonly #dequantized = new Map<Value, Constant>();
  #spent = 0;

  constructor({ opset, size }: Pick<OnnxModel, 'opset' | 'size'>) {
    this.opset = opset;
    this.budget = BASE_BUDGET + BUDGET_PER_FILE_BYTE * size;
  }

  /** Call it before allocating memory besides the file's. */
  spend(bytes: number): void {
    this.#spent += bytes;
    if (this.#spent <= this.budget) return;
    throw new EngineError(
      `The model's constants take ${this.#spent} bytes; the engine allows ${this.budget} for its size.`,
    );
  }

  define(name: string, value: Value): void {
    if (this.#values.has(name)) {
      throw new EngineError(`The name '${name}' is given to two values; ONNX allows one.`);
    }
    this.#values.set(name, value);
  }

  find(name: string): Value | undefined {
    return this.#values.get(name);
  }

  emit(operation: Operation): Value {
    this.operations.push(operation);
    return { kind: 'tensor', tensor: operation.output };
  }

  /** A constant's numbers, converted once for all nodes that read it. */
  floats(constant: Constant): Float32Array {
    const known = this.#floats.get(constant);
    if (known) return known;
    if (isCopied(constant)) this.spend(4 * sizeOf(constant.dims, constant.name));
    const made = floats(constant);
    this.#floats.set(constant, made);
    return made;
  }

  /** The dequantized constant. Its bytes are computed on first use. */
  dequantize(value: Quantized): Constant {
    const known = this.#dequantized.get(value);
    const made = known ?? lazyConstant(value.constant, () => this.#bytes(value));
    this.#dequantized.set(value, made);
    return made;
  }

  #bytes({ constant, scale, zero, axis }: Quantized): Uint8Array {
    const inner = productOf(constant.dims.slice(axis + 1));
    this.spend(4 * sizeOf(constant.dims, constant.name));
    const values = floats(constant).map((stored, i) => {
      const k = scale.length === 1 ? 0 : Math.floor(i / inner) % scale.length;
      return (scale[k] ?? 0) * (stored - (zero[k] ?? 0));
    });
    return new Uint8Array(values.buffer);
  }

  /** The value as a tensor in memory. A constant becomes one tensor, whoever reads it. */
  tensor(value: Value, name: string): Tensor {
    if (value.kind === 'tensor') return value.tensor;
    if (value.kind === 'scalar') {
      const output = makeTensor(name, value.dims);
      this.emit({ kind: 'elementwise', name, inputs: [], output, epilogue: value.expression });
      return output;
    }
    const constant = value.kind === 'quantized' ? this.dequantize(value) : value.constant;
    const known = this.#tensors.get(constant);
    if (known) return known;
    const made = makeTensor(name, constant.dims, this.floats(constant));
    this.#tensors.set(constant, made);
    return made;
  }
}

const isOf = <K extends Attribute['kind']>(
  attribute: Attribute,
  kind: K,
): attribute is Extract<Attribute, { kind: K }> => attribute.kind === kind;

/** Reads one ONNX node for its lowering: inputs by index, attributes by name and type. */
export class NodeReader {
  readonly output: string;

  constructor(
    readonly builder: GraphBuilder,
    readonly node: OnnxNode,
  ) {
    this.output = node.outputs[0] ?? '';
  }

  get #title(): string {
    return `Node '${this.node.name}' (op ${this.node.op})`;
  }

  fail(problem: string): EngineError {
    return new EngineError(`${this.#title} ${problem}`);
  }

  /** Adds the node's name to an error. Errors that are not the file's fault stay as they are. */
  withNodeName(error: unknown): unknown {
    if (error instanceof RangeError) return this.fail(`needs more memory than there is (${error.message}).`);
    if (!(error instanceof EngineError) || error.message.startsWith(this.#title)) return error;
    return this.fail(`cannot be run: ${error.message}`);
  }

  has(index: number): boolean {
    return Boolean(this.node.inputs[index]);
  }

  value(index: number): Value {
    const name = this.node.inputs[index];
    if (!name) throw this.fail(`lacks its input ${index}.`);
    const value = this.builder.find(name);
    if (value === undefined) {
      throw this.fail(`reads '${name}', which no earlier node computes (a missing name, or a cycle).`);
    }
    return value;
  }

  /** The input as a tensor in memory; a constant becomes one. */
  tensor(index: number): Tensor {
    return this.builder.tensor(this.value(index), this.node.inputs[index] ?? '');
  }

  constant(index: number): Constant {
    const value = this.value(index);
    if (value.kind === 'constant') return value.constant;
    if (value.kind === 'quantized') return this.builder.dequantize(value);
    throw this.fail(`needs its input ${index} ('${this.node.inputs[index]}') as a constant in the file.`);
  }

  /** Constant integers, such as pads or a shape. */
  integers(index: number): number[] {
    const constant = this.constant(index);
    const size = sizeOf(constant.dims, constant.name);
    if (size > MAX_INTEGERS)
      throw this.fail(`takes ${size} numbers from its input ${index}, which is too many for a shape.`);
    return integers(constant);
  }

  floats(index: number): Float32Array {
    return this.builder.floats(this.constant(index));
  }

  int(name: string, fallback: number): number {
    return this.#attribute(name, 'int')?.value ?? fallback;
  }

  float(name: string, fallback: number): number {
    return this.#attribute(name, 'float')?.value ?? fallback;
  }

  text(name: string, fallback: string): string {
    return this.#attribute(name, 'string')?.value ?? fallback;
  }

  ints(name: string): number[] | undefined {
    return this.#attribute(name, 'ints')?.value;
  }

  /** Undefined if the attribute is missing. */
  #attribute<K extends Attribute['kind']>(
    name: string,
    kind: K,
  ): Extract<Attribute, { kind: K }> | undefined {
    const attribute = this.node.attributes.get(name);
    if (attribute === undefined || isOf(attribute, kind)) return attribute;
    throw this.fail(`has '${name}' as ${attribute.kind}, but it must be ${kind}.`);
  }

  /** An axis counted from the front. ONNX counts negative ones from the back. */
  axis(listed: number, rank: number): number {
    const axis = listed < 0 ? listed + rank : listed;
    if (axis < 0 || axis >= rank) throw this.fail(`has axis ${listed} for ${rank} dimensions.`);
    return axis;
  }

  axes(listed: readonly number[], rank: number): number[] {
    const axes = listed.map(axis => this.axis(axis, rank));
    if (new Set(axes).size !== axes.length) throw this.fail(`names an axis twice in [${listed.join(', ')}].`);
    return axes;
  }

  /** A pair such as strides, [vertical, horizontal], each at least `least`. A line has only the second. */
  pair(name: string, line: boolean, fallback: number, least = 1): [number, number] {
    const listed = this.ints(name) ?? (line ? [fallback] : [fallback, fallback]);
    const [y, x, ...more] = line ? [least, ...listed] : listed;
    if (y === undefined || x === undefined || more.length > 0) {
      throw this.fail(`has '${name}' for ${listed.length} dimensions and not for ${line ? 1 : 2}.`);
    }
    if (y < least || x < least || y > 4096 || x > 4096) {
      throw this.fail(`has the impossible ${name} [${y}, ${x}].`);
    }
    return [y, x];
  }

  define(value: Value): void {
    this.builder.define(this.output, value);
  }

  /** Makes an output tensor of those dimensions. */
  outputTensor(dims: readonly number[]): Tensor {
    return makeTensor(this.output, dims);
  }
}

export function dimsOf(value: Value): readonly number[] {
  if (value.kind === 'tensor') return value.tensor.dims;
  return value.kind === 'scalar' ? value.dims : value.constant.dims;
}
