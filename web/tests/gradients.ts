// Gradients of every differentiable operator on one backend, against torch in float64.

import { expect, test } from 'vitest';
import { differentiate } from '../engine/autograd/gradients.ts';
import { lower } from '../engine/graph/lowering/lower.ts';
import { TRAINING } from '../engine/graph/lowering/training.ts';
import { makePlan, type Plan } from '../engine/graph/passes/plan.ts';
import { readModel } from '../engine/onnx/model.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';

interface Case {
  readonly name: string;
  readonly op: string;
  /** Values x0, x1, ... that have a gradient. */
  readonly inputs: number;
}

type Arrays = Record<string, Float32Array>;

/** As a part of the tensor's largest gradient. */
const TOLERANCE = 1e-4;

/** The largest difference, as a part of the largest gradient. */
export function gradientDifference(made: ArrayLike<number>, expected: Float32Array): number {
  expect(made.length).toBe(expected.length);
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
  const apart = expected.map((value, i) => Math.abs((made[i] ?? Number.NaN) - value));
  return apart.reduce((most, value) => (value <= most ? most : value), 0) / largest;
}

/** `ops` are the operators that are tested; by default all. `where` is told beside their names. */
export async function compareGradients(
  run: (plan: Plan, inputs: Arrays) => Promise<Arrays>,
  ops?: readonly string[],
  where = '',
): Promise<void> {
  const all: Case[] = await (await fetch('/gradients.json')).json();
  const cases = all.filter(({ op }) => !ops || ops.includes(op));
  test.each(cases)(`$name is as in torch${where}`, async ({ name, inputs }) => {
    const model = readModel(await fetchBytes(`${name}.onnx`));
    const wanted = Array.from({ length: inputs }, (_, i) => `x${i}`);
    const { model: step, gradients } = await differentiate(model, 'loss', wanted);
    const plan = await makePlan(await lower(step, TRAINING), false);
    const given: Arrays = {};
    for (const input of model.inputs) given[input.name] = await fetchFloats(`${name}.${input.name}`);
    const made = await run(plan, given);
    for (const [i, one] of wanted.entries()) {
      const gradient = made[gradients.get(one) ?? ''] ?? new Float32Array();
      const expected = await fetchFloats(`${name}.g${i}`);
      expect(gradientDifference(gradient, expected), one).toBeLessThan(TOLERANCE);
    }
  });
}
