// From an ONNX graph to ours: one function per operator, in a table that is the list of what the engine
// runs. A node that is not in it is refused by name, before anything is compiled: all or nothing.

import { EngineError } from '../error.ts';
import { constantOf, floats, sizeOf } from '../onnx/constant.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import { lowerDepthToSpace, lowerGather, lowerSpaceToDepth, lowerSplit } from './blocks.ts';
import { Builder, dimsOf, makeTensor, NodeView } from './builder.ts';
import { lowerConv, lowerConvTranspose, windowPads } from './convolutions.ts';
import { isElementwise, lowerElementwise, mapOver } from './elementwise.ts';
import { binary, input } from './expression.ts';
import type { Graph, Tensor } from './operation.ts';
import {
  lowerAveragePool,
  lowerGlobalAverage,
  lowerMatMul,
  lowerReduce,
  lowerResize,
  pooledSize,
} from './resampling.ts';
import {
  lowerConcat,
  lowerFlatten,
  lowerPad,
  lowerReshape,
  lowerShape,
  lowerSlice,
  lowerSqueeze,
  lowerTranspose,
  lowerUnsqueeze,
} from './shapes.ts';

const OPERATORS: Readonly<Record<string, (node: NodeView) => void>> = {
  AveragePool: lowerAveragePool,
  BatchNormalization: lowerBatchNorm,
  Cast: lowerCast,
  Concat: lowerConcat,
  Constant: lowerConstant,
  Conv: lowerConv,
  ConvTranspose: lowerConvTranspose,
  DepthToSpace: lowerDepthToSpace,
  DequantizeLinear: lowerDequantize,
  Dropout: lowerIdentity,
  Expand: lowerExpand,
  Flatten: lowerFlatten,
  Gather: lowerGather,
  GlobalAveragePool: lowerGlobalAverage,
  Identity: lowerIdentity,
  InstanceNormalization: lowerInstanceNorm,
  MatMul: lowerMatMul,
  MaxPool: lowerMaxPool,
  Pad: lowerPad,
  ReduceMean: lowerReduce,
  ReduceSum: lowerReduce,
  Reshape: lowerReshape,
  Resize: lowerResize,
  Shape: lowerShape,
  Slice: lowerSlice,
  SpaceToDepth: lowerSpaceToDepth,
  Split: lowerSplit,
  Squeeze: lowerSqueeze,
  Transpose: lowerTranspose,
  Unsqueeze: lowerUnsqueeze,
  Upsample: lowerResize,
};

/** More than any picture network has; fusion looks at the whole graph for each node that it fuses. */
const MOST_NODES = 2048;

export async function lower(model: OnnxModel): Promise<Graph> {
  if (model.nodes.length > MOST_NODES) {
    throw new EngineError(`The model has ${model.nodes.length} nodes; the engine runs up to ${MOST_NODES}.`);
  }
  const builder = new Builder(model);
  const inputs = model.inputs.flatMap(value => defineInput(builder, model, value));
  for (const [name, constant] of model.constants) {
    if (builder.find(name) === undefined) builder.define(name, { kind: 'constant', constant });
  }
  for (const node of model.nodes) {
    const view = new NodeView(builder, node);
    try {
      operatorOf(view)(view);
    } catch (error) {
      throw view.blamed(error);
    }
  }
  const outputs = model.outputs.map(({ name }) => {
    const value = builder.find(name);
    if (value === undefined) throw new EngineError(`The model's output '${name}' is made by no node.`);
    return outputTensor(builder, name, builder.tensor(value, name), inputs);
  });
  return { operations: builder.operations, inputs, outputs, live: builder.live };
}

function operatorOf(view: NodeView): (node: NodeView) => void {
  const { op, domain } = view.node;
  if (domain === '' || domain === 'ai.onnx') {
    const operator = Object.hasOwn(OPERATORS, op) ? OPERATORS[op] : undefined;
    if (operator) return operator;
    if (isElementwise(op)) return lowerElementwise;
  }
  throw view.fail('is not supported by the engine; see its README for the operators that are.');
}

