// A training step as a run: LeNet-5 with Adam, from a batch in memory to the step's loss in memory. So no library may run
// ahead here, as some do in `npm run browser-training`.

import { alwaysAvailable, webgpuUnavailable } from '../rivals/capabilities.ts';
import { ENGINES, type EngineName } from '../training/engines.ts';
import { BATCH, type Examples, type TrainingEngine } from '../training/learner.ts';
import { readParameters } from '../training/lesson.ts';
import type { Example, LoadedNetwork, Network, Runtime } from './runtime.ts';

/** The names of LeNet's layers in limner's file, and those that the engines know them by. */
const LAYERS = { c1: '0', c3: '3', c5: '7', f6: '9', output: '11' } as const;

export async function makeTraining(name: EngineName): Promise<Runtime> {
  const engine = await ENGINES[name].load();
  return {
    unavailableReason: name.endsWith('webgpu') ? webgpuUnavailable : alwaysAvailable,
    prepare: () => engine.prepare(),
    load: network => load(engine, network, name === 'limner-cpu' ? 1 : null),
  };
}

async function load(
  engine: TrainingEngine,
  network: Network,
  threads: number | null,
): Promise<LoadedNetwork> {
  const given = readParameters(network.onnx);
  const parameters = Object.entries(LAYERS).flatMap(([layer, name]) =>
    ['weight', 'bias'].flatMap(kind => {
      const found = given.get(`${layer}.${kind}`);
      return found ? [[`${name}.${kind}`, found] as const] : [];
    }),
  );
  let next: Example = new Float32Array();
  const learner = await engine.create({
    onnx: network.onnx,
    parameters: new Map(parameters),
    batch: () => splitBatch(next),
  });
  return {
    version: learner.version,
    device: learner.adapter,
    threads,
    run: async example => {
      next = example;
      await learner.step();
      return Float32Array.from(await learner.finished());
    },
  };
}

/** An example of a training: the batch's pictures, then its classes. */
function splitBatch(example: Example): Examples {
  const end = example.length - BATCH;
  return { pictures: example.slice(0, end), classes: Int32Array.from(example.subarray(end)) };
}
