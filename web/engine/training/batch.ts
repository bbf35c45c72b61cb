// One batch: what a training step is given, checked.

import { EngineError } from '../error.ts';
import { productOf } from '../graph/ir/strides.ts';
import { floats } from '../onnx/constant.ts';
import type { OnnxModel } from '../onnx/model.ts';
import type { Tensors } from './backend.ts';
import type { LossName } from './losses.ts';
import type { TrainingStep } from './step.ts';

/** Arrays in ONNX's order, by the names of the model's inputs and of the target. */
export type Batch = Readonly<Record<string, Float32Array>>;

/** An input of a step, and its shape. */
export interface BatchInput {
  readonly name: string;
  /** None for a live input, which is one number. */
  readonly dims: readonly number[];
  /** The value of the file, where it has one: the input may be left out. */
  readonly usual: Float32Array | null;
  /** Its numbers are classes, from 0 on; null if they may be any. */
  readonly classes: number | null;
}

/** What a batch must have: the model's inputs, and the target. */
export function batchInputs(
  { inference, model, target, comparedDims }: TrainingStep,
  loss: LossName,
): BatchInput[] {
  const classes = loss === 'crossEntropy' ? (comparedDims[1] ?? 1) : null;
  const own = new Set([...inference.inputs.map(({ name }) => name), target]);
  return model.inputs.flatMap(({ name, dims }) => {
    const constant = model.constants.get(name);
    const shape = constant?.dims ?? dims?.map(Number) ?? [];
    // A constant of several numbers among the inputs stays as it is.
    if (!own.has(name) || (constant && shape.length > 0)) return [];
    return {
      name,
      dims: shape,
      usual: constant ? floats(constant) : null,
      classes: name === target ? classes : null,
    };
  });
}

/** The arrays of a batch, by name. `known` are those that need no check, and becomes those that were checked. Throws an
 * EngineError that says what is wrong with the batch. */
export function readBatch(
  inputs: readonly BatchInput[],
  batch: Batch,
  known?: WeakSet<Float32Array>,
): Tensors {
  const unknown = Object.keys(batch).find(name => !inputs.some(input => input.name === name));
  const names = inputs.map(({ name }) => name).join(', ');
  if (unknown !== undefined) throw new EngineError(`A batch has no '${unknown}'; it has: ${names}.`);
  const found = new Map<string, Float32Array>();
  for (const { name, dims, usual, classes } of inputs) {
    const values = (Object.hasOwn(batch, name) ? batch[name] : undefined) ?? usual;
    const size = productOf(dims);
    if (!(values instanceof Float32Array)) {
      throw new EngineError(`The batch lacks '${name}', a Float32Array of ${size}; it has: ${names}.`);
    }
    if (values.length !== size) {
      const shape = dims.length > 1 ? ` (${dims.join(' x ')})` : '';
      throw new EngineError(`'${name}' of the batch needs ${size} numbers${shape} and has ${values.length}.`);
    }
    // A number that may be changed in place is no picture.
    if (dims.length === 0 || !known?.has(values)) checkValues(name, values, classes);
    known?.add(values);
    found.set(name, values);
  }
  return found;
}

function checkValues(name: string, values: Float32Array, classes: number | null): void {
  const isGood = (value: number) =>
    classes === null ? Number.isFinite(value) : Number.isInteger(value) && value >= 0 && value < classes;
  const bad = values.findIndex(value => !isGood(value));
  if (bad < 0) return;
  const wanted = classes === null ? 'finite numbers' : `classes from 0 to ${classes - 1}`;
  throw new EngineError(`'${name}' of the batch is ${values[bad]} at index ${bad}; give ${wanted}.`);
}

/** The model for batches of that size. A file may be open for any, or be made for single ones. */
export function withBatchSize(model: OnnxModel, batch: number): OnnxModel {
  if (!Number.isSafeInteger(batch) || batch < 1) {
    throw new EngineError(`The batch is given as ${batch}, which is no positive integer.`);
  }
  const inputs = model.inputs.map(value => {
    const [first, ...rest] = value.dims ?? [];
    if (first === undefined || model.constants.has(value.name)) return value;
    if (typeof first === 'number' && first !== 1 && first !== batch) {
      throw new EngineError(
        `The model's input '${value.name}' takes ${first} examples at once, and the batch is given as ${batch}: give ${first}.`,
      );
    }
    return { ...value, dims: [batch, ...rest] };
  });
  return { ...model, inputs };
}