/** Outputs have the name that the model gives them and are made by an operation. */
function outputTensor(builder: Builder, name: string, tensor: Tensor, inputs: readonly Tensor[]): Tensor {
  if (tensor.name === name && !inputs.includes(tensor) && tensor.constant === null) return tensor;
  const output = makeTensor(name, tensor.dims);
  builder.emit({ kind: 'map', name, inputs: [tensor], output, epilogue: input(0) });
  return output;
}

function defineInput(builder: Builder, model: OnnxModel, { name, type, dims }: OnnxValue): Tensor[] {
  const constant = model.constants.get(name);
  const shape = constant?.dims ?? dims;
  if (shape === null || shape === undefined)
    throw new EngineError(`The model's input '${name}' has no shape.`);
  // A scalar is live: it may be turned from frame to frame. Other inputs with a default keep it.
  if (shape.length === 0) {
    // Values go to and fro in objects by name, and this is the one name that no object can have.
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
    throw new EngineError(
      `The model's input '${name}' is not of float32; the engine runs pictures of float32.`,
    );
  }
  const known = shape.map((dim, i) => {
    if (typeof dim === 'number') return dim;
    if (i === 0) return 1;
    throw new EngineError(
      `The model's input '${name}' leaves its dimension '${dim}' open; export a fixed size.`,
    );
  });
  const tensor = makeTensor(name, known);
  builder.define(name, { kind: 'tensor', tensor });
  return [tensor];
}

function lowerIdentity(node: NodeView): void {
  if (node.node.op === 'Dropout' && node.has(2) && node.constant(2).bytes[0] !== 0) {
    throw node.fail('drops values as in training; export the model for inference.');
  }
  node.define(node.value(0));
}

/** To float of any width: everything is computed in float32. Constants keep the bytes that they have. */
function lowerCast(node: NodeView): void {
  const to = node.int('to', 1);
  const value = node.value(0);
  if (to !== 1 && to !== 10 && to !== 11) {
    if (value.kind !== 'constant' || to !== 7)
      throw node.fail(`casts to type ${to}, which the engine does not run.`);
  }
  node.define(value);
}

function lowerConstant(node: NodeView): void {
  const value = node.node.attributes.get('value');
  if (value?.kind === 'tensor') {
    node.define({ kind: 'constant', constant: value.value });
    return;
  }
  const single = node.node.attributes.get('value_float') ?? node.node.attributes.get('value_int');
  const many = node.node.attributes.get('value_floats') ?? node.node.attributes.get('value_ints');
  if (single?.kind === 'float' || single?.kind === 'int') {
    node.define({ kind: 'constant', constant: constantOf(node.output, [], Float32Array.of(single.value)) });
  } else if (many?.kind === 'floats' || many?.kind === 'ints') {
    const values = Float32Array.from(many.value);
    node.define({ kind: 'constant', constant: constantOf(node.output, [values.length], values) });
  } else throw node.fail('holds no tensor of numbers.');
}

function lowerDequantize(node: NodeView): void {
  const stored = node.value(0);
  if (stored.kind !== 'constant')
    throw node.fail('dequantises what is computed; the engine takes constants only.');
  const { constant } = stored;
  const scale = node.floats(1);
  const zero = node.has(2) ? node.floats(2) : new Float32Array(scale.length);
  const axis = node.int('axis', 1);
  // One scale for all has no axis, and then the default may be beyond the last.
  const place = scale.length === 1 ? 0 : node.axis(axis, constant.dims.length);
  const fits = scale.length === 1 || scale.length === constant.dims[place];
  if (!fits || zero.length !== scale.length || node.int('block_size', 0) !== 0) {
    throw node.fail(
      `has ${scale.length} scales and ${zero.length} zero points, which do not fit its axis ${axis}.`,
    );
  }
  node.define({ kind: 'quantised', constant, scale, zero, axis: place });
}

