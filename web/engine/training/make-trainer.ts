// Makes a trainer: the step of a model, and a backend that takes it.

import { EngineError } from '../error.ts';
import { bindDims } from '../onnx/free-dims.ts';
import { type OnnxModel, readModel } from '../onnx/model.ts';
import type { TrainingBackend } from './backend.ts';
import { candidateBackends, createBackend, type Training } from './backends.ts';
import { withBatchSize } from './batch.ts';
import { checkSeed } from './noise.ts';
import { initialState } from './program.ts';
import { RECOVERY_DELAYS, RecoveringBackend } from './recovering-backend.ts';
import { makeTrainingStep, type TrainingStep } from './step.ts';
import type { TrainerOptions } from './trainer-options.ts';
import { TrainingLoop } from './training-loop.ts';

export async function makeTrainer(
  model: Uint8Array | OnnxModel,
  options: TrainerOptions,
): Promise<TrainingLoop> {
  const { loss, learningRate, seed = 0, snapshotEvery, onLosses, pixels } = options;
  checkSeed(seed);
  if (snapshotEvery !== undefined && !(snapshotEvery >= 1)) {
    throw new EngineError(`snapshotEvery is given as ${snapshotEvery}, which is no positive number.`);
  }
  const file = model instanceof Uint8Array ? readModel(model) : model;
  const step = await makeStep(file, options);
  const training: Training = { step, optimizer: options.optimizer };
  const recovering = await startBackend(training, options);
  const known = pixels && new WeakSet<Float32Array>();
  const settings = { loss, learningRate, seed, snapshotEvery, onLosses, file, known };
  return new TrainingLoop(training, recovering, settings);
}

async function makeStep(file: OnnxModel, options: TrainerOptions): Promise<TrainingStep> {
  const { batch, dims = {} } = options;
  const sized = batch === undefined ? file : withBatchSize(file, batch);
  const bound = bindDims(sized, dims, file.metadata.has('limner.format'));
  const step = await makeTrainingStep(bound, { ...options, dims: {} });
  const target = step.model.inputs.find(({ name }) => name === step.target);
  const [made] = target?.dims ?? [];
  if (batch !== undefined && made !== batch) {
    throw new EngineError(
      `For a batch of ${batch}, the model's output is ${target?.dims?.join(' x ')}: it is made for single inputs. Train it with { batch: 1 }.`,
    );
  }
  return step;
}

/** The best backend that takes the training. If all refuse, the best one's error is the reason. */
async function startBackend(training: Training, options: TrainerOptions): Promise<RecoveringBackend> {
  const { device, onLost = () => undefined } = options;
  if (device && options.backend && options.backend !== 'webgpu') {
    throw new EngineError('Only WebGPU takes a device.');
  }
  const forced = device ? 'webgpu' : options.backend;
  const refusals: unknown[] = [];
  for (const name of forced ? [forced] : await candidateBackends()) {
    const make = async (onLoss: (reason: string) => void): Promise<TrainingBackend> => {
      const backend = await createBackend(name, training, { device, onLost: onLoss });
      const { step } = training;
      return options.pixels ? (await import('./kept-target.ts')).keepTarget(backend, step.target) : backend;
    };
    try {
      return await RecoveringBackend.create(
        { make, delays: device ? [] : RECOVERY_DELAYS, onLost },
        initialState(training.step, training.optimizer),
      );
    } catch (error) {
      refusals.push(error);
    }
  }
  throw refusals[0];
}
