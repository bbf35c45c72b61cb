// Learned weights as convolutions read them. Kernels have weights in layouts of their own. So that whatever brings
// constant weights into a layout also serves weights that change with every step, a learned weight is lowered as a
// constant that holds where each element lies in its parameter: 1 for the first, so that 0 is left for padding. From
// packed positions, weights are packed again after each step.

import { type Constant, constantOf } from '../../onnx/constant.ts';
import { isReshape, type Operation, type Weights } from '../ir/operation.ts';
import { productOf } from '../ir/strides.ts';
import type { Tensor } from '../ir/tensor.ts';
import { NodeReader, type Value } from './builder.ts';
import { makerOf } from './conv-input.ts';
import { applyView } from './movement.ts';

/** Positions up to that are exact in float32. */
const MAX_ELEMENTS = 2 ** 24;

export class LearnedWeights {
  /** The parameter that each array of positions is about. */
  readonly parameters = new Map<Uint8Array, string>();
  readonly #positions = new Map<Tensor, Constant | null>();

  /** `names` are those of the graph's inputs that hold parameters, element by element. */
  constructor(readonly names: ReadonlySet<string>) {}

  /** The positions of a value that is a parameter in another shape or order; null if it is anything else. */
  find(node: NodeReader, value: Value): Constant | null {
    return value.kind === 'tensor' ? this.#ofTensor(node, value.tensor) : null;
  }

  /** Sums of such weights, for a convolution of a picture that is doubled (`ir/subpixel.ts`); null where that is not done, as
   * in training, which needs the gradient by each weight. */
  sum(_weights: Weights): Weights | null {
    return null;
  }

  /** The weights of those positions. */
  weights({ bytes }: Constant, dims: Weights['dims'], transposed: boolean): Weights {
    const plain = { sumOf: null, scale: null, zero: null } as const;
    return { type: 'float32', bytes, dims, transposed, learned: true, ...plain };
  }

  #ofTensor(node: NodeReader, tensor: Tensor): Constant | null {
    const known = this.#positions.get(tensor);
    if (known !== undefined) return known;
    const maker = makerOf(node, tensor);
    const made = maker ? this.#through(node, maker) : this.#ofInput(tensor);
    this.#positions.set(tensor, made);
    return made;
  }

  #ofInput({ name, dims, shape }: Tensor): Constant | null {
    const size = productOf(shape);
    if (!this.names.has(name) || size > MAX_ELEMENTS) return null;
    const positions = Float32Array.from({ length: size }, (_, i) => i + 1);
    return this.#keep(constantOf(name, dims, positions), name);
  }

  #through(node: NodeReader, maker: Operation): Constant | null {
    const { inputs, output } = maker;
    const [from] = inputs;
    const isCopy = maker.kind === 'elementwise' && maker.epilogue.kind === 'input' && inputs.length === 1;
    const isView = maker.kind === 'movement' && maker.map.kind === 'view' && !maker.epilogue;
    const inner = from && (isCopy || isView) ? this.#ofTensor(node, from) : null;
    if (!inner) return null;
    const isSameOrder = maker.kind === 'movement' ? isReshape(maker) : true;
    if (isSameOrder) return { ...inner, dims: output.dims };
    if (maker.kind !== 'movement' || maker.map.kind !== 'view') return null;
    const moved = applyView(node, { kind: 'constant', constant: inner }, output.dims, maker.map);
    return moved.kind === 'constant' ? this.#keep(moved.constant, inner.name) : null;
  }

  #keep(positions: Constant, parameter: string): Constant {
    this.parameters.set(positions.bytes, parameter);
    return positions;
  }
}

/** A node whose weights are constant positions, so that the lowering of constant weights takes it. */
export class LearnedNode extends NodeReader {
  constructor(
    { builder, node }: NodeReader,
    readonly positions: Constant,
  ) {
    super(builder, node);
  }

  override value(index: number): Value {
    return index === 1 ? { kind: 'constant', constant: this.positions } : super.value(index);
  }
}
