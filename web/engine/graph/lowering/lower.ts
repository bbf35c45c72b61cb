// Lowering from ONNX to the engine's graph: one function per operator, in tables that list what the engine runs. A
// node that is in no table is refused by name, before anything is compiled.

import { EngineError } from '../../error.ts';
import { floats } from '../../onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../../onnx/model.ts';
import { input } from '../ir/expression.ts';
import type { Graph } from '../ir/operation.ts';
import { makeTensor, type Tensor } from '../ir/tensor.ts';
import { GraphBuilder, NodeReader } from './builder.ts';
import { isByAxis, isToFloat, lowerCast, lowerDequantize } from './cast.ts';
import { lowerConv, lowerConvTranspose } from './conv.ts';
import { isDoubling, lowerDoubling } from './doubling.ts';
import { ELEMENTWISE, type LoweringLater } from './elementwise.ts';
import { isByConstant, lowerMatMulByConstant } from './matmul-constant.ts';
import { lowerConcat, lowerPad, lowerSlice, lowerTranspose } from './movement.ts';

type Lowerings = Readonly<Record<string, LoweringLater>>;

/** The operators of our own looks. */
export const OPERATORS: Lowerings = {
  ...ELEMENTWISE,
  Cast: lowerCast,
  Concat: lowerConcat,
  Conv: lowerConv,
  ConvTranspose: lowerConvTranspose,
  DequantizeLinear: lowerDequantize,
  MatMul: lowerMatMulByConstant,
  Pad: lowerPad,
  Resize: lowerDoubling,
  Slice: lowerSlice,
  Transpose: lowerTranspose,
};

/** The kinds of nodes that our own looks have, of operators that `extended.ts` lowers in general. */
const IS_COMMON: Readonly<Record<string, (node: NodeReader) => boolean>> = {
  Cast: isToFloat,
  Concat: node => isOfSeveral(node) && node.node.inputs.some((_, i) => !('constant' in node.value(i))),
  DequantizeLinear: isByAxis,
  MatMul: isByConstant,
  Resize: isDoubling,
};

/** Whether no input is read twice. */
const isOfSeveral = ({ node: { inputs } }: NodeReader): boolean => new Set(inputs).size === inputs.length;

/** Whether all inputs of an element-wise node are constants. Such a node is folded. */
const hasConstantsAlone = (reader: NodeReader): boolean =>
  Object.hasOwn(ELEMENTWISE, reader.node.op) &&
  reader.node.inputs.every((name, i) => !name || 'constant' in reader.value(i));

/** The entry of a table by an operator's name, which comes from the file: none may be inherited from Object. */
const entryOf = <T>(table: Readonly<Record<string, T>>, op: string): T | undefined =>
  Object.hasOwn(table, op) ? table[op] : undefined;

async function findLowering(reader: NodeReader, more: Lowerings): Promise<LoweringLater> {
  const { op, domain } = reader.node;
  const special = entryOf(more, op);
  if (special) return special;
  if (domain === '' || domain === 'ai.onnx') {
    const isCommon = entryOf(IS_COMMON, op)?.(reader) ?? true;
    const common = isCommon && !hasConstantsAlone(reader) ? entryOf(OPERATORS, op) : undefined;
    const lowering = common ?? entryOf((await import('./extended.ts')).EXTENDED, op);
    if (lowering) return lowering;
  }
  throw reader.fail('is not supported by the engine; see its README for the operators that are.');
}

/** Lowers the inputs, the constants and the nodes. The builder knows all values by their names then. `more` comes before
 * the tables of this file. */
export async function lowerNodes(
  model: OnnxModel,
  more: Lowerings = {},
): Promise<{ builder: GraphBuilder; inputs: Tensor[] }> {
  const builder = new GraphBuilder(model);
  const inputs = model.inputs.flatMap(value => defineInput(builder, model, value));
  for (const [name, constant] of model.constants) {
    if (builder.find(name) === undefined) builder.define(name, { kind: 'constant', constant });
  }
  for (const node of model.nodes) {
    const reader = new NodeReader(builder, node);
    try {
      const lowering = await findLowering(reader, more);
      await lowering(reader);
    } catch (error) {
      throw reader.withNodeName(error);
    }
  }
  return { builder, inputs };
}

export async function lower(model: OnnxModel, more?: Lowerings): Promise<Graph> {
  const { builder, inputs } = await lowerNodes(model, more);
  const outputs = model.outputs.map(({ name }) => {
    const value = builder.find(name);
    if (value === undefined) throw new EngineError(`The model's output '${name}' is computed by no node.`);
    return outputTensor(builder, name, builder.tensor(value, name), inputs);
  });
  return { operations: builder.operations, inputs, outputs, live: builder.live };
}

/** An output has the model's name and is computed by an operation. */
function outputTensor(
  builder: GraphBuilder,
  name: string,
  tensor: Tensor,
  inputs: readonly Tensor[],
): Tensor {
  if (tensor.name === name && !inputs.includes(tensor) && tensor.constant === null) return tensor;
  const output = makeTensor(name, tensor.dims);
  builder.emit({ kind: 'elementwise', name, inputs: [tensor], output, epilogue: input(0) });
  return output;
}

function defineInput(builder: GraphBuilder, model: OnnxModel, { name, type, dims }: OnnxValue): Tensor[] {
  const constant = model.constants.get(name);
  const shape = constant?.dims ?? dims;
  if (shape === null || shape === undefined)
    throw new EngineError(`The model's input '${name}' has no shape.`);
  // A scalar is a live input, which may change from frame to frame. Other inputs keep their default.
  if (shape.length === 0) {
    // Values are passed in objects by name, and no object can have this one.
    if (name === '__proto__') throw new EngineError("The live input '__proto__' needs another name.");
    const value = constant ? (floats(constant)[0] ?? 0) : 0;
    builder.define(name, {
      kind: 'scalar',
      expression: { kind: 'live', index: builder.live.length },
      dims: [],
    });
    builder.live.push({ name, default: value });
    return [];
  }
  if (constant) return [];
  if (type !== 1 && type !== 10) {
    throw new EngineError(`The model's input '${name}' is not of float32; the engine supports float32.`);
  }
  const known = shape.filter(dim => typeof dim === 'number');
  if (known.length < shape.length) throw new EngineError(`The model's input '${name}' has open dimensions.`);
  const tensor = makeTensor(name, known);
  builder.define(name, { kind: 'tensor', tensor });
  return [tensor];
}
