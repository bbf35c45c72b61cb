// limner itself, through its public API.

import { adam, createTrainer, readModel, type TrainingBackendName } from '../../engine/training/index.ts';
import { BATCH, LEARNING_RATE, type Learner, type Lesson, type TrainingEngine } from './learner.ts';

const FENCES = {
  webgpu:
    'until few steps are ahead; at the end of a turn queue.onSubmittedWorkDone(), then the losses read back',
  webgl2: 'until few steps are ahead; at the end of a turn a fence, polled, then the losses read back',
  cpu: "the worker's answer, which has the loss",
} as const satisfies Record<TrainingBackendName, string>;

export const makeLimner = (backend: TrainingBackendName): TrainingEngine => ({
  fence: FENCES[backend],
  prepare: async () => {
    // What `createTrainer` imports for this backend.
    await import('../../engine/training/make-trainer.ts');
    if (backend === 'webgpu') await import('../../engine/training/webgpu-backend.ts');
    else if (backend === 'webgl2') await import('../../engine/training/webgl2-backend.ts');
    else await import('../../engine/training/cpu-backend.ts');
  },
  create: lesson => create(backend, lesson),
});

async function create(backend: TrainingBackendName, { onnx, batch }: Lesson): Promise<Learner> {
  const losses: number[] = [];
  const [input] = readModel(onnx).inputs;
  if (!input) throw new Error('The file has no input.');
  const trainer = await createTrainer(onnx, {
    loss: 'crossEntropy',
    optimizer: adam(),
    learningRate: LEARNING_RATE,
    batch: BATCH,
    backend,
    onLosses: (_, values) => losses.push(...values),
  });
  return {
    version: __LIMNER__,
    adapter: trainer.adapter,
    step: async () => {
      const { pictures, classes } = batch(trainer.steps);
      await trainer.step({ [input.name]: pictures, [trainer.target]: Float32Array.from(classes) });
    },
    finished: async () => {
      await trainer.finished();
      return losses.splice(0);
    },
  };
}
