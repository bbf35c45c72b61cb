/**
 * Rewrites a look for ONNX Runtime, which computes a convolution of a doubled image as it is written: nine
 * taps for each output, where four are enough. It becomes a 4x4 transposed convolution of stride 2 with the
 * kernel M w M^T, which is the same function. The file gets nodes that compute the kernel from the nine
 * weights; the runtime evaluates them once, when it loads the file.
 *
 * `limner/look/transposed.py` does the same for Python.
 */
import { EngineError } from '../../../engine/index.ts';
import { floats } from '../../../engine/onnx/constant.ts';
import { bigints } from '../../../engine/onnx/integers.ts';
import { type OnnxModel, type OnnxNode, readModel } from '../../../engine/onnx/model.ts';
import { isBytes, readFields } from '../onnx-fields.ts';
import { type Bytes, concat, type NewNode, writeField, writeNode } from '../onnx-writer.ts';

const GRAPH = 7; // ModelProto.graph
const NODE = 1; // GraphProto.node

/** Their inner graphs may read any value, and are not looked into. */
const CONTROL_FLOW = ['If', 'Loop', 'Scan'];

const FLOAT32 = 1; // TensorProto.FLOAT

const EDGE_PADS = '0,0,1,1,0,0,1,1';

/** M: which of the three taps reach each of the four rows of the transposed kernel. */
const SPREAD = [
  [0, 0, 1],
  [0, 1, 1],
  [1, 1, 0],
  [1, 0, 0],
];
const TRANSPOSED_SPREAD = [0, 1, 2].map(tap => SPREAD.map(row => row[tap] ?? 0));

const SPREAD_NAME = 'limner.spread';
const TRANSPOSED_SPREAD_NAME = 'limner.spread.transposed';

/** A 3x3 convolution of a doubled image. */
interface DoubledConv {
  readonly conv: OnnxNode;
  /** The image before it is doubled. */
  readonly image: string;
  /** The constant with the pads that repeat the edge; null where zeros are around the doubled image. */
  readonly edgePads: string | null;
}

/** The same ONNX file with transposed convolutions in place of those of doubled images. A file that our reader refuses
 * stays as it is: the runtime reads more. */
export function withTransposedConvs(bytes: Bytes): Bytes {
  try {
    return rewrite(bytes, readModel(bytes));
  } catch (error) {
    if (error instanceof EngineError) return bytes;
    throw error;
  }
}

function rewrite(bytes: Bytes, model: OnnxModel): Bytes {
  const found = findDoubledConvs(model);
  if (found.size === 0 || model.nodes.some(({ op }) => CONTROL_FLOW.includes(op))) return bytes;
  const read = new Set(model.outputs.map(output => output.name));
  const nodes: Bytes[] = [];
  const file = readFields(bytes);
  const graph = file.flatMap(([field, content]) =>
    field === GRAPH && isBytes(content) ? readFields(content) : [],
  );
  const originals = graph.filter(([field]) => field === NODE).map(([, content]) => content);
  for (let at = model.nodes.length - 1; at >= 0; at--) {
    const node = model.nodes[at];
    if (!node || (isReplaceable(node) && !node.outputs.some(name => read.has(name)))) continue;
    const doubled = found.get(node);
    const made = doubled ? transposedNodes(doubled) : [];
    for (const name of doubled ? made.flatMap(one => one.inputs) : node.inputs) read.add(name);
    const messages = doubled ? made.map(writeNode) : [originals[at] ?? new Uint8Array()];
    nodes.push(concat(messages.map(message => writeField(NODE, message))));
  }
  const rewritten = concat([
    constantNode(SPREAD_NAME, [4, 3], SPREAD.flat()),
    constantNode(TRANSPOSED_SPREAD_NAME, [3, 4], TRANSPOSED_SPREAD.flat()),
    ...nodes.reverse(),
    ...graph.filter(([field]) => field !== NODE).map(([field, content]) => writeField(field, content)),
  ]);
  return concat(file.map(([field, content]) => writeField(field, field === GRAPH ? rewritten : content)));
}

const constantNode = (output: string, dims: readonly number[], values: readonly number[]): Bytes =>
  writeField(
    NODE,
    writeNode({ op: 'Constant', inputs: [], output, attributes: { value: { dims, values } } }),
  );

