// A target that stays on the device from step to step. Fetched where a trainer draws pixels, whose target is a whole picture.

import type { TrainingBackend } from './backend.ts';

/** The backend, which is given its target when that is another array than before. */
export function keepTarget(backend: TrainingBackend, target: string): TrainingBackend {
  const step = backend.step.bind(backend);
  let kept: Float32Array | undefined;
  backend.step = async (inputs, ...rest) => {
    const given = inputs.get(target);
    const isKept = given !== undefined && given === kept;
    // After a step that fails, nobody knows which target it has.
    kept = undefined;
    await step(isKept ? new Map([...inputs].filter(([name]) => name !== target)) : inputs, ...rest);
    kept = given;
  };
  return backend;
}
