// The ground that lowering stands on: names to values, nodes to operations, and the sentences for what
// cannot be lowered. A name must be defined before it is read, so a graph with a cycle or a dangling name
// is refused by the same check.

import { EngineError } from '../error.ts';
import { type Constant, constantOf, floats, integers, sizeOf } from '../onnx/constant.ts';
import type { OnnxNode } from '../onnx/model.ts';
import type { Expression } from './expression.ts';
import { type LiveInput, type Operation, shapeOf, type Tensor } from './operation.ts';

/** What a name in the ONNX graph stands for. */
export type Value =
  | { readonly kind: 'tensor'; readonly tensor: Tensor }
  | { readonly kind: 'constant'; readonly constant: Constant }
  /** value = scale * (stored - zero), the scale per element of `axis` or one for all. */
  | {
      readonly kind: 'quantised';
      readonly constant: Constant;
      readonly scale: Float32Array;
      readonly zero: Float32Array;
      readonly axis: number;
    }
  /** One element, made of numbers and live inputs: never stored, always part of other expressions. */
  | { readonly kind: 'scalar'; readonly expression: Expression; readonly dims: readonly number[] };

/** More elements than any picture network has in one tensor; keeps a hostile shape from asking for all memory. */
const MOST_ELEMENTS = 2 ** 28;
const LONGEST_SIDE = 65536;

export function makeTensor(
  name: string,
  dims: readonly number[],
  constant: Float32Array | null = null,
): Tensor {
  if (dims.length > 4) {
    throw new EngineError(
      `Tensor '${name}' has ${dims.length} dimensions (${dims.join(' x ')}); the engine runs up to four.`,
    );
  }
  const size = sizeOf(dims, `Tensor '${name}'`);
  if (size === 0 || size > MOST_ELEMENTS || dims.slice(-2).some(side => side > LONGEST_SIDE)) {
    throw new EngineError(
      `Tensor '${name}' has ${size} elements (${dims.join(' x ')}), which the engine does not run.`,
    );
  }
  return { name, dims, shape: shapeOf(dims), constant };
}

export class Builder {
  readonly operations: Operation[] = [];
  readonly live: LiveInput[] = [];
  readonly #values = new Map<string, Value>();

  constructor(readonly opset: number) {}

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
}

/** One ONNX node as its lowering sees it: inputs by place, attributes by name and type. */
export class NodeView {
  readonly output: string;

  constructor(
    readonly builder: Builder,
    readonly node: OnnxNode,
  ) {
    this.output = node.outputs[0] ?? '';
  }

  fail(problem: string): EngineError {
    return new EngineError(`Node '${this.node.name}' (op ${this.node.op}) ${problem}`);
  }

  has(index: number): boolean {
    return Boolean(this.node.inputs[index]);
  }

  value(index: number): Value {
    const name = this.node.inputs[index];
    if (!name) throw this.fail(`lacks its input ${index}.`);
    const value = this.builder.find(name);
    if (value === undefined) {
      throw this.fail(`reads '${name}', which nothing before it makes (a missing name, or a cycle).`);
    }
    return value;
  }

  /** The input as a tensor in memory; a constant becomes one. */
  tensor(index: number): Tensor {
    return tensorOf(this.builder, this.value(index), this.node.inputs[index] ?? '');
  }

  constant(index: number): Constant {
    const value = this.value(index);
    if (value.kind === 'constant') return value.constant;
    if (value.kind === 'quantised') return dequantised(value, this.node.inputs[index] ?? '');
    throw this.fail(`needs its input ${index} ('${this.node.inputs[index]}') as a constant in the file.`);
  }

  /** Constant whole numbers, such as pads or a shape. */
  integers(index: number): number[] {
    return integers(this.constant(index));
  }

  floats(index: number): Float32Array {
    return floats(this.constant(index));
  }

  int(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'int' ? attribute.value : fallback;
  }

  float(name: string, fallback: number): number {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'float' ? attribute.value : fallback;
  }

  text(name: string, fallback: string): string {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'string' ? attribute.value : fallback;
  }

  ints(name: string): number[] | undefined {
    const attribute = this.node.attributes.get(name);
    return attribute?.kind === 'ints' ? attribute.value : undefined;
  }

  /** A pair such as strides: [vertical, horizontal], each at least `least`. */
  pair(name: string, fallback: number, least = 1): [number, number] {
    const [y, x, ...more] = this.ints(name) ?? [fallback, fallback];
    if (y === undefined || x === undefined || more.length > 0) {
      throw this.fail(`has '${name}' for another number of dimensions; the engine runs 2-D.`);
    }
    if (y < least || x < least || y > 4096 || x > 4096) {
      throw this.fail(`has the impossible ${name} [${y}, ${x}].`);
    }
    return [y, x];
  }

  define(value: Value): void {
    this.builder.define(this.output, value);
  }

  /** An output tensor of those dimensions. */
  made(dims: readonly number[]): Tensor {
    return makeTensor(this.output, dims);
  }
}

export function tensorOf(builder: Builder, value: Value, name: string): Tensor {
  if (value.kind === 'tensor') return value.tensor;
  if (value.kind === 'constant') return makeTensor(name, value.constant.dims, floats(value.constant));
  if (value.kind === 'quantised') {
    const constant = dequantised(value, name);
    return makeTensor(name, constant.dims, floats(constant));
  }
  const output = makeTensor(name, value.dims);
  builder.emit({ kind: 'map', name, inputs: [], output, epilogue: value.expression });
  return output;
}

export function dequantised(value: Extract<Value, { kind: 'quantised' }>, name: string): Constant {
  const { constant, scale, zero, axis } = value;
  const stored = floats(constant);
  const inner = constant.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const values = new Float32Array(stored.length);
  for (let i = 0; i < values.length; i++) {
    const k = scale.length === 1 ? 0 : Math.floor(i / inner) % scale.length;
    values[i] = (scale[k] ?? 0) * ((stored[i] ?? 0) - (zero[k] ?? 0));
  }
  return constantOf(name, constant.dims, values);
}

export function dimsOf(value: Value): readonly number[] {
  if (value.kind === 'tensor') return value.tensor.dims;
  return value.kind === 'scalar' ? value.dims : value.constant.dims;
}
