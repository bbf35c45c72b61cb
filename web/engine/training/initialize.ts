// A network that begins anew: each layer's learned constants as torch's module draws them when it is built.

import { type Constant, constantOf } from '../onnx/constant.ts';
import { bindDims, type Sizes } from '../onnx/free-dims.ts';
import type { OnnxModel, OnnxNode } from '../onnx/model.ts';
import { TorchGenerator } from './generator.ts';
import {
  constantly,
  countFans,
  type Initializer,
  kaimingNormal,
  kaimingUniform,
  normal,
  uniform,
  xavierNormal,
  xavierUniform,
} from './initializers.ts';
import { findParameters, withFloatWeights } from './parameters.ts';

/** By name, with torch's defaults. */
const INITIALIZERS = {
  kaimingNormal: kaimingNormal(),
  kaimingUniform: kaimingUniform(),
  normal: normal(),
  ones: constantly(1),
  uniform: uniform(),
  xavierNormal,
  xavierUniform,
  zeros: constantly(0),
} as const satisfies Readonly<Record<string, Initializer>>;

export type InitializerName = keyof typeof INITIALIZERS;

export interface InitializeOptions {
  /** As for `torch.manual_seed`. */
  readonly seed: number;
  /** How the weights of convolutions and products begin; their biases are then zeros. A compact look begins with
   * `kaimingNormal(0.2)`. Default: as torch's modules have them, which begin biases like weights. */
  readonly weights?: InitializerName | Initializer;
  /** Sizes of the dimensions that the file leaves open. */
  readonly dims?: Sizes;
  /** Names of the constants that begin anew. Default: those that a trainer learns. Running statistics begin anew always. */
  readonly parameters?: readonly string[];
}

/** How a constant begins. A product's weight may lie as (in, out) where torch has (out, in). */
interface Beginning {
  readonly initializer: Initializer;
  readonly isTurned?: boolean;
}

const ONE: Beginning = { initializer: constantly(1) };
const ZERO: Beginning = { initializer: constantly(0) };
/** As torch.nn.PReLU. */
const SLOPE: Beginning = { initializer: constantly(0.25) };
/** As torch.nn.Linear and its convolutions. */
const DEFAULT = kaimingUniform(Math.sqrt(5));

/** Statistics follow scale and shift in a batch norm. */
const NORM: readonly (Beginning | null)[] = [null, ONE, ZERO, ZERO, ONE];
const NORMS = ['BatchNormalization', 'GroupNormalization', 'InstanceNormalization', 'LayerNormalization'];

const KEEPING = ['Identity', 'Mul', 'Reshape', 'Transpose'];

class ModelInitializer {
  readonly #generator: TorchGenerator;
  readonly #made = new Map<string, Constant>();
  /** The weights of products, by the names of what they make: an Add may bring their bias. */
  readonly #products = new Map<string, readonly number[]>();
  /** Normalized values: exporters write the scale and the shift of some norms as a Mul and an Add after it. */
  readonly #normalized = new Set<string>();
  readonly #roots = new Set<string>();
  readonly #learned: Set<string>;

  constructor(
    readonly model: OnnxModel,
    readonly options: InitializeOptions,
  ) {
    this.#generator = new TorchGenerator(options.seed);
    this.#learned = new Set(options.parameters ?? findParameters(model));
    for (const node of model.nodes) this.#begin(node);
  }

