// Whole networks on one backend against ONNX Runtime.

import { expect, test } from 'vitest';
import { createPainter, readModel } from '../engine/index.ts';
import type { Backend } from '../engine/painter.ts';
import { excess } from './compare.ts';

interface Listed {
  readonly name: string;
  /** Of its input, by the names that the file may leave open. */
  readonly dims: Record<string, number>;
  /** Of its output. */
  readonly shape: readonly number[];
  /** Of a network that rounds to whole numbers on the way: how far apart two neighbours come out. */
  readonly step?: number;
}

/** Of values that may come out a step apart. A sum that lies on the middle between two whole numbers, but for the
 * order in which it was added up, is rounded to either, and layers after it carry that on to a patch of the output.
 * (In static-unet-int8 it is one sum: 18.500001 as doubles, 18.499999 as ONNX Runtime adds up float32.) */
const MAX_APART = 0.02;

const lists = await Promise.all(
  ['/networks.json', '/exports.json', '/opsets.json'].map(async list => (await fetch(list)).json()),
);
/** Networks of all kinds, some of them by the tools of others, and one in every opset. */
const networks: Listed[] = lists.flat();
const bytes = async (file: string) => new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());
const floats = async (file: string) => new Float32Array((await bytes(file)).buffer);

export function compareNetworks(backend: Backend): void {
  test('there are networks of all kinds', () => expect(networks.length).toBeGreaterThanOrEqual(20));

  test.each(networks)('$name is what ONNX Runtime makes of it', async ({ name, dims, shape, step = 0 }) => {
    const model = await readModel(await bytes(`${name}.onnx`), { dims });
    expect(model.plan.outputs.map(output => output.dims)).toEqual([shape]);
    const painter = await createPainter(model, { backend });
    const { out = new Float32Array() } = await painter.run({ image: await floats(`${name}.input`) });
    const expected = await floats(`${name}.output`);
    const over = excess(out, expected, 1e-4 + step, 1e-4);
    const differs = (value: number, i: number) =>
      excess(out.slice(i, i + 1), Float32Array.of(value), 1e-4, 1e-4) > 0;
    const apart = step > 0 ? expected.filter(differs).length / expected.length : 0;
    console.log(name, JSON.stringify({ over, apart, ...painter.statistics }));
    painter.destroy();
    expect(over).toBeLessThanOrEqual(0);
    expect(apart).toBeLessThan(MAX_APART);
  });
}
