/** How pictures come into a network. */
import { writePicture } from '../data/batch-values.ts';
import type { Picture, Task } from '../data/examples.ts';
import type { ExampleDims } from '../network/classifiers.ts';

export interface InputForm {
  readonly dims: ExampleDims;
  readonly write: (to: Float32Array, offset: number, picture: Picture) => void;
  /** Whether pictures may be moved and flipped. */
  readonly isPictures: boolean;
}

/** Numbers of one example. */
export const sizeOfForm = ({ dims }: InputForm): number => dims.reduce<number>((a, b) => a * b, 1);

/** The pictures as they are. */
export function pictureForm({ train }: Task): InputForm {
  const { channels, side } = train.picture(0);
  return { dims: [channels, side, side], write: writePicture, isPictures: true };
}
