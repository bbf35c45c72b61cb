// What all engines learn: LeNet-5 with the weights of a file of the test cases, and batches of ten kinds of blurred
// shapes under noise, on which the loss falls within some steps. Both are the same in every run.

import { readModel } from '../../engine/training/index.ts';
import { seededRandom } from '../rounds.ts';
import { BATCH, type Examples, type Lesson, type Parameter } from './learner.ts';

const SIDE = 28;
const CLASSES = 10;
/** Batches, after which the first comes again. */
const BATCHES = 16;
const WAVES = 4;

/** Reads the file, and draws the batches. */
export function makeLesson(onnx: Uint8Array): Lesson {
  const batches = drawBatches();
  return {
    onnx,
    parameters: readParameters(onnx),
    batch: step => {
      const examples = batches[step % BATCHES];
      if (!examples) throw new Error(`There is no batch for step ${step}.`);
      return examples;
    },
  };
}

/** The weights and biases of a file. */
export function readParameters(onnx: Uint8Array): Map<string, Parameter> {
  const parameters = new Map<string, Parameter>();
  for (const [name, constant] of readModel(onnx).constants) {
    if (!/\.(weight|bias)$/.test(name)) continue;
    // A copy begins where float32 may.
    const values = new Float32Array(constant.bytes.slice().buffer);
    parameters.set(name, { shape: constant.dims, values });
  }
  return parameters;
}

function drawBatches(): readonly Examples[] {
  const random = seededRandom(1);
  const shapes = Array.from({ length: CLASSES }, () => drawShape(random));
  return Array.from({ length: BATCHES }, () => {
    const classes = Int32Array.from({ length: BATCH }, () => Math.floor(random() * CLASSES));
    const pictures = new Float32Array(BATCH * SIDE ** 2);
    for (let i = 0; i < pictures.length; i++) {
      const shape = shapes[classes[Math.floor(i / SIDE ** 2)] ?? 0];
      pictures[i] = 4 * (shape?.[i % SIDE ** 2] ?? 0) + random() - 2.5;
    }
    return { pictures, classes };
  });
}

/** A smooth field of 0..1. */
function drawShape(random: () => number): Float32Array {
  const waves = Array.from({ length: WAVES }, () => [random() - 0.5, random() - 0.5, 6 * random()] as const);
  return Float32Array.from({ length: SIDE ** 2 }, (_, i) => {
    const [x, y] = [i % SIDE, Math.floor(i / SIDE)];
    return 1 / (1 + Math.exp(-waves.reduce((sum, [a, b, c]) => sum + Math.sin(a * x + b * y + c), 0)));
  });
}
