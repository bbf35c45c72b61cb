// jax-js: the gradients of its `valueAndGrad`, and Adam spelled out, since its optimizers are not published. One `jit`
// has the whole step. Each use of an array but the last takes `.ref`: an array is freed when it is used.

import * as jax from '@jax-js/jax';
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

type Tensor = jax.numpy.Array;
const { lax, nn, numpy: np } = jax;

const NAMES = [...CONVS, ...LINEARS].flatMap(layer => [`${layer}.weight`, `${layer}.bias`]);

export const makeJax = (device: 'webgpu' | 'wasm'): TrainingEngine => ({
  fence: 'the loss read back; at the end of a turn blockUntilReady() of all parameters',
  // All its code but that of the device is imported with this module.
  prepare: async () => {
    await jax.init(device);
  },
  create: lesson => create(device, lesson),
});

/** Logits of pictures. `weights` are in the order of NAMES. */
function forward(weights: readonly Tensor[], pictures: Tensor): Tensor {
  const at = (i: number): Tensor => {
    const weight = weights[i];
    if (!weight) throw new Error('A parameter is missing.');
    return weight;
  };
  let x = pictures;
  for (let i = 0; i < CONVS.length; i++) {
    const pad = i === 0 ? 2 : 0;
    const made = lax.convGeneralDilated(
      x,
      at(2 * i),
      [1, 1],
      [
        [pad, pad],
        [pad, pad],
      ],
    );
    const active = nn.relu(made.add(at(2 * i + 1).reshape([1, -1, 1, 1])));
    x = lax.reduceWindow(active, np.max, [2, 2], [2, 2]);
  }
  x = x.reshape([BATCH, -1]);
  for (let i = 0; i < LINEARS.length; i++) {
    const place = 2 * (CONVS.length + i);
    const made = np.matmul(x, at(place).transpose()).add(at(place + 1));
    x = i < LINEARS.length - 1 ? nn.relu(made) : made;
  }
  return x;
}

function lossOf(weights: readonly Tensor[], pictures: Tensor, classes: Tensor): Tensor {
  const logits = nn.logSoftmax(forward(weights, pictures));
  return np.sum(logits.mul(nn.oneHot(classes, 10))).mul(-1 / BATCH);
}

/** The loss, and the parameters, means and mean squares after the step. `means` and `squares` are Adam's corrections. */
function train(
  weights: Tensor[],
  mean: Tensor[],
  square: Tensor[],
  corrections: { readonly mean: Tensor; readonly square: Tensor },
  pictures: Tensor,
  classes: Tensor,
): [Tensor, Tensor[], Tensor[], Tensor[]] {
  const [loss, gradients] = jax.valueAndGrad(lossOf)(jax.tree.ref(weights), pictures, classes);
  const { beta1, beta2, epsilon } = ADAM;
  const means: Tensor[] = [];
  const squares: Tensor[] = [];
  const updated = weights.map((weight, i) => {
    const [gradient, m, v] = [(gradients as Tensor[])[i], mean[i], square[i]];
    if (!gradient || !m || !v) throw new Error('A gradient is missing.');
    const nextMean = m.mul(beta1).add(gradient.ref.mul(1 - beta1));
    const nextSquare = v.mul(beta2).add(np.square(gradient).mul(1 - beta2));
    means.push(nextMean.ref);
    squares.push(nextSquare.ref);
    const root = np.sqrt(nextSquare.mul(corrections.square.ref)).add(epsilon);
    return weight.sub(nextMean.mul(corrections.mean.ref).div(root).mul(LEARNING_RATE));
  });
  jax.tree.dispose(corrections);
  return [loss, updated, means, squares];
}

async function create(device: 'webgpu' | 'wasm', lesson: Lesson): Promise<Learner> {
  jax.defaultDevice(device);
  const given = NAMES.map(name => parameter(lesson, name));
  let weights = given.map(({ shape, values }) => np.array(new Float32Array(values), { shape: [...shape] }));
  let mean = given.map(({ shape }) => np.zeros([...shape]));
  let square = given.map(({ shape }) => np.zeros([...shape]));
  const compiled = jax.jit(train);
  const losses: number[] = [];
  let steps = 0;
  return {
    version: __JAX__,
    adapter: '',
    step: async () => {
      const { pictures, classes } = lesson.batch(steps);
      steps += 1;
      const corrections = {
        mean: np.array(1 / (1 - ADAM.beta1 ** steps)),
        square: np.array(1 / (1 - ADAM.beta2 ** steps)),
      };
      const [loss, ...state] = compiled(
        weights,
        mean,
        square,
        corrections,
        np.array(pictures, { shape: [BATCH, 1, 28, 28] }),
        np.array(classes),
      );
      [weights, mean, square] = state;
      losses.push(Number((await loss.data())[0]));
    },
    finished: async () => {
      await jax.blockUntilReady([weights, mean, square]);
      return losses.splice(0);
    },
  };
}
