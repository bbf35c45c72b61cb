/** The trainer of a session: for as many examples a step as the machine takes, with or without a second network. */
import type { OnnxModel } from '../../engine/onnx/model.ts';
import {
  type Adversary,
  adam,
  createTrainer,
  EngineError,
  type Trainer,
} from '../../engine/training/index.ts';
import { pictureOf } from './picture.ts';
import type { LearningTask } from './task.ts';

export interface TrainerSettings {
  readonly task: Pick<LearningTask, 'batch' | 'picture'>;
  readonly learningRate: number;
  /** Whether a second network judges the paintings, so that they get sharper. */
  readonly isSharp: boolean;
  /** Gets the losses of steps, and the number of the first of them since the trainer began. */
  readonly onLosses: (first: number, losses: Float32Array) => void;
  readonly onLost: (reason: string) => void;
}

/** Of the adversary beside L1, and Adam's first moment with it: those of pix2pix (Isola et al. 2016). Twice the weight
 * brings the same detail sooner, farther from the pictures. */
const ADVERSARY_WEIGHT = 0.01;
const ADVERSARY_BETA = 0.5;

/** Throws an EngineError for a model that cannot learn, and for pictures that are too small to be judged; an Error where
 * what judges cannot be fetched. */
export async function makeTrainer(model: OnnxModel, settings: TrainerSettings): Promise<Trainer> {
  const { batch, picture } = settings.task;
  const adversary = settings.isSharp ? await fetchAdversary(model) : undefined;
  const trainer = await tryBatch(model, settings, adversary, batch.gpu);
  if (trainer.backend !== 'cpu' || countExamples(trainer, picture) <= batch.cpu) return trainer;
  trainer.destroy(); // there is no GPU, or it refused, and its batch is too large for the CPU
  return tryBatch(model, settings, adversary, batch.cpu);
}

/** Examples of a step, by the name of the model's picture. */
export function countExamples(trainer: Trainer, picture: string): number {
  return trainer.inputs.find(({ name }) => name === picture)?.dims[0] ?? 1;
}

async function tryBatch(
  model: OnnxModel,
  { learningRate, onLosses, onLost }: TrainerSettings,
  adversary: Adversary | undefined,
  count: number,
): Promise<Trainer> {
  const create = (batch: number) =>
    createTrainer(model, {
      loss: 'l1',
      optimizer: adam(adversary ? { beta1: ADVERSARY_BETA } : {}),
      learningRate,
      batch,
      ...(adversary && { adversary }),
      onLosses,
      onLost,
    });
  try {
    return await create(count);
  } catch (error) {
    if (count === 1 || !(error instanceof EngineError)) throw error;
    return create(1); // the model may be made for single pictures
  }
}

async function fetchAdversary(model: OnnxModel): Promise<Adversary> {
  const { makeDiscriminator, MIN_SIDE } = await import('./discriminator.ts').catch(() => {
    throw new Error('What judges paintings could not be fetched. Check the connection, or untick Sharper.');
  });
  const side = Math.min(...(pictureOf(model).dims ?? []).slice(2).map(Number));
  if (side < MIN_SIDE) {
    throw new EngineError(
      `Pictures of ${side} pixels are too small to get sharper: untick Sharper, or choose a larger look.`,
    );
  }
  return { discriminator: makeDiscriminator(), weight: ADVERSARY_WEIGHT };
}
