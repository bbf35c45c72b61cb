/**
 * What a graph says about the range of its pictures, without running it: one that begins with `x / 255` takes 0..255,
 * and one that ends in `tanh(x)` gives -1..1. limner/look/format_hints.py has the same rules, and its tests.
 */
import { type Constant, floats } from '../../../engine/onnx/constant.ts';
import type { OnnxModel, OnnxNode } from '../../../engine/onnx/model.ts';
import { type Channels, RANGE_NAMES, RANGES, type Range } from './picture-format.ts';

/** Where networks bring their pictures before the first convolution; the last is ImageNet's. */
const NORMALIZED = [
  [0, 1],
  [-1, 1],
  [-0.5, 0.5],
  [0, 255],
  [-127.5, 127.5],
  [-2.1, 2.4],
] as const;

/** The means of red, green and blue in ImageNet, relative to red. */
const IMAGENET_MEANS = [1, 0.941, 0.839];

/** How far bounds may be from those of a range, as a part of its width, at both ends together. */
const MAX_DISTANCE = 0.3;

const KEEPS_VALUES = new Set([
  'Identity',
  'Transpose',
  'Cast',
  'Reshape',
  'Squeeze',
  'Unsqueeze',
  'Slice',
  'Dropout',
]);
const BOUNDED: Readonly<Record<string, Bounds>> = {
  Tanh: [[-1], [1]],
  Sigmoid: [[0], [1]],
  HardSigmoid: [[0], [1]],
  Softmax: [[0], [1]],
};
const ARITHMETIC = new Set(['Add', 'Sub', 'Mul', 'Div']);

/** The least and the greatest value, each one number or one for each channel. */
type Bounds = readonly [low: readonly number[], high: readonly number[]];

/** Arithmetic with a constant: one value, or one for each channel. */
interface Step {
  readonly op: string;
  readonly constant: readonly number[];
  /** Whether the value is the left operand, and the constant the right one. */
  readonly isLeft: boolean;
}

/** The beginning and the end of a graph between one input and one output. */
export class GraphEnds {
  readonly #nodes: readonly OnnxNode[];
  readonly #constants = new Map<string, readonly number[]>();
  readonly #first: readonly Step[];

  constructor(
    model: OnnxModel,
    readonly input: string,
    readonly output: string,
  ) {
    this.#nodes = model.nodes;
    for (const [name, constant] of model.constants) this.#keepSmall(name, constant);
    for (const { op, outputs, attributes } of model.nodes) {
      const value = op === 'Constant' ? attributes.get('value') : undefined;
      if (value?.kind === 'tensor') this.#keepSmall(outputs[0] ?? '', value.value);
    }
    this.#first = this.#findFirstSteps();
  }

  /** The range of which the first nodes make usual numbers; null where there are no such nodes. */
  inputRange(): Range | null {
    if (this.#first.length === 0) return null;
    return nearest(name => {
      const [black, white] = RANGES[name];
      const bounds = applyAll(this.#first, [[black], [white]]);
      return bounds ? Math.min(...NORMALIZED.map(usual => distance(bounds, usual))) : Infinity;
    });
  }

  /** The order of the colours, if the first nodes subtract the means of ImageNet's channels. */
  inputChannels(): Channels | null {
    const isNear = (means: readonly number[]) =>
      means.every((mean, i) => Math.abs(mean / Math.max(...means) - (IMAGENET_MEANS[i] ?? 0)) < 0.02);
    for (const { op, constant } of this.#first) {
      if (constant.length !== 3 || (op !== 'Sub' && op !== 'Add')) continue;
      const means = constant.map(Math.abs);
      if (isNear(means)) return 'RGB';
      if (isNear([...means].reverse())) return 'BGR';
    }
    return null;
  }

  /** The range whose bounds the last nodes keep; null where there are no such nodes. */
  outputRange(inputRange: Range): Range | null {
    const [black, white] = RANGES[inputRange];
    const bounds = this.#findBounds([[black], [white]]);
    return bounds && nearest(name => distance(bounds, RANGES[name]));
  }

  #keepSmall(name: string, constant: Constant): void {
    const count = constant.dims.reduce((product, dim) => product * dim, 1);
    if ([1, 3, 4].includes(count) && /^float/.test(constant.type))
      this.#constants.set(name, [...floats(constant)]);
  }

  #findFirstSteps(): Step[] {
    const steps: Step[] = [];
    let name = this.input;
    for (let count = 0; count < this.#nodes.length; count++) {
      const [node, ...others] = this.#nodes.filter(one => one.inputs.includes(name));
      if (!node || others.length > 0) break;
      const step = this.#stepOf(node, name);
      if (step) steps.push(step);
      else if (!KEEPS_VALUES.has(node.op) || node.inputs[0] !== name) break;
      name = node.outputs[0] ?? '';
    }
    return steps;
  }

