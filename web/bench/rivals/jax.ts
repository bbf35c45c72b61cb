// jax-js with its ONNX loader, compiled by its own `jit`. The loader has no transposed convolutions, so it gets
// the look rewritten without them (src/limner/bench/subpixel.py): as many multiply-adds.

import * as jax from '@jax-js/jax';
import { ONNXModel } from '@jax-js/onnx';
import { canvasPath } from './canvas-io.ts';
import { missingWebgpu } from './capabilities.ts';
import type { Engine, Place, Rival } from './rival.ts';

export const jaxjs: Engine = {
  format: 'plain',
  fence: 'blockUntilReady()',
  missing: missingWebgpu,
  // All of it is fetched with this module.
  prepare: async () => undefined,
  create,
};

async function create({ pixels, picture, canvas, files }: Place): Promise<Rival> {
  await jax.init('webgpu');
  jax.defaultDevice('webgpu');
  const model = new ONNXModel(files.plain);
  const forward = jax.jit((image: jax.numpy.Array) => {
    const { painting } = model.run({ image });
    if (!painting) throw new Error('jax-js gave no painting.');
    return painting;
  });
  const path = canvasPath(canvas, pixels, 'planes');
  const tensorOf = (planes: Float32Array<ArrayBuffer>) =>
    jax.numpy.array(planes, { shape: [1, 3, pixels, pixels] });
  const compute = async (planes: Float32Array<ArrayBuffer>): Promise<Float32Array> =>
    (await forward(tensorOf(planes)).data()) as Float32Array;
  const still = tensorOf(picture);
  let last: jax.numpy.Array | null = null;
  return {
    version: __JAX__,
    adapter: '',
    run: () => compute(picture),
    step: async () => {
      last?.dispose();
      last = forward(still.ref);
    },
    frame: async video => path.show(await compute(path.take(video))),
    finished: async () => {
      await last?.blockUntilReady();
    },
  };
}
