// Pixels that a step draws itself, on any backend: those of a plain reference, and nothing is uploaded for them.

import { describe, expect, test } from 'vitest';
import { philox, toUnit } from '../engine/graph/ir/philox.ts';
import { constantOf } from '../engine/onnx/constant.ts';
import { ints, NodeWriter } from '../engine/onnx/node-writer.ts';
import {
  createTrainer,
  type OnnxModel,
  sgd,
  type Trainer,
  type TrainerOptions,
  type TrainingBackendName,
} from '../engine/training/index.ts';

export interface PixelSuite {
  readonly backend: TrainingBackendName;
  /** Takes the device away. */
  readonly lose: (trainer: Trainer) => void | Promise<void>;
  /** Bytes of arrays that were brought to the device so far. */
  readonly uploaded: () => number;
}

/** Of the places of a step, and of the picture: no power of two, and not square. */
export const [ROWS, COLUMNS] = [5, 8];
export const [WIDTH, HEIGHT] = [21, 13];
export const PIXELS = { coordinates: 'xy', width: WIDTH, height: HEIGHT } as const;
const COUNT = ROWS * COLUMNS;
const [WEIGHTS, BIASES] = [Float32Array.of(0.3, -0.2, 0.1, 0.4, -0.5, 0.25), Float32Array.of(0.5, 0.4, 0.6)];
const RATE = 0.1;

/** A line for each colour: y = w (x, y) + b. */
export function lineModel(): OnnxModel {
  const writer = new NodeWriter(['xy', 'w', 'b', 'y'], 17);
  writer.addNamed('y', 'Conv', ['xy', 'w', 'b'], { kernel_shape: ints([1, 1]) });
  const constants = [constantOf('w', [3, 2, 1, 1], WEIGHTS), constantOf('b', [3], BIASES)];
  return {
    size: 0,
    opset: 17,
    metadata: new Map(),
    nodes: writer.nodes,
    constants: new Map(constants.map(one => [one.name, one])),
    inputs: [{ name: 'xy', type: 1, dims: [1, 2, ROWS, COLUMNS] }],
    outputs: [{ name: 'y', type: 1, dims: [1, 3, ROWS, COLUMNS] }],
  };
}

/** A picture in which every pixel is another. */
export const makePicture = (turn = 0): Float32Array =>
  Float32Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => ((i + turn) * 0.618034) % 1);

/** The random numbers of a step: x by y for each of its places, as (1, 2, rows, columns). */
export function uniformOf(seed: number, step: number): Float32Array {
  const uniform = new Float32Array(2 * COUNT);
  for (let i = 0; i < COUNT; i++) {
    const [x, y] = philox([i, step, 0, 0], [seed, 0]);
    uniform[i] = toUnit(x);
    uniform[COUNT + i] = toUnit(y);
  }
  return uniform;
}

/** The places and colours of a step, by plain arithmetic. */
export function batchOf(picture: Float32Array, seed: number, step: number) {
  const uniform = uniformOf(seed, step);
  const [xy, target] = [new Float32Array(2 * COUNT), new Float32Array(3 * COUNT)];
  for (let i = 0; i < COUNT; i++) {
    const column = Math.floor((uniform[i] ?? 0) * WIDTH);
    const row = Math.floor((uniform[COUNT + i] ?? 0) * HEIGHT);
    xy[i] = (2 * column + 1) / WIDTH - 1;
    xy[COUNT + i] = (2 * row + 1) / HEIGHT - 1;
    for (let c = 0; c < 3; c++) {
      target[c * COUNT + i] = picture[(c * HEIGHT + row) * WIDTH + column] ?? Number.NaN;
    }
  }
  return { xy, target };
}

