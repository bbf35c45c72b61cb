// Looks with branches on one backend: what tests/onnx_cases/branches.py wrote.

import { expect, test } from 'vitest';
import { createPainter, readLook } from '../engine/index.ts';
import type { Backend, Precision } from '../engine/painter.ts';
import { largestDifference } from './compare.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';

interface BranchCase {
  readonly name: string;
  readonly live: Readonly<Record<string, number>>;
}

const cases: BranchCase[] = await (await fetch('/branches.json')).json();

const painterOf = async (name: string, backend: Backend, precision: Precision) =>
  createPainter(await readLook(await fetchBytes(`${name}.onnx`)), { backend, precision, upkeep: false });

export function compareBranches(backend: Backend, precision: Precision, tolerance: number): void {
  test.each(cases)(
    `$name in ${precision}: off to the bit, on as in ONNX Runtime, and nothing compiled between`,
    async ({ name, live }) => {
      const image = await fetchFloats(`${name}.image`);
      const base = await painterOf(`${name}.base`, backend, precision);
      const { painting: before } = await base.run({ image });
      base.destroy();
      const painter = await painterOf(name, backend, precision);
      const { painting: off } = await painter.run({ image });
      const compiled = JSON.stringify(painter.statistics);
      const weights = Object.entries(live).map(([key, value]) => [key, Float32Array.of(value)]);
      const { painting: on } = await painter.run({ image, ...Object.fromEntries(weights) });
      const { painting: again } = await painter.run({ image });
      const empty = new Float32Array();
      const expected = await fetchFloats(`${name}.painting`);
      const difference = largestDifference(on ?? empty, expected);
      console.log(name, backend, precision, difference, compiled);
      expect(JSON.stringify(painter.statistics)).toBe(compiled);
      painter.destroy();
      expect(off?.length).toBe(expected.length);
      expect(largestDifference(off ?? empty, before ?? empty)).toBe(0);
      expect(largestDifference(again ?? empty, before ?? empty)).toBe(0);
      expect(difference).toBeLessThan(tolerance);
      expect(largestDifference(on ?? empty, before ?? empty)).toBeGreaterThan(0.01);
    },
  );
}