function findDoubledConvs(model: OnnxModel): Map<OnnxNode, DoubledConv> {
  const makers = new Map(model.nodes.flatMap(node => node.outputs.map(name => [name, node] as const)));
  const found = new Map<OnnxNode, DoubledConv>();
  for (const conv of model.nodes) {
    if (conv.op !== 'Conv') continue;
    let before = makers.get(conv.inputs[0] ?? '');
    let edgePads: string | null = null;
    if (before?.op === 'Pad' && text(before, 'mode') === 'edge') {
      const pads = model.constants.get(before.inputs[1] ?? '');
      if (before.inputs.length !== 2 || !pads || bigints(pads).join() !== EDGE_PADS) continue;
      edgePads = before.inputs[1] ?? null;
      before = makers.get(before.inputs[0] ?? '');
    }
    if (before && isPlain(conv, edgePads ? 0 : 1, model, makers) && isDoubling(before, model)) {
      found.set(conv, { conv, image: before.inputs[0] ?? '', edgePads });
    }
  }
  return found;
}

/** Whether it is a 3x3 convolution of stride 1 with `pad` zeros at each side. */
function isPlain(
  conv: OnnxNode,
  pad: number,
  model: OnnxModel,
  makers: ReadonlyMap<string, OnnxNode>,
): boolean {
  const weight = conv.inputs[1] ?? '';
  const maker = makers.get(weight);
  const stored = model.constants.get(maker?.inputs[0] ?? weight);
  const group = conv.attributes.get('group');
  return (
    (maker ? makesFloat32(maker, model) : stored?.type === 'float32') &&
    stored?.dims.slice(2).join() === '3,3' &&
    ints(conv, 'pads', [0, 0, 0, 0]).every(one => one === pad) &&
    [...ints(conv, 'strides', [1]), ...ints(conv, 'dilations', [1])].every(one => one === 1) &&
    (group?.kind !== 'int' || group.value === 1) &&
    (text(conv, 'auto_pad') ?? 'NOTSET') === 'NOTSET' &&
    (pad === 0 || conv.attributes.has('pads'))
  );
}

/** Whether it makes float32 numbers of stored weights. */
function makesFloat32(maker: OnnxNode, model: OnnxModel): boolean {
  const to = maker.attributes.get('to');
  if (maker.op === 'Cast') return to?.kind === 'int' && to.value === FLOAT32;
  return maker.op === 'DequantizeLinear' && model.constants.get(maker.inputs[1] ?? '')?.type === 'float32';
}

/** Whether a node can be left out once nothing reads it. */
const isReplaceable = (node: OnnxNode) => node.op === 'Resize' || node.op === 'Pad';

/** Whether it repeats each pixel two by two, as torch's exporter writes it. */
function isDoubling(node: OnnxNode, model: OnnxModel): boolean {
  const scales = model.constants.get(node.inputs[2] ?? '');
  return (
    node.op === 'Resize' &&
    node.inputs.length === 3 &&
    (text(node, 'mode') ?? 'nearest') === 'nearest' &&
    text(node, 'coordinate_transformation_mode') === 'asymmetric' &&
    text(node, 'nearest_mode') === 'floor' &&
    scales !== undefined &&
    floats(scales).join() === '1,1,2,2'
  );
}

function text(node: OnnxNode, name: string): string | undefined {
  const attribute = node.attributes.get(name);
  return attribute?.kind === 'string' ? attribute.value : undefined;
}

function ints(node: OnnxNode, name: string, otherwise: readonly number[]): readonly number[] {
  const attribute = node.attributes.get(name);
  return attribute?.kind === 'ints' ? attribute.value : otherwise;
}

function transposedNodes({ conv, image, edgePads }: DoubledConv): NewNode[] {
  const [, weight = '', ...bias] = conv.inputs;
  const name = conv.outputs[0] ?? '';
  const node = (op: string, inputs: string[], output: string, attributes: NewNode['attributes'] = {}) => ({
    op,
    inputs,
    output,
    attributes,
  });
  const edged = edgePads ? `${name}.edged` : image;
  return [
    ...(edgePads ? [node('Pad', [image, edgePads], edged, { mode: 'edge' })] : []),
    node('MatMul', [SPREAD_NAME, weight], `${name}.rows`),
    node('MatMul', [`${name}.rows`, TRANSPOSED_SPREAD_NAME], `${name}.kernel`),
    node('Transpose', [`${name}.kernel`], `${name}.transposed`, { perm: [1, 0, 2, 3] }),
    node('ConvTranspose', [edged, `${name}.transposed`, ...bias], name, {
      kernel_shape: [4, 4],
      strides: [2, 2],
      pads: Array<number>(4).fill(edgePads ? 3 : 1),
    }),
  ];
}
