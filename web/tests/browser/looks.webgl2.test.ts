// Whole looks on WebGL2 against ONNX Runtime.

import { expect, test } from 'vitest';
import { readLook } from '../../engine/index.ts';
import { createWebgl2Painter } from '../../engine/webgl2/painter.ts';
import { largestDifference } from '../compare.ts';

interface Listed {
  name: string;
  live: Record<string, number>;
}

const looks: Listed[] = await (await fetch('/looks.json')).json();
const bytes = async (file: string) => new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());
const floats = async (file: string) => new Float32Array((await bytes(file)).buffer);

const onLost = (reason: string): never => {
  throw new Error(reason);
};

for (const { name, live } of looks) {
  test(`${name} is what ONNX Runtime makes of it`, async () => {
    const look = await readLook(await bytes(`${name}.onnx`));
    const painter = await createWebgl2Painter(look, { canvas: null, onLost });
    const scalars = Object.fromEntries(
      Object.entries(live).map(([key, value]) => [key, Float32Array.of(value)]),
    );
    const made = await painter.run({ image: await floats(`${name}.image`), ...scalars });
    const empty = new Float32Array();
    const painting = largestDifference(made.painting ?? empty, await floats(`${name}.painting`));
    const guide = largestDifference(made.guide ?? empty, await floats(`${name}.guide`));
    console.log(name, JSON.stringify({ painting, guide, ...painter.statistics }));
    painter.destroy();
    expect(painting).toBeLessThan(1e-4);
    expect(guide).toBeLessThan(1e-4);
  });
}

test('looks of our own fetch nothing that only other operators need', () => {
  const fetched = performance.getEntriesByType('resource').map(({ name }) => name);
  expect(fetched.filter(name => name.includes('/engine/')).length).toBeGreaterThan(20);
  expect(fetched.filter(name => name.includes('/extended.ts'))).toEqual([]);
});