  #findBounds(ofInput: Bounds): Bounds | null {
    const makers = new Map(this.#nodes.flatMap(node => node.outputs.map(output => [output, node] as const)));
    const steps: Step[] = [];
    let name = this.output;
    for (let count = 0; count <= this.#nodes.length; count++) {
      if (name === this.input) return applyAll(steps, ofInput);
      const node = makers.get(name);
      if (!node) return null;
      const bounds = node.op === 'Clip' ? this.#clipBounds(node) : BOUNDED[node.op];
      if (bounds) return applyAll(steps, bounds);
      const read = node.inputs.find(one => this.#stepOf(node, one)) ?? '';
      const step = this.#stepOf(node, read);
      if (step) steps.unshift(step);
      else if (!KEEPS_VALUES.has(node.op)) return null;
      name = step ? read : (node.inputs[0] ?? '');
    }
    return null;
  }

  /** The arithmetic that a node does with a value and a constant. */
  #stepOf({ op, inputs }: OnnxNode, name: string): Step | null {
    if (!ARITHMETIC.has(op) || this.#constants.has(name) || inputs.length !== 2) return null;
    const isLeft = inputs[0] === name;
    const constant = this.#constants.get(inputs[isLeft ? 1 : 0] ?? '');
    return constant ? { op, constant, isLeft } : null;
  }

  /** The bounds of Clip, which older opsets have as attributes. */
  #clipBounds({ inputs, attributes }: OnnxNode): Bounds | undefined {
    const ends = ['min', 'max'].map((key, i) => {
      const written = attributes.get(key);
      return (
        this.#constants.get(inputs[i + 1] ?? '') ?? (written?.kind === 'float' ? [written.value] : undefined)
      );
    });
    const [low, high] = ends;
    return low && high ? [low, high] : undefined;
  }
}

function applyAll(steps: readonly Step[], bounds: Bounds): Bounds | null {
  let result: Bounds | null = bounds;
  for (const step of steps) result = result && apply(step, result);
  return result;
}

function apply({ op, constant, isLeft }: Step, [low, high]: Bounds): Bounds | null {
  const count = Math.max(constant.length, low.length, high.length);
  if ([constant, low, high].some(({ length }) => length !== 1 && length !== count)) return null;
  if (op === 'Div' && !isLeft) return null;
  const compute = (ends: readonly number[]) =>
    Array.from({ length: count }, (_, i) => {
      const value = ends[ends.length === 1 ? 0 : i] ?? 0;
      const other = constant[constant.length === 1 ? 0 : i] ?? 0;
      if (op === 'Add') return value + other;
      if (op === 'Sub') return isLeft ? value - other : other - value;
      return op === 'Mul' ? value * other : value / other;
    });
  const [a, b] = [compute(low), compute(high)];
  return [a.map((end, i) => Math.min(end, b[i] ?? end)), a.map((end, i) => Math.max(end, b[i] ?? end))];
}

/** The range with the smallest distance, if that is small; null where none is. */
function nearest(distanceOf: (name: Range) => number): Range | null {
  const distances = RANGE_NAMES.map(name => ({ name, far: distanceOf(name) }));
  const best = distances.reduce((a, b) => (b.far < a.far ? b : a));
  return best.far < MAX_DISTANCE ? best.name : null;
}

/** How far bounds are from the ends of a range, as a part of its width. */
function distance([low, high]: Bounds, [begin, end]: readonly [number, number]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, one) => sum + one, 0) / values.length;
  const far = (Math.abs(mean(low) - begin) + Math.abs(mean(high) - end)) / (end - begin);
  return Number.isFinite(far) ? far : Infinity;
}
