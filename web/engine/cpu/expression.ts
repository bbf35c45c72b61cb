// Evaluates expressions over tensors: some elements of a plane at a time, so that no intermediate tensor is in memory.
//
// Most expressions are evaluated channel by channel. A matrix over the lanes of a block of channels (`laneMatrix`) needs
// four channels at once.

import { assertNever } from '../error.ts';
import { topologicalOrder } from '../graph/eval/evaluator.ts';
import { applyBinary, applyUnary } from '../graph/eval/scalar-math.ts';
import type { Binary, Expression, Unary } from '../graph/ir/expression.ts';
import { LANES, type Tensor } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';

/** Elements of a plane that are evaluated together. */
const CHUNK = 256;

/** Where an expression reads and writes. */
export interface Operands {
  readonly output: Tensor;
  /** Where the result goes; it is also the operation's own value. */
  readonly made: Reals;
  readonly inputs: readonly { readonly tensor: Tensor; readonly array: Reals }[];
  /** The current live inputs. */
  readonly live: Reals;
}

/** The elements that are evaluated now: of image `n`, from `start` on in the planes of `channel` and those after it. */
interface Chunk {
  n: number;
  channel: number;
  start: number;
  count: number;
}

type Step = (chunk: Chunk) => void;

/** A function that evaluates the expression for all elements. */
export function compileExpression(tree: Expression, operands: Operands): () => void {
  const order = topologicalOrder(tree);
  const lanes = order.some(({ kind }) => kind === 'laneMatrix') ? LANES : 1;
  const registers = new Map(order.map(node => [node, new Float64Array(lanes * CHUNK)]));
  const steps = order.map(node => compileNode(node, registers, operands, lanes));
  const result = registerOf(registers, tree);
  const [n, channels, height, width] = operands.output.shape;
  const plane = height * width;
  const { made } = operands;
  return () => {
    const chunk: Chunk = { n: 0, channel: 0, start: 0, count: 0 };
    for (; chunk.n < n; chunk.n++) {
      for (chunk.channel = 0; chunk.channel < channels; chunk.channel += lanes) {
        for (chunk.start = 0; chunk.start < plane; chunk.start += CHUNK) {
          chunk.count = Math.min(CHUNK, plane - chunk.start);
          for (const step of steps) step(chunk);
          for (let lane = 0; lane < lanes && chunk.channel + lane < channels; lane++) {
            const at = (chunk.n * channels + chunk.channel + lane) * plane + chunk.start;
            for (let i = 0; i < chunk.count; i++) made[at + i] = result[lane * CHUNK + i] ?? 0;
          }
        }
      }
    }
  };
}

const NONE = new Float64Array();

const registerOf = (registers: ReadonlyMap<Expression, Float64Array>, node: Expression): Float64Array =>
  registers.get(node) ?? NONE;

function compileNode(
  node: Expression,
  registers: ReadonlyMap<Expression, Float64Array>,
  operands: Operands,
  lanes: number,
): Step {
  const to = registerOf(registers, node);
  const all = lanes * CHUNK;
  switch (node.kind) {
    case 'constant':
      to.fill(node.value);
      return () => undefined;
    case 'live':
      return () => to.fill(operands.live[node.index] ?? 0);
    case 'perChannel':
      return ({ channel }) => {
        for (let lane = 0; lane < lanes; lane++) {
          to.fill(node.values[channel + lane] ?? 0, lane * CHUNK, (lane + 1) * CHUNK);
        }
      };
    case 'value':
      return reader(operands.output, operands.made, operands.output, to, lanes);
    case 'input': {
      const given = operands.inputs[node.index];
      return given ? reader(given.tensor, given.array, operands.output, to, lanes) : () => undefined;
    }
    case 'unary': {
      const of = registerOf(registers, node.of);
      return ({ count }) => unary(node.name, of, to, lanes === 1 ? count : all);
    }
    case 'binary': {
      const [left, right] = [registerOf(registers, node.left), registerOf(registers, node.right)];
      return ({ count }) => binary(node.name, left, right, to, lanes === 1 ? count : all);
    }
    case 'select': {
      const [test, yes, no] = [node.test, node.yes, node.no].map(one => registerOf(registers, one));
      return each(all, lanes, i => {
        to[i] = (test?.[i] !== 0 ? yes?.[i] : no?.[i]) ?? 0;
      });
    }
    case 'laneMatrix': {
      const of = registerOf(registers, node.of);
      const { rows, offset } = node;
      return ({ count }) => {
        for (let row = 0; row < LANES; row++) {
          for (let i = 0; i < count; i++) {
            let sum = offset[row] ?? 0;
            for (let lane = 0; lane < LANES; lane++) {
              sum += (rows[row * LANES + lane] ?? 0) * (of[lane * CHUNK + i] ?? 0);
            }
            to[row * CHUNK + i] = sum;
          }
        }
      };
    }
    default:
      return assertNever(node);
  }
}

