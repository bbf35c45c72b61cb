// Learning rates of sixty steps, against torch's schedulers.

import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  constantRate,
  cosine,
  exponential,
  oneCycle,
  type PlateauOptions,
  ReduceOnPlateau,
  type Schedule,
  stepped,
  warmUp,
} from '../../engine/training/schedules.ts';
import { CACHE } from '../cases.ts';

interface Cases {
  readonly cases: readonly { readonly name: string; readonly rates: readonly number[] }[];
  readonly measures: readonly number[];
  readonly plateaus: readonly { readonly options: PlateauOptions; readonly rates: readonly number[] }[];
}

const { cases, measures, plateaus }: Cases = JSON.parse(readFileSync(`${CACHE}/schedules.json`, 'utf8'));
const STEPS = measures.length;

const SCHEDULES: Record<string, Schedule> = {
  constant: constantRate(0.1),
  cosine: cosine(0.1, 25),
  'cosine-least': cosine(0.2, STEPS, 0.01),
  exponential: exponential(0.1, 0.95),
  'one-cycle': oneCycle(0.1, STEPS),
  'one-cycle-early': oneCycle(0.2, STEPS, { rising: 0.15, divisor: 10, finalDivisor: 100 }),
  stepped: stepped(0.1, 7),
  'stepped-half': stepped(0.3, 20, 0.5),
  'warm-up': warmUp(8, cosine(0.1, STEPS - 8, 0.001), 0.1),
};

const close = (made: readonly number[], expected: readonly number[]) => {
  expect(made).toHaveLength(expected.length);
  expected.forEach((rate, step) => {
    expect(Math.abs((made[step] ?? Number.NaN) - rate), `step ${step}`).toBeLessThan(1e-9);
  });
};

describe('the rates are those of torch', () => {
  test.each(cases)('$name', ({ name, rates }) => {
    close(
      rates.map((_, step) => SCHEDULES[name]?.(step) ?? Number.NaN),
      rates,
    );
  });

  test.each(plateaus)('on a plateau, $options', ({ options, rates }) => {
    const schedule = new ReduceOnPlateau(0.1, options);
    close(
      measures.map(measure => schedule.report(measure)),
      rates,
    );
    expect(schedule.rate).toBeLessThan(0.1);
  });
});