/** Inference: a scale and a shift per channel, which the passes fold into the convolution before it. */
function lowerBatchNorm(node: NodeView): void {
  if (node.int('training_mode', 0) === 1)
    throw node.fail('is in training mode; export the model for inference.');
  const value = node.value(0);
  const dims = dimsOf(value);
  const [scale, shift, mean, variance] = [1, 2, 3, 4].map(i => node.floats(i));
  const channels = dims[1] ?? 0;
  if (dims.length !== 4 || !scale || !shift || !mean || !variance || scale.length !== channels) {
    throw node.fail('needs a 2-D picture and a scale per channel.');
  }
  const epsilon = node.float('epsilon', 1e-5);
  const factor = scale.map((s, i) => s / Math.sqrt((variance[i] ?? 0) + epsilon));
  const offset = shift.map((b, i) => b - (mean[i] ?? 0) * (factor[i] ?? 0));
  node.define(
    mapOver(node, dims, [value], ([x]) => {
      const scaled = binary('mul', x ?? input(0), { kind: 'channel', values: factor });
      return binary('add', scaled, { kind: 'channel', values: offset });
    }),
  );
}

function lowerInstanceNorm(node: NodeView): void {
  const tensor = node.tensor(0);
  const [scale, shift] = [node.floats(1), node.floats(2)];
  if (tensor.dims.length !== 4 || scale.length !== tensor.dims[1] || shift.length !== scale.length) {
    throw node.fail('needs a 2-D picture and a scale and shift per channel.');
  }
  node.define(
    node.builder.emit({
      kind: 'normalise',
      name: node.node.name,
      inputs: [tensor],
      output: node.made(tensor.dims),
      epilogue: null,
      epsilon: node.float('epsilon', 1e-5),
      scale,
      shift,
    }),
  );
}

function lowerMaxPool(node: NodeView): void {
  const tensor = node.tensor(0);
  if (tensor.dims.length !== 4) throw node.fail('has no 2-D picture as its input.');
  if (node.node.outputs[1]) throw node.fail('returns indices, which the engine does not run.');
  const kernel = node.pair('kernel_shape', 1);
  const strides = node.pair('strides', 1);
  const dilations = node.pair('dilations', 1);
  const [n, c, height, width] = tensor.shape;
  const pads = windowPads(node, [height, width], { kernel, strides, dilations });
  const ceil = node.int('ceil_mode', 0) === 1;
  const [tall, wide] = ([0, 1] as const).map(i => {
    const size = (i === 0 ? height : width) + pads[i];
    const extent = (kernel[i] - 1) * dilations[i] + 1;
    return pooledSize(size + (pads[i + 2] ?? 0), extent, strides[i], ceil, size);
  });
  const common = { name: node.node.name, inputs: [tensor], output: node.made([n, c, tall ?? 0, wide ?? 0]) };
  const before = [pads[0], pads[1]] as const;
  node.define(
    node.builder.emit({ kind: 'maxPool', ...common, epilogue: null, kernel, strides, before, dilations }),
  );
}

function lowerExpand(node: NodeView): void {
  const value = node.value(0);
  const before = dimsOf(value);
  const asked = node.integers(1);
  const rank = Math.max(before.length, asked.length);
  const dims = Array.from({ length: rank }, (_, i) => {
    const [a, b] = [before[i - rank + before.length] ?? 1, asked[i - rank + asked.length] ?? 1];
    if (a !== b && a !== 1 && b !== 1)
      throw node.fail(`cannot expand [${before.join(', ')}] to [${asked.join(', ')}].`);
    return a === 1 ? b : a;
  });
  sizeOf(dims, node.output);
  node.define(mapOver(node, dims, [value], ([x]) => x ?? input(0)));
}