/** Calls `evaluate` for each element of the chunk. */
function each(all: number, lanes: number, evaluate: (i: number) => void): Step {
  return ({ count }) => {
    const end = lanes === 1 ? count : all;
    for (let i = 0; i < end; i++) evaluate(i);
  };
}

/** The loops of common functions stand here one by one: a call for each element takes longer than most of them. */
function unary(name: Unary, of: Float64Array, to: Float64Array, end: number): void {
  switch (name) {
    case 'relu':
      for (let i = 0; i < end; i++) to[i] = Math.max(of[i] ?? 0, 0);
      break;
    case 'neg':
      for (let i = 0; i < end; i++) to[i] = -(of[i] ?? 0);
      break;
    case 'sqrt':
      for (let i = 0; i < end; i++) to[i] = Math.sqrt(of[i] ?? 0);
      break;
    case 'sin':
      for (let i = 0; i < end; i++) to[i] = Math.sin(of[i] ?? 0);
      break;
    case 'cos':
      for (let i = 0; i < end; i++) to[i] = Math.cos(of[i] ?? 0);
      break;
    case 'sigmoid':
      for (let i = 0; i < end; i++) to[i] = 1 / (1 + Math.exp(-(of[i] ?? 0)));
      break;
    case 'erf':
      for (let i = 0; i < end; i++) to[i] = erf(of[i] ?? 0);
      break;
    default:
      for (let i = 0; i < end; i++) to[i] = applyUnary(name, of[i] ?? 0) ?? Number.NaN;
  }
}

function binary(name: Binary, left: Float64Array, right: Float64Array, to: Float64Array, end: number): void {
  switch (name) {
    case 'add':
      for (let i = 0; i < end; i++) to[i] = (left[i] ?? 0) + (right[i] ?? 0);
      break;
    case 'sub':
      for (let i = 0; i < end; i++) to[i] = (left[i] ?? 0) - (right[i] ?? 0);
      break;
    case 'mul':
      for (let i = 0; i < end; i++) to[i] = (left[i] ?? 0) * (right[i] ?? 0);
      break;
    case 'div':
      for (let i = 0; i < end; i++) to[i] = (left[i] ?? 0) / (right[i] ?? 0);
      break;
    case 'less':
      for (let i = 0; i < end; i++) to[i] = (left[i] ?? 0) < (right[i] ?? 0) ? 1 : 0;
      break;
    default:
      for (let i = 0; i < end; i++) to[i] = applyBinary(name, left[i] ?? 0, right[i] ?? 0);
  }
}

/** Reads elements of a tensor, broadcast to the output. Lanes without a channel are zero. */
function reader(tensor: Tensor, from: Reals, output: Tensor, to: Float64Array, lanes: number): Step {
  const [n, channels, height, width] = tensor.shape;
  const [, , , columns] = output.shape;
  const plane = height * width;
  const isWhole = height === output.shape[2] && width === columns;
  // Kernels on GPUs repeat one channel, and take a second block of channels only where there is one.
  const channelOf = (channel: number, lane: number): number => {
    if (channels === 1) return 0;
    return lanes > 1 && channels <= LANES ? lane : channel + lane;
  };
  return chunk => {
    const image = n === 1 ? 0 : chunk.n;
    for (let lane = 0; lane < lanes; lane++) {
      const channel = channelOf(chunk.channel, lane);
      const at = lane * CHUNK;
      if (channel >= channels) {
        to.fill(0, at, at + CHUNK);
        continue;
      }
      const base = (image * channels + channel) * plane;
      if (isWhole) {
        const first = base + chunk.start;
        for (let i = 0; i < chunk.count; i++) to[at + i] = from[first + i] ?? 0;
        continue;
      }
      if (plane === 1) {
        to.fill(from[base] ?? 0, at, at + chunk.count);
        continue;
      }
      for (let i = 0; i < chunk.count; i++) {
        const index = chunk.start + i;
        const own =
          (height === 1 ? 0 : Math.floor(index / columns)) * width + (width === 1 ? 0 : index % columns);
        to[at + i] = from[base + own] ?? 0;
      }
    }
  };
}

/** Abramowitz and Stegun 7.1.26 in its form of seven digits is too coarse for tests in float64: a series near zero and a
 * continued fraction beyond it (both of the handbook's section 7.1) are exact to 1e-15. */
function erf(x: number): number {
  const size = Math.abs(x);
  if (size < 2.5) {
    let term = size;
    let sum = size;
    for (let k = 1; Math.abs(term) > 1e-17; k++) {
      term *= -(size * size) / k;
      sum += term / (2 * k + 1);
    }
    return (Math.sign(x) * 2 * sum) / Math.sqrt(Math.PI);
  }
  let fraction = size;
  for (let k = 60; k > 0; k--) fraction = size + k / 2 / fraction;
  return Math.sign(x) * (1 - Math.exp(-size * size) / fraction / Math.sqrt(Math.PI));
}