/** The loss of the line before it learns. */
function firstLoss({ xy, target }: ReturnType<typeof batchOf>): number {
  const squares = target.map((color, at) => {
    const [c, i] = [Math.floor(at / COUNT), at % COUNT];
    const sloped = (WEIGHTS[2 * c] ?? 0) * (xy[i] ?? 0) + (WEIGHTS[2 * c + 1] ?? 0) * (xy[COUNT + i] ?? 0);
    return (sloped + (BIASES[c] ?? 0) - color) ** 2;
  });
  return squares.reduce((sum, one) => sum + one, 0) / squares.length;
}

export function testPixelBatches({ backend, lose, uploaded }: PixelSuite): void {
  const train = async (options: Partial<TrainerOptions>, work: (trainer: Trainer) => Promise<unknown>) => {
    const losses: number[] = [];
    const trainer = await createTrainer(lineModel(), {
      loss: 'mse',
      optimizer: sgd(),
      learningRate: RATE,
      backend,
      onLosses: (_, values) => losses.push(...values),
      ...options,
    });
    try {
      await work(trainer);
      return { losses, weights: await trainer.weights() };
    } finally {
      trainer.destroy();
    }
  };

  describe('pixels that a step draws', () => {
    test.each([0, 77])('are those of the reference, with the seed %i', async seed => {
      const picture = makePicture();
      const own = await train({ pixels: PIXELS, seed }, async trainer => {
        expect(trainer.inputs.map(({ name, dims }) => [name, dims])).toEqual([
          ['target', [1, 3, HEIGHT, WIDTH]],
        ]);
        await trainer.runUntil(() => ({ target: picture }), { steps: 6 });
      });
      const given = await train({}, trainer =>
        trainer.runUntil(step => batchOf(picture, seed, step), { steps: 6 }),
      );
      expect(own.losses).toHaveLength(6);
      expect(Math.abs((own.losses[0] ?? 0) - firstLoss(batchOf(picture, seed, 0)))).toBeLessThan(1e-6);
      for (const [i, loss] of own.losses.entries()) {
        expect(Math.abs(loss - (given.losses[i] ?? 0))).toBeLessThan(1e-6);
      }
      for (const [name, values] of own.weights) {
        const apart = values.map((value, i) =>
          Math.abs(value - (given.weights.get(name)?.[i] ?? Number.NaN)),
        );
        expect(Math.max(...apart)).toBeLessThan(1e-6);
      }
    });

    test('follow another picture, and go on after a lost device', async () => {
      const pictures = [makePicture(), makePicture(5)];
      const results = [];
      for (const isLost of [false, true]) {
        let toLose = isLost;
        const made = await train({ pixels: PIXELS, snapshotEvery: 2 }, trainer =>
          trainer.runUntil(
            async step => {
              if (step === 5 && toLose) {
                toLose = false;
                await lose(trainer);
              }
              return { target: pictures[step < 3 ? 0 : 1] as Float32Array };
            },
            { steps: 8 },
          ),
        );
        results.push(made);
      }
      expect(results[1]).toEqual(results[0]);
      const expected = await train({}, trainer =>
        trainer.runUntil(step => batchOf(pictures[step < 3 ? 0 : 1] as Float32Array, 0, step), { steps: 8 }),
      );
      for (const [i, loss] of expected.losses.entries()) {
        expect(Math.abs(loss - (results[0]?.losses[i] ?? 0))).toBeLessThan(1e-6);
      }
    });

    test('need no upload but the number of the step and the rate', async () => {
      const picture = makePicture();
      await train({ pixels: PIXELS, snapshotEvery: 1000 }, async trainer => {
        await trainer.runUntil(() => ({ target: picture }), { steps: 1 });
        const before = uploaded();
        await trainer.runUntil(() => ({ target: picture }), { steps: 20 });
        // The picture alone has 3,276 bytes, and a batch 800.
        expect((uploaded() - before) / 20).toBeLessThanOrEqual(64);
        await trainer.runUntil(() => ({ target: picture.slice() }), { steps: 1 });
        expect(uploaded() - before).toBeGreaterThan(4 * picture.length);
      });
    });
  });
}
