/** The plan of a classifier's training: its batches, as the settings say. */
import type { OnnxModel } from '../../engine/training/index.ts';
import { batchOf } from '../data/batch-values.ts';
import type { Task } from '../data/examples.ts';
import { epochOrder, stepsPerEpoch } from '../network/batches.ts';
import { optimizerOf } from '../network/optimizers.ts';
import type { Plan } from '../network/session.ts';
import { learnedNames } from '../network/weights.ts';
import { type InputForm, sizeOfForm } from './input-form.ts';
import { type ClassifierSettings, rateOf } from './settings.ts';

/** `canFlip` says whether pictures may be mirrored. */
export function makePlan(
  settings: ClassifierSettings,
  { train }: Task,
  form: InputForm,
  model: OnnxModel,
  canFlip: boolean,
): Plan {
  const { opt, batch, epochs, seed, augment } = settings.values;
  const size = Math.min(batch, train.count);
  const perEpoch = stepsPerEpoch(train.count, size);
  const order = epochOrder(train.count, size, seed);
  const names = learnedNames(model);
  const input = model.inputs[0]?.name ?? '';
  const output = model.outputs[0]?.name ?? '';
  const numbers = sizeOfForm(form);
  const valuesOfStep = (step: number, chosen: Uint32Array): Float32Array => {
    const epoch = Math.floor(step / perEpoch);
    if (form.isPictures) return batchOf(train, chosen, augment ? { seed, epoch, flips: canFlip } : null);
    const made = new Float32Array(chosen.length * numbers);
    for (const [i, index] of chosen.entries()) form.write(made, i * numbers, train.picture(index));
    return made;
  };
  return {
    model,
    ...(names.length > 0 && { parameters: names }),
    loss: 'crossEntropy',
    optimizer: optimizerOf(opt),
    rate: rateOf(settings),
    batch: size,
    seed,
    steps: epochs * perEpoch,
    makeBatch: step => {
      const chosen = order(step);
      return {
        [input]: valuesOfStep(step, chosen),
        [output]: Float32Array.from(chosen, index => train.label(index)),
      };
    },
  };
}
