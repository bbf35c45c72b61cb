// jax-js with its ONNX loader, compiled by its own `jit`. The loader has no transposed convolutions, so it gets
// the look rewritten without them (src/limner/export/subpixel.py): as many multiply-adds.

import * as jax from '@jax-js/jax';
import { ONNXModel } from '@jax-js/onnx';
import { makeCanvasIo } from './canvas-io.ts';
import { webgpuUnavailable } from './capabilities.ts';
import type { Engine, Rival, RivalContext } from './rival.ts';

export const jaxjs: Engine = {
  format: 'plain',
  fence: 'blockUntilReady()',
  unavailableReason: webgpuUnavailable,
  // All its code is imported with this module.
  prepare: async () => undefined,
  create,
};

async function create({ pixels, image, canvas, files }: RivalContext): Promise<Rival> {
  await jax.init('webgpu');
  jax.defaultDevice('webgpu');
  const model = new ONNXModel(files.plain);
  const forward = jax.jit((image: jax.numpy.Array) => {
    const { painting } = model.run({ image });
    if (!painting) throw new Error('jax-js gave no painting.');
    return painting;
  });
  const canvasIo = makeCanvasIo(canvas, pixels, 'chw');
  const makeTensor = (planes: Float32Array<ArrayBuffer>) =>
    jax.numpy.array(planes, { shape: [1, 3, pixels, pixels] });
  const compute = async (planes: Float32Array<ArrayBuffer>): Promise<Float32Array> =>
    (await forward(makeTensor(planes)).data()) as Float32Array;
  const inputTensor = makeTensor(image);
  let lastPainting: jax.numpy.Array | null = null;
  return {
    version: __JAX__,
    adapter: '',
    run: () => compute(image),
    step: async () => {
      lastPainting?.dispose();
      lastPainting = forward(inputTensor.ref);
    },
    frame: async video => canvasIo.showPainting(await compute(canvasIo.readFrame(video))),
    finished: async () => {
      await lastPainting?.blockUntilReady();
    },
  };
}
