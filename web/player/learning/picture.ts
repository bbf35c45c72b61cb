/** The picture among the inputs of a model. */

import type { OnnxModel, OnnxValue } from '../../engine/onnx/model.ts';
import { EngineError } from '../../engine/training/index.ts';
import type { Size } from './example.ts';

const HAS_STATE =
  'This look keeps something from frame to frame, and such a look cannot learn here. Choose another one.';

/** The input that is no weight and no live input, as the engine finds it. Throws an EngineError for a look with state,
 * whose inputs may be pictures too. */
export function pictureOf({ inputs, constants, metadata }: OnnxModel): OnnxValue {
  if (metadata.has('limner.state')) throw new EngineError(HAS_STATE);
  const picture = inputs.find(({ name, dims }) => !constants.has(name) && dims?.length !== 0);
  if (!picture) throw new EngineError('This network takes no picture, so it cannot learn here.');
  return picture;
}

/** The model for pictures of this size, which a file may leave open. */
export function withPictureSize(model: OnnxModel, { width, height }: Size): OnnxModel {
  const picture = pictureOf(model);
  const inputs = model.inputs.map(value =>
    value === picture ? { ...value, dims: [1, 3, height, width] } : value,
  );
  return { ...model, inputs };
}
