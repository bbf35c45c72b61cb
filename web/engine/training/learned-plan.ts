// The plan of a look whose weights are learned meanwhile: they are no constants but lie in the state of a training, so
// nothing may be folded into them.

import { EngineError } from '../error.ts';
import type { Convolution, Operation } from '../graph/ir/operation.ts';
import { productOf } from '../graph/ir/strides.ts';
import { LANES, type Tensor } from '../graph/ir/tensor.ts';
import { lower } from '../graph/lowering/lower.ts';
import { SummedWeights } from '../graph/lowering/summed-weights.ts';
import { trainingLowerings } from '../graph/lowering/training.ts';
import { withoutCopies } from '../graph/passes/copies.ts';
import { fuse } from '../graph/passes/fusion.ts';
import { type BufferSlice, layOut, optimize, type Plan } from '../graph/passes/plan.ts';
import { STATE, type StatePlace } from '../graph/passes/training-plan.ts';
import { bindDims } from '../onnx/free-dims.ts';
import type { OnnxModel, OnnxValue } from '../onnx/model.ts';
import { floatValue, NodeWriter, namesOf } from '../onnx/node-writer.ts';
import { ALIGNMENT } from '../webgpu/runtime/packed-weights.ts';

/** Bytes that lowering may take for each number of the state, besides what it may for the file. */
const BYTES_PER_NUMBER = 8;

interface LearnedPlan {
  readonly plan: Plan;
  /** The parameter that each array of positions of learned weights is about. */
  readonly parameters: ReadonlyMap<object, string>;
  /** Of arrays that number sums: the positions of the terms of each (`SummedWeights`). */
  readonly terms: ReadonlyMap<object, Float32Array>;
  /** Room that they take in the usual layout, and that of sums. */
  readonly bytes: { readonly single: number; readonly sum: number };
}

interface SharingModel {
  readonly model: OnnxModel;
  /** Where the inputs lie that hold the state. */
  readonly places: ReadonlyMap<string, StatePlace>;
}

/** The model with flat inputs in place of the constants that the state has (as in `flat-step.ts`). */
function withStateInputs(given: OnnxModel, state: readonly StatePlace[]): SharingModel {
  const writer = new NodeWriter(namesOf(given), given.opset);
  const places = new Map<string, StatePlace>();
  const inputs: OnnxValue[] = [];
  const constants = new Map(given.constants);
  let numbers = 0;
  for (const place of state) {
    const { name, elements } = place;
    const dims = constants.get(name)?.dims;
    if (!dims) continue;
    if (productOf(dims) !== elements) {
      throw new EngineError(`'${name}' of the look is ${dims.join(' x ')}; ${elements} numbers are learned.`);
    }
    const input = writer.freeName(`${name} flat`);
    writer.addNamed(name, 'Reshape', [input, writer.integers(dims)]);
    inputs.push(floatValue(input, [1, elements, 1, 1]));
    places.set(input, place);
    constants.delete(name);
    numbers += elements;
  }
  const isFree = ({ name }: OnnxValue): boolean => !given.constants.has(name) || constants.has(name);
  const model: OnnxModel = {
    ...given,
    size: given.size + BYTES_PER_NUMBER * numbers,
    nodes: [...writer.nodes, ...given.nodes],
    constants: new Map([...constants, ...writer.constants]),
    inputs: [...given.inputs.filter(isFree), ...inputs],
  };
  return { model, places };
}

/** Kinds of operations that painters have kernels for, also of learned weights. */
const isPainted = ({ kind }: Operation): boolean => kind !== 'computedConvolution';

const isLearned = (operation: Operation): operation is Convolution =>
  operation.kind === 'convolution' && operation.weights.learned === true;

const wholeBlocks = (channels: number): number => Math.ceil(channels / LANES) * LANES;

/** Bytes of the weights of convolutions, packed. */
const packedBytes = (convolutions: readonly Convolution[]): number =>
  convolutions.reduce((sum, { weights: { dims, transposed }, group }) => {
    const [first, second, height, width] = dims;
    const [a, b] = transposed ? [first, second * group] : [first, second];
    return sum + 4 * wholeBlocks(a) * wholeBlocks(b) * height * width + ALIGNMENT;
  }, 0);

/** Plans a look that has constants of the state. Null if it cannot share them: it keeps something from frame to frame, or
 * computes weights from what is learned. */
export async function planLearned(
  look: OnnxModel,
  state: readonly StatePlace[],
): Promise<LearnedPlan | null> {
  if (look.metadata.has('limner.state')) return null;
  const { model, places } = withStateInputs(bindDims(look, {}, true), state);
  const learned = new SummedWeights(new Set(places.keys()));
  const graph = await lower(model, trainingLowerings(learned));
  const operations = fuse(withoutCopies(await optimize(graph, true, true), graph.outputs), graph.outputs);
  if (!operations.every(isPainted)) return null;
  const weights = operations.filter(isLearned);
  const own = graph.inputs.filter(({ name }) => !places.has(name));
  const plan = await layOut(operations, { ...graph, inputs: own }, true);
  const parameters = Array.from(learned.parameters, ([positions, input]) => {
    return [positions, places.get(input)?.name ?? ''] as const;
  });
  return {
    plan: { ...plan, slices: new Map([...plan.slices, ...placed(graph.inputs, places)]) },
    parameters: new Map<object, string>(parameters),
    terms: learned.terms,
    bytes: {
      single: packedBytes(weights.filter(one => !learned.terms.has(one.weights.bytes))),
      sum: packedBytes(weights.filter(one => learned.terms.has(one.weights.bytes))),
    },
  };
}

/** The state has one pixel, so it needs no stride; with none, no pass of frames moves it. */
const placed = (
  inputs: readonly Tensor[],
  places: ReadonlyMap<string, StatePlace>,
): (readonly [Tensor, BufferSlice])[] =>
  inputs.flatMap(tensor => {
    const place = places.get(tensor.name);
    return place ? [[tensor, { buffer: STATE, offset: place.start, stride: 0 }] as const] : [];
  });
