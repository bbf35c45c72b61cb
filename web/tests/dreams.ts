// Steps of dreams on one backend, compared with torch's autograd: what tests/onnx_cases/dreams.py wrote.

import { expect, test } from 'vitest';
import { createPainter, readLook } from '../engine/index.ts';
import type { Backend } from '../engine/painter.ts';
import { largestDifference } from './compare.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';

interface StepCase {
  readonly name: string;
  readonly inputs: readonly string[];
  readonly live: Readonly<Record<string, number>>;
  readonly outputs: readonly string[];
  readonly tolerance: number;
}

const cases: StepCase[] = await (await fetch('/dreams.json')).json();

const fetchAll = async (name: string, parts: readonly string[]): Promise<Record<string, Float32Array>> =>
  Object.fromEntries(
    await Promise.all(parts.map(async part => [part, await fetchFloats(`${name}.${part}`)])),
  );

export function compareDreams(backend: Backend): void {
  test.each(cases)(
    '$name: a step is that of autograd',
    async ({ name, inputs, live, outputs, tolerance }) => {
      const painter = await createPainter(await readLook(await fetchBytes(`${name}.onnx`)), {
        backend,
        precision: 'float32',
        upkeep: false,
      });
      // As arrays they are not clamped to the ranges of a file without metadata.
      const turned = Object.fromEntries(
        Object.entries(live).map(([key, value]) => [key, Float32Array.of(value)]),
      );
      const made = await painter.run({ ...(await fetchAll(name, inputs)), ...turned });
      const expected = await fetchAll(name, outputs);
      const differences = outputs.map(output =>
        largestDifference(made[output] ?? new Float32Array(), expected[output] ?? new Float32Array()),
      );
      console.log(name, backend, JSON.stringify({ differences, ...painter.statistics }));
      painter.destroy();
      expect(outputs).toContain('dream_next');
      for (const difference of differences) expect(difference).toBeLessThan(tolerance);
    },
  );
}
