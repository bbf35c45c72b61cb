/** The file of a look that learned in the page, and the texts that it carries. */
import { constantOf } from '../../engine/onnx/constant.ts';
import { type OnnxModel, readModel } from '../../engine/onnx/model.ts';
import { concatBytes, writeText } from '../../engine/onnx/protobuf-writer.ts';
import { writeModel } from '../../engine/onnx/write-model.ts';
import { pictureOf } from './picture.ts';

export interface LearnedTexts {
  /** The name of the look, or that of its file. */
  readonly name: string;
  /** From what it learned, as the end of the credit. */
  readonly from: string;
}

const SUFFIX = ' (learned)';
/** Of ONNX's ModelProto. */
const PRODUCER_FIELD = 2;
/** Files of the producer `limner` must have a look's texts. */
const PRODUCER = 'learned in a page';
/** Figures that hold for any weights. */
const LASTING = ['parameters', 'multiply_adds', 'zero_stuffed'];
/** What every look must have, where nothing is known. */
const NOTHING_SAID: readonly (readonly [string, string])[] = [
  ['format', '1'],
  ['name', ''],
  ['author', ''],
  ['credit', ''],
  ['licence', ''],
  ['pixels', '0'],
  ['size', ''],
  ['guide', ''],
  ['live', '{}'],
  ['recipe', '{}'],
  ['figures', '{}'],
];

/** The name of a look after it has learned; it says so once. */
export const learnedName = (name: string): string => (name.endsWith(SUFFIX) ? name : `${name}${SUFFIX}`);

/** Whether the file may have a look's texts: one with them must have all that a look has, and be square. */
function isLimners(model: OnnxModel): boolean {
  const [, , height, width] = pictureOf(model).dims ?? [];
  return model.metadata.has('limner.format') && height === width;
}

/** The metadata of a look, with what changed. The author and the licence stay. */
export function learnedMetadata(
  metadata: ReadonlyMap<string, string>,
  { name, from }: LearnedTexts,
): Map<string, string> {
  const own = new Map<string, string>(NOTHING_SAID.map(([key, value]) => [`limner.${key}`, value]));
  for (const [key, value] of metadata) own.set(key, value);
  own.set('limner.name', learnedName(name));
  const [credit = ''] = [own.get('limner.credit')?.replace(/\.?\s*$/, '')];
  own.set('limner.credit', [credit, from].filter(Boolean).join('. '));
  own.set('limner.figures', lastingFigures(own.get('limner.figures') ?? ''));
  return own;
}

function lastingFigures(text: string): string {
  try {
    const figures: Record<string, unknown> = JSON.parse(text);
    return JSON.stringify(
      Object.fromEntries(Object.entries(figures).filter(([key]) => LASTING.includes(key))),
    );
  } catch {
    return '{}';
  }
}

/** The file with the look's texts. Another program's network has none, and stays another program's. */
export function withLearnedTexts(file: Uint8Array, texts: LearnedTexts): Uint8Array<ArrayBuffer> {
  const model = readModel(file);
  if (isLimners(model)) return writeModel({ ...model, metadata: learnedMetadata(model.metadata, texts) });
  const others = [...model.metadata].filter(([key]) => !key.startsWith('limner.'));
  // The writer names limner as the producer. Of a field that is there twice, the last one counts.
  return concatBytes([
    writeModel({ ...model, metadata: new Map(others) }),
    ...writeText(PRODUCER_FIELD, PRODUCER),
  ]);
}

/** The model with other values of some constants. */
export function withWeights(model: OnnxModel, weights: ReadonlyMap<string, Float32Array>): OnnxModel {
  const constants = new Map(model.constants);
  for (const [name, values] of weights) {
    constants.set(name, constantOf(name, constants.get(name)?.dims ?? [values.length], values));
  }
  return { ...model, constants };
}
