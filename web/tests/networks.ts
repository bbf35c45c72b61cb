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

/** Lists that vary what a file says or the passes find, which is the same for both backends. WebGPU runs all of them, WebGL2
 * one for each kind of operation that the passes leave. */
const ON_WEBGL2: Readonly<Record<string, readonly string[]>> = {
  opsets: ['opset-7', 'opset-9', 'opset-10', 'opset-12', 'opset-19', 'opset-23', 'early-7'],
  doublings: [
    'doubled',
    'doubled-reflect',
    'doubled-edge',
    'doubled-zeros',
    'doubled-zeros-uneven',
    'tripled',
    'doubled-prelu',
    'doubled-instance-norm',
    'doubled-gate',
    'doubled-both',
    'doubled-unet',
    'doubled-unet-reflect',
    'doubled-unet-edge',
    'doubled-unet-quantized',
    'doubled-unet-rows',
    'doubled-by-place',
  ],
  normalizations: [
    'instance-by-pow',
    'tensorflow-shifted',
    'expanded',
    'keras-group-2',
    'convnext-17',
    'restormer-13',
    'activated-between',
    'adaptive',
    'group-of-three',
    'group-operator-of-five',
    'layer-of-planes',
    'layer-of-channels-6',
    'layer-of-last',
    'layer-of-all',
    'layer-of-tokens',
    'fast-neural-style',
    'mean-elsewhere',
    'other-axes',
    'turned-mean',
    'far-offset',
  ],
};

function chooseNetworks(backend: Backend): ListedNetwork[] {
  return Array.from(lists, ([list, networks]) => {
    const chosen = backend === 'webgl2' ? ON_WEBGL2[list] : undefined;
    const missing = chosen?.filter(name => !networks.some(one => one.name === name)) ?? [];
    if (missing.length > 0) throw new Error(`There is no network ${missing.join(', ')} in ${list}.`);
    return chosen ? networks.filter(({ name }) => chosen.includes(name)) : networks;
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
