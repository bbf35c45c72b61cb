// TensorFlow.js: `minimize` of its own Adam. Pictures are channels-last, as its convolutions want them, and so are the
// weights; the first linear layer's columns are permuted to fit.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-core/dist/register_all_gradients';
import {
  ADAM,
  BATCH,
  CONVS,
  LEARNING_RATE,
  type Learner,
  type Lesson,
  LINEARS,
  parameter,
  type TrainingEngine,
} from './learner.ts';

export const makeTfjs = (backend: 'webgpu' | 'webgl'): TrainingEngine => ({
  fence: 'the loss read back with data(); at the end of a turn one weight of the first layer, too',
  prepare: async () => {
    if (backend === 'webgpu') await import('@tensorflow/tfjs-backend-webgpu');
    else await import('@tensorflow/tfjs-backend-webgl');
  },
  create: lesson => create(backend, lesson),
});

interface Layer {
  readonly weight: tf.Variable;
  readonly bias: tf.Variable<tf.Rank.R1>;
}

/** What the last convolution leaves: channels, and rows and columns. */
const FLAT = [16, 5, 5] as const;

function makeLayer(lesson: Lesson, name: string): Layer {
  const { shape, values } = parameter(lesson, `${name}.weight`);
  const bias = parameter(lesson, `${name}.bias`);
  return tf.tidy(() => {
    const weight = tf.tensor(new Float32Array(values), [...shape]);
    return {
      weight: tf.variable(toChannelsLast(weight, name)),
      bias: tf.variable(tf.tensor1d(new Float32Array(bias.values))),
    };
  });
}

function toChannelsLast(weight: tf.Tensor, name: string): tf.Tensor {
  if (weight.rank === 4) return tf.transpose(weight, [2, 3, 1, 0]);
  if (name !== LINEARS[0]) return tf.transpose(weight);
  const [outputs = 0, inputs = 0] = weight.shape;
  const columns = tf.transpose(tf.reshape(weight, [outputs, ...FLAT]), [2, 3, 1, 0]);
  return tf.reshape(columns, [inputs, outputs]);
}

function forward(convs: readonly Layer[], linears: readonly Layer[], pictures: tf.Tensor4D): tf.Tensor2D {
  let x = pictures;
  for (const [i, { weight, bias }] of convs.entries()) {
    const made = tf.conv2d(x, weight as tf.Variable<tf.Rank.R4>, 1, i === 0 ? 'same' : 'valid');
    x = tf.maxPool(tf.relu(tf.add<tf.Tensor4D>(made, bias)), 2, 2, 'valid');
  }
  let y = tf.reshape<tf.Rank.R2>(x, [BATCH, -1]);
  for (const [i, { weight, bias }] of linears.entries()) {
    const made = tf.add<tf.Tensor2D>(tf.matMul(y, weight as tf.Variable<tf.Rank.R2>), bias);
    y = i < linears.length - 1 ? tf.relu(made) : made;
  }
  return y;
}

async function create(backend: 'webgpu' | 'webgl', lesson: Lesson): Promise<Learner> {
  tf.enableProdMode();
  if (!(await tf.setBackend(backend))) throw new Error(`TensorFlow.js could not start on ${backend}`);
  await tf.ready();
  const convs = CONVS.map(name => makeLayer(lesson, name));
  const linears = LINEARS.map(name => makeLayer(lesson, name));
  const optimizer = tf.train.adam(LEARNING_RATE, ADAM.beta1, ADAM.beta2, ADAM.epsilon);
  const losses: number[] = [];
  let steps = 0;
  return {
    version: tf.version_core,
    adapter: '',
    step: async () => {
      const { pictures, classes } = lesson.batch(steps);
      steps += 1;
      const loss = tf.tidy((): tf.Scalar => {
        const x = tf.tensor4d(pictures, [BATCH, 28, 28, 1]);
        const target = tf.oneHot(tf.tensor1d(classes, 'int32'), 10);
        const compute = () => tf.losses.softmaxCrossEntropy(target, forward(convs, linears, x)) as tf.Scalar;
        const made = optimizer.minimize(compute, true);
        if (!made) throw new Error('TensorFlow.js gave no loss.');
        return made;
      });
      losses.push(Number((await loss.data())[0]));
      loss.dispose();
    },
    finished: async () => {
      const [first] = convs;
      if (first) {
        // Of the update, which follows the loss.
        const value = tf.tidy(() => tf.slice(first.weight, [0, 0, 0, 0], [1, 1, 1, 1]));
        await value.data();
        value.dispose();
      }
      return losses.splice(0);
    },
  };
}
