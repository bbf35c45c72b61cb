// Muon (Jordan et al. 2024), as torch.optim.Muon: momentum, whose matrix is brought near the nearest orthogonal one. torch
// iterates in bfloat16, which neither WebGPU nor WebGL2 has; here it is float32.

import { EngineError } from '../../error.ts';
import type { NodeWriter } from '../../onnx/node-writer.ts';
import { at, type DirectionInputs, minus, moving, type Optimizer, times } from './optimizer.ts';

export interface MuonOptions {
  readonly momentum?: number;
  readonly nesterov?: boolean;
  readonly weightDecay?: number;
  /** Iterations of Newton and Schulz. */
  readonly iterations?: number;
  readonly epsilon?: number;
  /** How the rate depends on the shape (out, in): 'original' times sqrt(max(1, out / in)), or 'matchRmsAdamw' times
   * 0.2 sqrt(max(out, in)), whose steps are as long as AdamW's (Liu et al. 2025). */
  readonly adjust?: 'original' | 'matchRmsAdamw';
}

/** Of the iteration x <- a x + (b A + c A^2) x, with A = x x^T. They are steep at 0, and bring singular values to
 * 0.7 to 1.2 rather than to 1. */
const [A, B, C] = [3.4445, -4.775, 2.0315];

function orthogonalize(
  writer: NodeWriter,
  matrix: string,
  [rows = 1, columns = 1]: readonly number[],
  { iterations, epsilon }: { readonly iterations: number; readonly epsilon: number },
): string {
  const turn = (x: string) => writer.transpose(x, [1, 0]);
  const product = (x: string, y: string) => writer.add('MatMul', [x, y]);
  // The square has the shorter side.
  const wide = rows > columns ? turn(matrix) : matrix;
  const length = writer.add('Sqrt', [writer.sum(writer.times(wide, wide), [0, 1])]);
  let x = writer.over(wide, writer.add('Max', [length, writer.number(epsilon)]));
  for (let i = 0; i < iterations; i++) {
    const gram = product(x, turn(x));
    const factor = writer.plus(writer.scaled(gram, B), writer.scaled(product(gram, gram), C));
    x = writer.plus(writer.scaled(x, A), product(factor, x));
  }
  return rows > columns ? turn(x) : x;
}

export function muon({
  momentum = 0.95,
  nesterov = true,
  weightDecay = 0.1,
  iterations = 5,
  epsilon = 1e-7,
  adjust = 'original',
}: MuonOptions = {}): Optimizer {
  const ratioOf = ([rows = 1, columns = 1]: readonly number[]) =>
    adjust === 'original' ? Math.sqrt(Math.max(1, rows / columns)) : 0.2 * Math.sqrt(Math.max(rows, columns));
  const direction = (writer: NodeWriter, { gradient, slots: [velocity = ''], dims }: DirectionInputs) => {
    const mix = (a: string, b: string) =>
      writer.plus(writer.scaled(a, momentum), writer.scaled(b, 1 - momentum));
    const mean = mix(velocity, gradient);
    const even = orthogonalize(writer, nesterov ? mix(mean, gradient) : mean, dims, { iterations, epsilon });
    return writer.scaled(even, ratioOf(dims));
  };
  const made: Optimizer = {
    name: 'muon',
    slots: [{ name: 'velocity', initial: 0 }],
    scalars: (_, rate) => [rate, 1 - rate * weightDecay],
    direction,
    update: ({ weight, gradient, slots, scalars, direction: step }) => {
      if (!step) throw new EngineError("The training step was made without its optimizer, 'muon'.");
      return {
        weight: minus(times(at(scalars, 1), weight), times(at(scalars, 0), step)),
        slots: [moving(momentum, at(slots, 0), gradient)],
      };
    },
    of: dims => {
      if (dims.length === 2) return made;
      throw new EngineError(
        `Muon is for matrices, and a weight has ${dims.length} dimensions: use muonWith(adamw()).`,
      );
    },
  };
  return made;
}

export interface MuonWithOptions extends MuonOptions {
  /** The other optimizer's learning rate, as a part of Muon's. */
  readonly otherRate?: number;
}

/** Muon for matrices and another optimizer for all else, as torch advises. */
export function muonWith(other: Optimizer, { otherRate = 1, ...options }: MuonWithOptions = {}): Optimizer {
  const own = muon(options);
  const first = own.scalars(1, 0).length;
  const shifted: Optimizer = {
    ...other,
    update: operands => other.update({ ...operands, scalars: operands.scalars.slice(first) }),
  };
  return {
    ...shifted,
    name: `muon with ${other.name}`,
    scalars: (t, rate) => [...own.scalars(t, rate), ...other.scalars(t, rate * otherRate)],
    of: dims => (dims.length === 2 ? own : shifted),
  };
}
