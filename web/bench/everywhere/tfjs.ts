// TensorFlow.js on the graph model that limner exports: channels last.

import * as tf from '@tensorflow/tfjs-core';
import { convertLayout } from '../rivals/canvas-io.ts';
import { alwaysAvailable, webgpuUnavailable } from '../rivals/capabilities.ts';
import { openModel, prepareTfjs, startTfjs, type TfjsBackend } from '../rivals/tfjs.ts';
import type { LoadedNetwork, Network, Runtime } from './runtime.ts';

export const makeTfjs = (backend: TfjsBackend): Runtime => ({
  unavailableReason: backend === 'webgpu' ? webgpuUnavailable : alwaysAvailable,
  prepare: () => prepareTfjs(backend),
  load: network => load(backend, network),
});

async function load(backend: TfjsBackend, network: Network): Promise<LoadedNetwork> {
  if (!network.tfjs) throw new Error('the network was not exported for TensorFlow.js');
  await startTfjs(backend);
  const model = await openModel({ tfjs: network.tfjs });
  const [, channels = 1, height = 1, width = 1] = network.shape;
  const isPicture = network.shape.length === 4;
  const shape = isPicture ? [1, height, width, channels] : [...network.shape];
  /** Channels of an output that is a picture, too. */
  let painted = 0;
  return {
    version: tf.version_core,
    device: '',
    threads: backend === 'wasm' || backend === 'cpu' ? 1 : null,
    run: async example => {
      const output = tf.tidy(() => {
        // A file with several outputs gives a list.
        const [first] = [model.predict(tf.tensor(example, shape)) as tf.Tensor[]].flat();
        if (!first) throw new Error('TensorFlow.js gave no output.');
        return first;
      });
      painted = output.rank === 4 ? (output.shape[3] ?? 0) : 0;
      // On WebGL, data() polls a fence by timers that browsers make coarse.
      const values = backend === 'webgl' ? output.dataSync<'float32'>() : await output.data<'float32'>();
      output.dispose();
      return values;
    },
    arrangeInput: example => (isPicture ? convertLayout(example, 'chw', 'hwc', channels) : example),
    arrangeOutput: values => (painted ? convertLayout(values, 'hwc', 'chw', painted) : values),
  };
}
