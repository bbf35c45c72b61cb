// The tab Line: its network, trained by the engine, and beside its own picture of it.

import { expect, test } from 'vitest';
import { CpuExecutor } from '../../../engine/cpu/executor.ts';
import { lower } from '../../../engine/graph/lowering/lower.ts';
import { bindDims } from '../../../engine/onnx/free-dims.ts';
import { readModel } from '../../../engine/onnx/model.ts';
import { adam, createTrainer, initialize } from '../../../engine/training/index.ts';
import { drawTable, fromUnit, rangeOf, toUnit } from '../../../lab/data/table.ts';
import {
  activationsOf,
  buildModel,
  layersOf,
  learnedNames,
  meanSquaredError,
  parametersOf,
} from '../../../lab/line/network.ts';
import { epochOrder, stepsPerEpoch } from '../../../lab/network/batches.ts';

const table = drawTable();
const [across, up] = [rangeOf(table.x), rangeOf(table.y)];
const layers = layersOf({ hidden: 2, units: 50, act: 'sigmoid' });

test('the codelab’s networks have its parameters', () => {
  const count = (hidden: number) =>
    layersOf({ hidden, units: 50, act: 'sigmoid' }).reduce((sum, layer) => sum + parametersOf(layer), 0);
  expect([count(0), count(1), count(2)]).toEqual([4, 153, 2703]);
});

test('an epoch has each example once, and the same seed gives the same order', () => {
  const [order, again, other] = [epochOrder(80, 16, 1), epochOrder(80, 16, 1), epochOrder(80, 16, 2)];
  expect(stepsPerEpoch(80, 16)).toBe(5);
  const epoch = (from: number) => Array.from({ length: 5 }, (_, i) => [...order(from + i)]).flat();
  const first = epoch(0);
  expect([...first].sort((a, b) => a - b)).toEqual(Array.from({ length: 80 }, (_, i) => i));
  expect(epoch(5)).not.toEqual(first);
  // Steps can be asked for in any order: after a lost GPU some are computed again.
  expect([...again(3)]).toEqual(first.slice(48, 64));
  expect([...other(3)]).not.toEqual(first.slice(48, 64));
});

test('the network learns, and the page draws what it has learned', async () => {
  const model = await initialize(buildModel(layers, across, up), { seed: 3 });
  const order = epochOrder(80, 16, 3);
  const losses: number[] = [];
  const trainer = await createTrainer(model, {
    loss: 'mse',
    optimizer: adam(),
    learningRate: 0.02,
    batch: 16,
    parameters: learnedNames(layers),
    onLosses: (_, values) => losses.push(...values),
  });
  const batch = (step: number) => {
    const chosen = order(step);
    return {
      x: Float32Array.from(chosen, i => table.x[i] ?? 0),
      [trainer.target]: Float32Array.from(chosen, i => toUnit(up, table.y[i] ?? 0)),
    };
  };
  await trainer.runUntil(batch, { steps: 300 });
  const weights = await trainer.weights();
  trainer.destroy();
  expect(losses).toHaveLength(300);
  const mean = (from: number) => losses.slice(from, from + 20).reduce((sum, loss) => sum + loss, 0) / 20;
  expect(mean(280)).toBeLessThan(mean(0) / 3);
  // The error of the epoch, from the page's own picture of the network, is that of the trainer.
  const inUnits = meanSquaredError(layers, weights, table);
  expect(inUnits / (up.most - up.least) ** 2).toBeLessThan(2 * mean(280));

  // What is saved takes and gives numbers in their own units, and answers what the page draws.
  const whole = await createTrainer(buildModel(layers, across, up, true), {
    loss: 'mse',
    optimizer: adam(),
    learningRate: 0,
    batch: 1,
    parameters: learnedNames(layers),
  });
  await whole.restart(weights);
  const saved = await lower(bindDims(readModel(await whole.save()), { N: 1 }, false));
  whole.destroy();
  const executor = new CpuExecutor(saved);
  for (const x of [50, 100, 200]) {
    executor.array('x').set([x]);
    executor.run();
    const [answer = 0] = activationsOf(layers, weights, Float64Array.of(toUnit(across, x))).at(-1) ?? [];
    expect(executor.array('y')[0]).toBeCloseTo(fromUnit(up, answer), 3);
  }
});
