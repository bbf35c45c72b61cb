/** Looks that paint in any style (limner/art/any_style_look.py): a constant of the file has the numbers of a painting. */
import { isBytes, readFields, textOf } from '../onnx-fields.ts';
import { type Bytes, concat, fieldParts, messageParts, writeTensor } from '../onnx-writer.ts';

const STYLE = 'style';
const STYLE_SIZE = 100;

/** A painting that is to be the style. */
export interface Style {
  readonly name: string;
  /** Its numbers. */
  readonly read: () => Promise<Float32Array>;
}

/** A look in the style that the visitor chose. */
export interface StyledLook {
  readonly bytes: Bytes;
  /** What to say of it; empty before a style is chosen. */
  readonly sentence: string;
  readonly sizes: null;
  /** The file beside it that makes numbers of paintings. */
  readonly predictor: string;
}

// Fields of ModelProto, GraphProto and TensorProto.
const GRAPH = 7;
const INITIALIZER = 5;
const NAME = 8;

/** The look, in the style that was chosen, if one was. */
export async function applyStyle(
  bytes: Bytes,
  predictor: string,
  style: Style | undefined,
): Promise<StyledLook> {
  const common = { sizes: null, predictor } as const;
  if (!style) return { ...common, bytes, sentence: '' };
  return {
    ...common,
    bytes: withStyle(bytes, await style.read()),
    sentence: `Its style is that of ${style.name}.`,
  };
}

/** The file with the numbers of another painting. */
function withStyle(bytes: Bytes, numbers: Float32Array): Bytes {
  if (numbers.length !== STYLE_SIZE) throw new Error(`A style has ${STYLE_SIZE} numbers.`);
  const style = writeTensor({ name: STYLE, dims: [1, STYLE_SIZE], values: [...numbers] });
  const rewrite = (graph: Uint8Array) =>
    readFields(graph).flatMap(([field, content]) => {
      const isStyle = field === INITIALIZER && isBytes(content) && textOf(content, NAME) === STYLE;
      return fieldParts(field, isStyle ? style : content);
    });
  return concat(
    readFields(bytes).flatMap(([field, content]) =>
      field === GRAPH && isBytes(content)
        ? messageParts(field, rewrite(content))
        : fieldParts(field, content),
    ),
  );
}
