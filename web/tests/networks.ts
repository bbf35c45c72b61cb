// Complete networks on one backend, compared with ONNX Runtime.

import { expect, test } from 'vitest';
import { createPainter, readModel } from '../engine/index.ts';
import type { Backend } from '../engine/painter.ts';
import { excess } from './compare.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';

interface ListedNetwork {
  readonly name: string;
  /** Sizes of the input's dimensions, by the names that the file uses for open ones. */
  readonly dims: Record<string, number>;
  /** The output's shape. */
  readonly shape: readonly number[];
  /** Only for networks that round to integers: the output's difference if an integer changes by one. */
  readonly step?: number;
}

/** The largest fraction of output values that may differ by one step. A sum halfway between two integers is rounded up
 * or down depending on the order of its additions, and later layers spread the difference to a patch of the output.
 * (In static-unet-int8 this is one sum: 18.500001 in float64, 18.499999 as ONNX Runtime adds it in float32.) */
const MAX_ROUNDED_APART = 0.02;

const lists = await Promise.all(
  [
    '/networks.json',
    '/doublings.json',
    '/exports.json',
    '/opsets.json',
    '/folding.json',
    '/normalizations.json',
    '/styles.json',
  ].map(async list => (await fetch(list)).json()),
);
/** Networks of all kinds, some of them from other exporters, and one network in every opset. */
const networks: ListedNetwork[] = lists.flat();

export function compareNetworks(backend: Backend): void {
  test('the test cases include at least 20 networks', () =>
    expect(networks.length).toBeGreaterThanOrEqual(20));

  test.each(networks)('$name gives the output of ONNX Runtime', async ({ name, dims, shape, step = 0 }) => {
    const model = await readModel(await fetchBytes(`${name}.onnx`), { dims });
    expect(model.plan.outputs.map(output => output.dims)).toEqual([shape]);
    const painter = await createPainter(model, { backend });
    const { out = new Float32Array() } = await painter.run({ image: await fetchFloats(`${name}.input`) });
    const expected = await fetchFloats(`${name}.output`);
    const over = excess(out, expected, 1e-4 + step, 1e-4);
    const differs = (value: number, i: number) =>
      excess(out.slice(i, i + 1), Float32Array.of(value), 1e-4, 1e-4) > 0;
    const apart = step > 0 ? expected.filter(differs).length / expected.length : 0;
    console.log(name, JSON.stringify({ over, apart, ...painter.statistics }));
    painter.destroy();
    expect(over).toBeLessThanOrEqual(0);
    expect(apart).toBeLessThan(MAX_ROUNDED_APART);
  });
}
