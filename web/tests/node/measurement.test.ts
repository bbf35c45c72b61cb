// The statistics of timings, as pages and `limner bench everywhere` tell them.

import { expect, test } from 'vitest';
import {
  isRanked,
  isSteady,
  type Measurement,
  maxDifference,
  quantile,
  summarizeRounds,
} from '../../shared/measurement.ts';

test('quantiles are numpy’s', () => {
  // numpy.quantile([4, 1, 3, 2], [0, .1, .5, .9, 1])
  const found = [0, 0.1, 0.5, 0.9, 1].map(fraction => quantile([4, 1, 3, 2], fraction));
  for (const [i, value] of [1, 1.3, 2.5, 3.7, 4].entries()) expect(found[i]).toBeCloseTo(value, 12);
  expect(quantile([7], 0.9)).toBe(7);
});

test('a row has percentiles over all rounds', () => {
  const timing = summarizeRounds([
    [10, 11],
    [10, 30],
  ]);
  expect(timing).toMatchObject({ runs: 4, p50Ms: 10.5, minMs: 10 });
  expect(timing.p90Ms).toBeCloseTo(24.3, 9);
  expect(summarizeRounds([[], []])).toEqual({
    runs: 0,
    p10Ms: null,
    p50Ms: null,
    p90Ms: null,
    minMs: null,
    steady: false,
  });
});

test('a row is steady if the rounds’ medians are within 5 %', () => {
  const rounds = (...medians: number[]) => medians.map(one => [one, one, 9 * one]);
  expect(isSteady(rounds(100, 104, 96))).toBe(true);
  expect(isSteady(rounds(100, 106, 100))).toBe(false);
  expect(isSteady(rounds(100, 94, 100))).toBe(false);
  expect(isSteady(rounds(100))).toBe(false);
  expect(isSteady([[100], []])).toBe(false);
});

test('differences are parts of the largest magnitude', () => {
  expect(maxDifference([1, -4.5], [1, -5])).toBeCloseTo(0.1, 12);
  expect(maxDifference([0, 0], [0, 0])).toBe(0);
  expect(maxDifference([1], [0])).toBe(Number.POSITIVE_INFINITY);
  expect(maxDifference([Number.NaN], [1])).toBe(Number.POSITIVE_INFINITY);
  expect(maxDifference([1, 2], [1])).toBe(Number.POSITIVE_INFINITY);
});

test('what differs or did not run is not ranked', () => {
  const row = { p50Ms: 1, maxDifference: 1e-5, accuracyDifference: 0 } as Measurement;
  expect(isRanked(row)).toBe(true);
  expect(isRanked({ ...row, maxDifference: 2e-3 })).toBe(false);
  expect(isRanked({ ...row, maxDifference: null })).toBe(false);
  expect(isRanked({ ...row, accuracyDifference: null })).toBe(true);
  expect(isRanked({ ...row, accuracyDifference: 0.001 })).toBe(false);
  expect(isRanked({ ...row, p50Ms: null })).toBe(false);
});
