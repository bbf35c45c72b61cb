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
}

const lists = await Promise.all(
  ['/networks.json', '/opsets.json'].map(async list => (await fetch(list)).json()),
);
/** Networks of all kinds, and one in every opset. */
const networks: Listed[] = lists.flat();
const bytes = async (file: string) => new Uint8Array(await (await fetch(`/${file}`)).arrayBuffer());
const floats = async (file: string) => new Float32Array((await bytes(file)).buffer);

export function compareNetworks(backend: Backend): void {
  test('there are networks of all kinds', () => expect(networks.length).toBeGreaterThanOrEqual(20));

  test.each(networks)('$name is what ONNX Runtime makes of it', async ({ name, dims, shape }) => {
    const model = await readModel(await bytes(`${name}.onnx`), { dims });
    expect(model.plan.outputs.map(output => output.dims)).toEqual([shape]);
    const painter = await createPainter(model, { backend });
    const { out = new Float32Array() } = await painter.run({ image: await floats(`${name}.input`) });
    const over = excess(out, await floats(`${name}.output`), 1e-4, 1e-4);
    console.log(name, JSON.stringify({ over, ...painter.statistics }));
    painter.destroy();
    expect(over).toBeLessThanOrEqual(0);
  });
}
