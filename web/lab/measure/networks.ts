/** The networks that are timed: the page's own with weights that a seed gives, or a visitor's file. */
import { readModel as readLook } from '../../engine/index.ts';
import { writeParts } from '../../engine/onnx/write-model.ts';
import type { OnnxModel } from '../../engine/training/index.ts';
import { buildClassifier, INPUT } from '../network/classifiers.ts';
import { buildDeepClassifier } from '../network/deep-classifiers.ts';
import { valuesOf } from '../network/weights.ts';
import { randomNumbers } from '../numbers/random.ts';
import { NET_LABELS, type NetName } from './net-names.ts';
import type { Arrays } from './workload.ts';

export const CLASSES = 10;
const SHAPES = { lenet: [1, 28, 28], resnet20: [3, 32, 32], mobilenet: [3, 32, 32] } as const;

export interface TimedNetwork {
  readonly name: string;
  /** Of the first input. */
  readonly shape: readonly number[];
  /** The model as a file, which each backend reads. */
  readonly bytes: Uint8Array;
  /** Inputs of runs, which follow one another: the same ones in turn. */
  readonly inputs: readonly Arrays[];
}

/** A visitor's network, whose inputs a run draws by its seed. */
export interface OwnNetwork extends Omit<TimedNetwork, 'inputs'> {
  /** The file's name. */
  readonly file: string;
  readonly drawInputs: (seed: number) => readonly Arrays[];
}

/** So many different inputs, after which the first comes again. */
const INPUTS = 8;
/** Weights that are drawn within one task. */
const WEIGHTS_OF_TASK = 200_000;
/** Bytes of a file after which the next task begins. */
const BYTES_OF_TASK = 1_000_000;

/** Draws the weights of convolutions and dense layers, uniformly with the variance 2 / inputs (He et al. 2015): values keep
 * their size from layer to layer, so that a wrong one shows in the end. Biases stay zero. */
async function drawWeights(
  model: OnnxModel,
  seed: number,
  nextTask: () => Promise<void>,
): Promise<OnnxModel> {
  const random = randomNumbers(seed);
  const constants = new Map(model.constants);
  let drawn = 0;
  for (const [name, constant] of model.constants) {
    const [, ...inputs] = constant.dims;
    if (!name.endsWith('.weight')) continue;
    const values = valuesOf(constant);
    const bound = Math.sqrt(6 / inputs.reduce((a, b) => a * b, 1));
    for (let i = 0; i < values.length; i++) {
      values[i] = bound * (2 * random() - 1);
      if (++drawn % WEIGHTS_OF_TASK === 0) await nextTask();
    }
    constants.set(name, { ...constant, bytes: new Uint8Array(values.buffer) });
  }
  return { ...model, constants };
}

/** The parts as one file, copied in several tasks: MobileNet has 13 MB. */
async function joinParts(parts: readonly Uint8Array[], nextTask: () => Promise<void>): Promise<Uint8Array> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let [at, end] = [0, 0];
  for (const part of parts) {
    if (at >= end) {
      await nextTask();
      end = at + BYTES_OF_TASK;
    }
    bytes.set(part, at);
    at += part.length;
  }
  await nextTask();
  return bytes;
}

function randomValues(size: number, random: () => number): Float32Array {
  return Float32Array.from({ length: size }, random);
}

/** One of the page's networks. It is the same for the same seed. */
export async function makeNetwork(
  name: NetName,
  seed: number,
  nextTask: () => Promise<void>,
): Promise<TimedNetwork> {
  const built =
    name === 'lenet'
      ? buildClassifier({ net: name, units: 0 }, SHAPES.lenet, CLASSES)
      : buildDeepClassifier(name, CLASSES);
  const model = await drawWeights(built, seed, nextTask);
  await nextTask();
  const bytes = await joinParts(writeParts(model), nextTask);
  const random = randomNumbers(seed, 1);
  const shape = SHAPES[name];
  const size = shape.reduce((a: number, b) => a * b, 1);
  const inputs = Array.from({ length: INPUTS }, () => ({ [INPUT]: randomValues(size, random) }));
  return { name: NET_LABELS[name], shape: [1, ...shape], bytes, inputs };
}

/** A visitor's ONNX file. Open batches are 1; pictures are of random values of 0..1. Rejects with an EngineError if it cannot
 * be run, and says why. */
export async function readNetwork(file: File): Promise<OwnNetwork> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const { plan } = await readLook(bytes);
  const sizes = plan.inputs
    .filter(({ constant }) => !constant)
    .map(({ name, dims }) => [name, dims.reduce((a, b) => a * b, 1)] as const);
  const live = plan.live.map(one => [one.name, Float32Array.of(one.default)] as const);
  return {
    name: file.name.replace(/\.onnx$/i, ''),
    shape: plan.inputs[0]?.dims ?? [],
    file: file.name,
    bytes,
    drawInputs: seed => {
      const random = randomNumbers(seed, 1);
      return Array.from({ length: INPUTS }, () =>
        Object.fromEntries([
          ...sizes.map(([name, size]) => [name, randomValues(size, random)] as const),
          ...live,
        ]),
      );
    },
  };
}