  get constants(): ReadonlyMap<string, Constant> {
    return new Map([...this.model.constants, ...this.#made]);
  }

  #begin(node: OnnxNode): void {
    const { op, inputs } = node;
    const weights = inputs.map(name => this.model.constants.get(name));
    this.#followNorm(node);
    if (op === 'Conv' || op === 'ConvTranspose') {
      this.#layer(weights[1], weights[2], false);
    } else if (op === 'Gemm') {
      const { transB } = Object.fromEntries(node.attributes);
      this.#layer(weights[1], weights[2], !(transB?.kind === 'int' && transB.value === 1));
    } else if (op === 'MatMul') {
      this.#layer(weights[1], undefined, true);
      this.#layer(weights[0], undefined, false);
      const dims = (weights[1] ?? weights[0])?.dims;
      if (dims) this.#products.set(node.outputs[0] ?? '', weights[1] ? [...dims].reverse() : dims);
    } else if (op === 'Add') {
      const of = inputs.map(name => this.#products.get(name)).find(dims => dims !== undefined);
      if (of) for (const bias of weights) this.#bias(bias, of);
      else if (inputs.some(name => this.#normalized.has(name)))
        for (const one of weights) this.#set(one, ZERO);
    } else if (op === 'Mul') {
      if (inputs.some(name => this.#normalized.has(name))) for (const one of weights) this.#set(one, ONE);
    } else if (op === 'PRelu') {
      this.#set(weights[1], SLOPE);
    } else if (NORMS.includes(op)) {
      NORM.forEach((beginning, i) => {
        const isStatistic = i > 2 && weights[i] !== undefined;
        if (beginning) this.#set(weights[i], beginning, isStatistic);
      });
    }
  }

  /** Notes outputs that are normalized: of norms, of divisions by a root, and of what keeps or scales such a value. */
  #followNorm({ op, inputs, outputs: [output = ''] }: OnnxNode): void {
    if (op === 'Sqrt') this.#roots.add(output);
    const isDivided = op === 'Div' && this.#roots.has(inputs[1] ?? '');
    const isKept = KEEPING.includes(op) && inputs.some(name => this.#normalized.has(name));
    if (NORMS.includes(op) || isDivided || isKept) this.#normalized.add(output);
  }

  /** A weight, then its bias, as in torch. `isTurned` tells that the weight lies as (in, out). */
  #layer(weight: Constant | undefined, bias: Constant | undefined, isTurned: boolean): void {
    if (!weight) return;
    const { weights } = this.options;
    const initializer = typeof weights === 'string' ? INITIALIZERS[weights] : (weights ?? DEFAULT);
    this.#set(weight, { initializer, isTurned: isTurned && weight.dims.length === 2 });
    this.#bias(bias, isTurned ? [...weight.dims].reverse() : weight.dims);
  }

  #bias(bias: Constant | undefined, weightDims: readonly number[]): void {
    const bound = 1 / Math.sqrt(countFans(weightDims).fanIn);
    this.#set(bias, this.options.weights ? ZERO : { initializer: uniform(-bound, bound) });
  }

  /** A constant that several layers read begins at the first of them. */
  #set(constant: Constant | undefined, beginning: Beginning, isStatistic = false): void {
    if (!constant || this.#made.has(constant.name)) return;
    if (!isStatistic && !this.#learned.has(constant.name)) return;
    const { name, dims } = constant;
    const { initializer, isTurned } = beginning;
    const drawn = initializer(this.#generator, isTurned ? [...dims].reverse() : dims);
    this.#made.set(name, constantOf(name, dims, isTurned ? turned(drawn, dims) : drawn));
  }
}

/** The matrix of `rows` x `columns`, of the one of `columns` x `rows`. */
function turned(values: Float32Array, [rows = 1, columns = 1]: readonly number[]): Float32Array {
  return values.map((_, i) => values[(i % columns) * rows + Math.floor(i / columns)] ?? 0);
}

/** The model with learned constants and running statistics as before its training: what torch draws after
 * `torch.manual_seed(seed)`, if it builds the layers in the order in which the model runs them. Constants that are added
 * or multiplied and belong to none of torch's layers keep the file's values, such as the mean of a data set. */
export async function initialize(given: OnnxModel, options: InitializeOptions): Promise<OnnxModel> {
  const model = await withFloatWeights(bindDims(given, options.dims ?? {}, false));
  const { constants } = new ModelInitializer(model, options);
  return { ...given, nodes: model.nodes, constants };
}
