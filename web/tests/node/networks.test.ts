// Complete networks on the CPU, as they are lowered, compared with ONNX Runtime: also those whose plans are those of
// others, which no GPU runs in the tests.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CpuExecutor } from '../../engine/cpu/executor.ts';
import { lower } from '../../engine/graph/lowering/lower.ts';
import { bindDims } from '../../engine/onnx/free-dims.ts';
import { readModel } from '../../engine/onnx/model.ts';
import { CACHE } from '../cases.ts';
import { excess } from '../compare.ts';
import { type ListedNetwork, NETWORK_LISTS } from '../listed-networks.ts';

const listed: ListedNetwork[] = NETWORK_LISTS.flatMap(list =>
  JSON.parse(readFileSync(`${CACHE}/${list}.json`, 'utf8')),
);

/** Networks that round to integers: the CPU adds up in an order of its own, and a sum halfway between two is rounded
 * to either. */
const ROUNDED = ['quantised', 'static-classifier-uint8'];

const readFloats = (file: string) =>
  new Float32Array(Uint8Array.from(readFileSync(`${CACHE}/${file}`)).buffer);

test.each(listed.filter(({ name }) => !ROUNDED.includes(name)))(
  '$name gives the output of ONNX Runtime',
  async ({ name, dims, shape, step = 0 }) => {
    const model = readModel(new Uint8Array(readFileSync(`${CACHE}/${name}.onnx`)));
    const graph = await lower(bindDims(model, dims, false));
    const executor = new CpuExecutor(graph);
    executor.array('image').set(readFloats(`${name}.input`));
    executor.run();
    expect(graph.outputs.map(output => output.dims)).toEqual([shape]);
    const out = Float32Array.from(executor.array('out'));
    expect(excess(out, readFloats(`${name}.output`), 1e-4 + step, 1e-4)).toBeLessThanOrEqual(0);
  },
);
