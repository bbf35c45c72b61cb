// Complete looks on one backend, compared with ONNX Runtime.

import { expect, test } from 'vitest';
import { type Look, readLook } from '../engine/index.ts';
import type { Painter } from '../engine/painter.ts';
import { largestDifference } from './compare.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';

interface ListedLook {
  readonly name: string;
  /** Values of the live inputs in the reference run. */
  readonly live: Readonly<Record<string, number>>;
}

const looks: ListedLook[] = await (await fetch('/looks.json')).json();

export function compareLooks(createPainter: (look: Look) => Promise<Painter>): void {
  for (const { name, live } of looks) {
    test(`${name} gives the painting and the guide of ONNX Runtime`, async () => {
      const painter = await createPainter(await readLook(await fetchBytes(`${name}.onnx`)));
      const scalars = Object.fromEntries(
        Object.entries(live).map(([key, value]) => [key, Float32Array.of(value)]),
      );
      const found = await painter.run({ image: await fetchFloats(`${name}.image`), ...scalars });
      const empty = new Float32Array();
      const painting = largestDifference(found.painting ?? empty, await fetchFloats(`${name}.painting`));
      const guide = largestDifference(found.guide ?? empty, await fetchFloats(`${name}.guide`));
      console.log(name, JSON.stringify({ painting, guide, ...painter.statistics }));
      painter.destroy();
      expect(painting).toBeLessThan(1e-4);
      expect(guide).toBeLessThan(1e-4);
    });
  }

  test('our own looks do not fetch the modules of other operators', () => {
    const fetched = performance.getEntriesByType('resource').map(({ name }) => name);
    expect(fetched.filter(name => name.includes('/engine/')).length).toBeGreaterThan(20);
    expect(fetched.filter(name => name.includes('/extended.ts'))).toEqual([]);
  });
}
