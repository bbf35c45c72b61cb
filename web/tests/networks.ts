// Complete networks on one backend, compared with ONNX Runtime.

import { expect, test } from 'vitest';
import { createPainter, readModel } from '../engine/index.ts';
import type { Backend } from '../engine/painter.ts';
import { excess } from './compare.ts';
import { fetchBytes, fetchFloats } from './fetch.ts';
import { type ListedNetwork, NETWORK_LISTS } from './listed-networks.ts';

/** The largest fraction of output values that may differ by one step. A sum halfway between two integers is rounded up
 * or down depending on the order of its additions, and later layers spread the difference to a patch of the output.
 * (In static-unet-int8 this is one sum: 18.500001 in float64, 18.499999 as ONNX Runtime adds it in float32.) */
const MAX_ROUNDED_APART = 0.02;

const listOf = async (list: string): Promise<ListedNetwork[]> => (await fetch(`/${list}.json`)).json();
const lists = new Map(
  await Promise.all(NETWORK_LISTS.map(async list => [list, await listOf(list)] as const)),
);

/** In every opset it is the same network, with the same plan: the GPU runs two of them. */
const OPSETS = ['opset-23', 'early-7'];
/** Lists that vary what the passes find, which is the same for both backends: WebGL2 runs each so-manieth. */
const SPARSE: Readonly<Record<string, number>> = { doublings: 5, normalizations: 5 };

function chooseNetworks(backend: Backend): ListedNetwork[] {
  return Array.from(lists, ([list, networks]) => {
    if (list === 'opsets') return networks.filter(({ name }) => OPSETS.includes(name));
    const every = backend === 'webgl2' ? (SPARSE[list] ?? 1) : 1;
    return networks.filter((_, i) => i % every === 0);
  }).flat();
}

export function compareNetworks(backend: Backend): void {
  const networks = chooseNetworks(backend);

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
