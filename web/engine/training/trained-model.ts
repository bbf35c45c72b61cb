// The file of a model that has learned.

import { EngineError } from '../error.ts';
import { constantOf } from '../onnx/constant.ts';
import type { OnnxModel } from '../onnx/model.ts';
import { writeModel } from '../onnx/write-model.ts';
import type { Tensors } from './backend.ts';

/** The model with other values of some constants, as a file. Constants that nothing reads are left out. */
export function writeTrained(model: OnnxModel, learned: Tensors): Uint8Array {
  const read = new Set(model.nodes.flatMap(({ inputs }) => inputs));
  for (const { name } of model.inputs) read.add(name);
  const constants = new Map([...model.constants].filter(([name]) => read.has(name)));
  for (const [name, values] of learned) {
    const constant = constants.get(name);
    if (!constant) throw new EngineError(`The model has no constant '${name}' that a layer reads.`);
    constants.set(name, constantOf(name, constant.dims, values));
  }
  return writeModel({ ...model, constants });
}
