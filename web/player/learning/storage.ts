/** Stores weights as the file did that they were learned from: in 8 or 16 bits, for each channel, or as halves. It rounds
 * as `limner export` does. Fetched when such a look begins to learn. */
import { type Constant, constantOf, floats } from '../../engine/onnx/constant.ts';
import type { OnnxModel, OnnxNode } from '../../engine/onnx/model.ts';
import { NodeWriter, namesOf } from '../../engine/onnx/node-writer.ts';

const RANGES = {
  uint8: [0, 255],
  int8: [-128, 127],
  uint16: [0, 65535],
  int16: [-32768, 32767],
} as const;
type IntegerType = keyof typeof RANGES;
type Integers =
  | Uint8Array<ArrayBuffer>
  | Int8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int16Array<ArrayBuffer>;
interface MakeIntegers {
  readonly from: (values: ArrayLike<number>, map: (value: number, i: number) => number) => Integers;
}
const ARRAYS: Readonly<Record<IntegerType, MakeIntegers>> = {
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
};

/** Smaller float32 numbers have fewer bits. */
const TINY = 2 ** -126;

/** What a file of the stored form has in place of a float32 constant. */
interface Stored {
  readonly constants: readonly Constant[];
  readonly node: OnnxNode;
}

/** The learned model, with float32 weights, in the form of the original. What does not fit stays float32. */
export function withStorageOf(original: OnnxModel, learned: OnnxModel): OnnxModel {
  const constants = new Map(learned.constants);
  const writer = new NodeWriter(namesOf(learned), learned.opset);
  const nodes: OnnxNode[] = [];
  for (const node of original.nodes) {
    const weight = constants.get(node.outputs[0] ?? '');
    if (weight?.type !== 'float32') continue;
    const stored = storeAs(node, original, weight, writer);
    if (!stored) continue;
    constants.delete(weight.name);
    for (const one of stored.constants) constants.set(one.name, one);
    nodes.push(stored.node);
  }
  return { ...learned, constants, nodes: [...nodes, ...learned.nodes] };
}

/** How a node's weights are stored. */
interface Form {
  readonly type: IntegerType | 'float16';
  /** Of the channels, each with its own scale; null if all have one. */
  readonly axis: number | null;
  /** Of the scales. */
  readonly dims: readonly number[];
  /** Without one, zero is stored as zero. */
  readonly hasZeroPoint: boolean;
}

/** Whether weights that such a node reads can be stored as they were. */
export const isStorable = (node: OnnxNode, original: OnnxModel): boolean => formOf(node, original) !== null;

/** Null for a form that is not written here, and for nodes that read no stored weights. */
function formOf(node: OnnxNode, original: OnnxModel): Form | null {
  const [values, scale, zero] = node.inputs.map(name => original.constants.get(name));
  if (node.op === 'Cast' && values?.type === 'float16') {
    return { type: 'float16', axis: null, dims: [], hasZeroPoint: false };
  }
  const type = values?.type as IntegerType;
  if (node.op !== 'DequantizeLinear' || !values || !scale || !Object.hasOwn(RANGES, type)) return null;
  // Weights above zero may become others.
  const hasZeroPoint = zero !== undefined;
  if (!hasZeroPoint && RANGES[type][0] === 0) return null;
  const axis = axisOf(node, values);
  const channels = scale.bytes.length / Float32Array.BYTES_PER_ELEMENT;
  if (channels === 1) return { type, axis: null, dims: scale.dims, hasZeroPoint };
  const isByChannel = scale.dims.length === 1 && channels === values.dims[axis];
  return isByChannel ? { type, axis, dims: scale.dims, hasZeroPoint } : null;
}

/** As the original's node reads it. */
function storeAs(node: OnnxNode, original: OnnxModel, weight: Constant, writer: NodeWriter): Stored | null {
  const form = formOf(node, original);
  if (!form) return null;
  const { type, axis, dims, hasZeroPoint } = form;
  const nameOf = (what: string) => writer.freeName(`${weight.name}.${what}`);
  if (type === 'float16') {
    const halves = Uint16Array.from(floats(weight), toHalf);
    if (halves.includes(INFINITE) || halves.includes(INFINITE | SIGN)) return null;
    const stored = { ...weight, name: nameOf('stored'), type: 'float16' as const, bytes: bytesOf(halves) };
    return { constants: [stored], node: { ...node, inputs: [stored.name] } };
  }
  const made = quantize(weight, axis, type, hasZeroPoint);
  const constants: Constant[] = [
    { ...weight, name: nameOf('stored'), type, bytes: bytesOf(made.integers) },
    constantOf(nameOf('scale'), dims, made.scales),
  ];
  if (hasZeroPoint) constants.push({ name: nameOf('zero'), type, dims, bytes: bytesOf(made.zeros) });
  return { constants, node: { ...node, inputs: constants.map(({ name }) => name) } };
}

function axisOf({ attributes }: OnnxNode, { dims }: Constant): number {
  const axis = attributes.get('axis');
  const index = axis?.kind === 'int' ? axis.value : 1;
  return index < 0 ? index + dims.length : index;
}

/** Integers with a scale and a zero point for each channel; for the whole if there is no axis. Ranges include 0, which stays
 * exact. Without a zero point they reach as far below it as above, as ONNX Runtime's symmetric weights do. */
function quantize(weight: Constant, axis: number | null, type: IntegerType, hasZeroPoint: boolean) {
  const values = floats(weight);
  const count = axis === null ? 1 : (weight.dims[axis] ?? 1);
  const inner = axis === null ? values.length : weight.dims.slice(axis + 1).reduce((a, b) => a * b, 1);
  const channelOf = (i: number) => Math.floor(i / inner) % count;
  const [low, high] = [new Float64Array(count), new Float64Array(count)];
  values.forEach((value, i) => {
    const channel = channelOf(i);
    low[channel] = Math.min(low[channel] ?? 0, value);
    high[channel] = Math.max(high[channel] ?? 0, value);
  });
  const [least, most] = RANGES[type];
  const scaleOf = (from: number, to: number) =>
    hasZeroPoint ? (to - from) / (most - least) : Math.max(to, -from) / most;
  const scales = Float32Array.from(low, (from, i) => scaleOf(from, high[i] ?? 0)).map(scale =>
    scale < TINY ? 1 : scale,
  );
  const make = ARRAYS[type];
  const zeros = make.from(low, (from, i) =>
    hasZeroPoint ? roundToEven(-from / (scales[i] ?? 1)) + least : 0,
  );
  const integers = make.from(values, (value, i) => {
    const channel = channelOf(i);
    const integer = roundToEven(value / (scales[channel] ?? 1)) + (zeros[channel] ?? 0);
    return Math.min(Math.max(least, integer), most);
  });
  return { integers, scales, zeros };
}

function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

const SIGN = 0x8000;
const INFINITE = 0x7c00;
const BITS = new Uint32Array(1);
const SINGLE = new Float32Array(BITS.buffer);

/** The bits of the nearest half; of two, the even one. */
function toHalf(value: number): number {
  SINGLE[0] = value;
  const [bits = 0] = BITS;
  const sign = (bits >>> 16) & SIGN;
  const size = Math.abs(value);
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const shifted = (bits & 0x7fffffff) - (112 << 23); // another bias of the exponent
  return sign | Math.min((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13, INFINITE);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView<ArrayBuffer>): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);
