/** What can be learned in the page: a look from photos, a look from painted frames, or a network of the page's own. */
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import type { Trainer } from '../../engine/training/index.ts';
import { type MakeBatch, patches, wholePictures } from './batches.ts';
import type { Example, Size } from './example.ts';
import { keyframeNetwork, STRIDE } from './keyframe-network.ts';
import { type LearnedTexts, learnedName, withLearnedTexts, withWeights } from './learned-file.ts';
import { pictureOf, withPictureSize } from './picture.ts';
import { StoredForm } from './stored-form.ts';

export interface LearningTask {
  /** What the look is called after it has learned, also where its file cannot say so. */
  readonly name: string;
  readonly model: OnnxModel;
  /** The name of the model's picture. */
  readonly picture: string;
  readonly learningRate: number;
  /** Examples of a step, on a GPU and on the CPU. A model that is made for single ones takes one at a time. */
  readonly batch: { readonly gpu: number; readonly cpu: number };
  /** Another one takes its place when examples are added. */
  makeBatch: MakeBatch;
  /** The look as a file, with what was learned so far, in float32. */
  readonly write: (trainer: Trainer) => Promise<Uint8Array<ArrayBuffer>>;
  /** The same as it is saved: with weights stored as the look had them. */
  readonly save: (trainer: Trainer) => Promise<Uint8Array<ArrayBuffer>>;
  /** The size of what is saved, but for a few texts, and what is to be said of it. */
  readonly form: Pick<StoredForm, 'bytes' | 'remark'>;
}

/** The look that learns: its file, the size of its picture, and its texts. */
export interface LearningLook {
  readonly bytes: Uint8Array;
  readonly size: Size;
  /** Asked when a file is written. */
  readonly texts: () => LearnedTexts;
}

/** Of pix2pix, with which looks are trained. */
const LOOK_RATE = 2e-4;
/** For a small network that begins anew. */
const FRESH_RATE = 2e-3;
const PATCH = 32;
const SEED = 1;
/** A longer side would make painting slow. */
const MAX_FRAME_SIDE = 384;

/** A look goes on learning from whole pictures, as it takes them. Throws an EngineError for a look with state. */
export function fineTuning(
  look: LearningLook,
  examples: readonly Example[],
  mayMirror: boolean,
): LearningTask {
  const original = readModel(look.bytes);
  const model = withPictureSize(original, look.size);
  const form = new StoredForm(look.bytes, original);
  return {
    name: learnedName(look.texts().name),
    model,
    picture: pictureOf(model).name,
    learningRate: LOOK_RATE,
    batch: { gpu: 4, cpu: 1 },
    makeBatch: wholePictures(examples, look.size, mayMirror),
    write: async trainer => withLearnedTexts(await trainer.save(), look.texts()),
    save: async trainer => withLearnedTexts(await form.store(await trainer.save()), look.texts()),
    form,
  };
}

/** A network of the page's own learns a style from patches of painted frames. It paints frames of the given size. */
export function keyframeLearning(
  size: Size,
  examples: readonly Example[],
  texts: () => LearnedTexts,
): LearningTask {
  const side = Math.min(PATCH, size.width, size.height);
  const network = keyframeNetwork(size, SEED);
  const metadata = new Map([
    ['limner.format', '1'],
    ['limner.pixels', String(size.width)],
    ['limner.size', 'keyframe'],
    ['limner.guide', 'colour'],
  ]);
  const write = async (trainer: Trainer) => {
    const learned = withWeights({ ...network, metadata }, await trainer.weights());
    return withLearnedTexts(writeModel(learned), texts());
  };
  return {
    name: learnedName(texts().name),
    model: keyframeNetwork({ width: side, height: side }, SEED),
    picture: 'image',
    learningRate: FRESH_RATE,
    batch: { gpu: 32, cpu: 8 },
    makeBatch: patches(examples, side),
    write,
    save: write,
    form: { bytes: writeModel({ ...network, metadata }).length, remark: '' },
  };
}

/** The size of frames for such a network: that of the look, in whole strides and not too large. */
export function frameSize({ width, height }: Size): Size {
  const scale = Math.min(1, MAX_FRAME_SIDE / Math.max(width, height));
  const whole = (side: number) => Math.max(1, Math.round((side * scale) / STRIDE)) * STRIDE;
  return { width: whole(width), height: whole(height) };
}
