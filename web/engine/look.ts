// A look: an ONNX file that turns a picture into a picture, with the author's metadata. docs/design.md has the
// contract. A model without that metadata is accepted if it is of the right kind.

import { EngineError } from './error.ts';
import type { LiveInput } from './graph/ir/operation.ts';
import { lower } from './graph/lowering/lower.ts';
import { checkCost } from './graph/passes/cost.ts';
import { makePlan, type Plan } from './graph/passes/plan.ts';
import type { Sizes } from './onnx/free-dims.ts';
import { type OnnxModel, type OnnxValue, readModel as readOnnx } from './onnx/model.ts';
import type { StateInfo, StateParts } from './state.ts';

export interface Live {
  label: string;
  min: number;
  max: number;
  default: number;
}

export interface LookInfo {
  /** Texts for people, empty where the file has none. */
  name: string;
  author: string;
  credit: string;
  licence: string;
  /** The longer side of the picture, the painting and the guide; 0 for a model that is no look. */
  pixels: number;
  width: number;
  height: number;
  size: string;
  guide: string;
  live: Record<string, Live>;
  /** What the look keeps from frame to frame. */
  state: readonly StateInfo[];
  figures: Record<string, unknown>;
}

export interface Look {
  readonly info: LookInfo;
  readonly plan: Plan;
}

export interface ReadOptions {
  /** Sizes for the dimensions that the file leaves open, by their names. A batch defaults to 1. A side of a look's
   * picture defaults to the other side; if both are open, to 256. */
  readonly dims?: Sizes;
}

type Dims = readonly (number | string)[];

/** A model without the inputs and outputs of its state. */
type Model = OnnxModel & Partial<StateParts>;

/** Our own looks have no open dimensions, and no state. */
async function prepareModel(model: OnnxModel, dims: Sizes, isLook: boolean): Promise<Model> {
  const open = model.inputs.some(value => value.dims?.some(dim => typeof dim === 'string'));
  const bound = open ? (await import('./onnx/free-dims.ts')).bindDims(model, dims, isLook) : model;
  return model.metadata.has('limner.state') ? (await import('./state.ts')).splitState(bound, isLook) : bound;
}

/** Plans all of the model. */
async function planModel(model: Model, hasCamera: boolean): Promise<Plan> {
  const plan = await makePlan(await lower(model.whole ?? model), hasCamera);
  model.bind?.(plan);
  return plan;
}

/** Parses, checks, fuses and plans, without a GPU. Rejects with an EngineError whatever the bytes are. */
export async function readLook(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Look> {
  const { model, sides } = await readKind(bytes, dims);
  const { inputs, outputs, constants } = model;
  checkFloats([...inputs.filter(({ name }) => !constants.get(name)?.dims.length), ...outputs]);
  const plan = await planModel(model, true);
  checkCost(plan);
  const shapes = [plan.outputs[0], plan.guide].map(output => output?.dims);
  return { info: makeInfo(model, sides, shapes, plan.live), plan };
}

/** What the file says about a look, also of a look that the engine cannot run. A page can then paint it with another
 * runtime. Of the live inputs it has those without a default, which a runtime needs a value for. Rejects as `readLook`
 * does if the file is no look by its inputs and its first output. */
export async function readLookInfo(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<LookInfo> {
  const { model, sides } = await readKind(bytes, dims);
  const shapes = [model.outputs[0]?.dims]; // other outputs do not hinder another runtime
  const live = model.inputs.flatMap(({ name, dims }) =>
    dims?.length || model.constants.has(name) ? [] : { name, default: 0 },
  );
  return makeInfo(model, sides, shapes, live);
}

/** Height and width. */
type Sides = readonly [height: number, width: number];

/** A model that is a look as far as its inputs and outputs say, and the sides of its picture. */
async function readKind(bytes: Uint8Array, dims: Sizes): Promise<{ model: Model; sides: Sides }> {
  const read = readOnnx(bytes);
  const format = read.metadata.get('limner.format');
  if (format !== undefined && format !== '1') {
    throw new EngineError(`This look has format ${format}, and this page reads format 1; update the page.`);
  }
  const model = await prepareModel(read, dims, true);
  return { model, sides: checkKind(model) };
}

/** Reads any float32 network that the engine supports, also one that is no look: its painter can `run`, but not
 * paint. */
export async function readModel(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Look> {
  const model = await prepareModel(readOnnx(bytes), dims, false);
  const plan = await planModel(model, false);
  checkCost(plan);
  return {
    info: { ...readMetadata(model), ...describeSides([0, 0]), live: readLive(undefined, plan.live) },
    plan,
  };
}

/** The plan of a graph of any cost, for tests and tools. */
export async function readGraph(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Plan> {
  return planModel(await prepareModel(readOnnx(bytes), dims, false), false);
}

const KIND = 'The engine paints pictures from pictures (float32, 1 x 3 x height x width)';
const FLOAT32 = 1;
/** Larger sides are refused before anything is computed. */
const MAX_PIXELS = 4096;

/** Checked as far as the file says. Open dimensions of outputs are known when the network is lowered. */
const isImage = (dims: Dims | null | undefined, begin: readonly number[]): boolean =>
  dims?.length === 4 && begin.every((size, i) => dims[i] === size || typeof dims[i] === 'string');

function checkFloats(values: readonly OnnxValue[]): void {
  const other = values.find(({ type }) => type !== FLOAT32);
  if (other) throw new EngineError(`${KIND}, but '${other.name}' of this model is not of float32.`);
}

const describeSides = ([height, width]: Sides) => ({ pixels: Math.max(height, width), width, height });

/** The sides of the picture. Throws if the inputs and outputs are not those of a look. */
function checkKind({ inputs, outputs, constants }: OnnxModel): Sides {
  const given = inputs.filter(({ name, dims }) => !constants.has(name) && dims?.length !== 0);
  const [picture, ...others] = given;
  if (!picture || !isImage(picture.dims, [1, 3])) {
    const shape = picture?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${KIND}, but this model's input is ${shape}.`);
  }
  if (others.length > 0) {
    throw new EngineError(
      `${KIND}, but this model has ${given.length} inputs: ${given.map(i => i.name).join(', ')}.`,
    );
  }
  const [painting] = outputs;
  if (!painting || (painting.dims !== null && !isImage(painting.dims, [1, 3]))) {
    const shape = painting?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${KIND}, but this model's output is ${shape}.`);
  }
  checkFloats([...inputs.filter(({ name }) => !constants.has(name)), painting]);
  const [height, width] = picture.dims?.slice(2).map(Number) ?? [];
  if (!width || !height || Math.max(width, height) > MAX_PIXELS) {
    const size = `${height} x ${width}`;
    throw new EngineError(`A look takes up to ${MAX_PIXELS} pixels a side, but this one takes ${size}.`);
  }
  return [height, width];
}

/** Checks the shapes of the outputs as far as they are known. */
function makeInfo(
  model: Model,
  sides: Sides,
  [painting, guide]: readonly (Dims | null | undefined)[],
  live: readonly LiveInput[],
): LookInfo {
  const shape = (channels: number) => [1, channels, ...sides];
  if (painting && !isImage(painting, shape(3))) {
    throw new EngineError(
      `A look paints ${shape(3).join(' x ')} from a picture of that size; this one paints ${painting.join(' x ')}.`,
    );
  }
  if (guide && !isImage(guide, shape(1)) && !isImage(guide, shape(3))) {
    throw new EngineError(
      `The second output of a look is its guide, ${shape(1).join(' x ')}; here it is ${guide.join(' x ')}.`,
    );
  }
  return {
    ...readMetadata(model),
    ...describeSides(sides),
    live: readLive(model.metadata.get('limner.live'), live),
  };
}

/** The author's metadata. */
function readMetadata({
  metadata,
  state = [],
}: Model): Omit<LookInfo, 'pixels' | 'width' | 'height' | 'live'> {
  const text = (key: string) => metadata.get(`limner.${key}`) ?? '';
  return {
    name: text('name'),
    author: text('author'),
    credit: text('credit'),
    licence: text('licence'),
    size: text('size'),
    guide: text('guide'),
    figures: readObject(metadata.get('limner.figures'), 'figures'),
    state,
  };
}

function readObject(text: string | undefined, what: string): Record<string, unknown> {
  if (!text) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // The error below says so.
  }
  throw new EngineError(`The look's ${what} are no JSON object; export the look again.`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ranges of the live inputs that the graph has. */
function readLive(text: string | undefined, inputs: readonly LiveInput[]): Record<string, Live> {
  const written = readObject(text, 'live inputs');
  // The names come from the file: none may be inherited from Object.
  const live: Record<string, Live> = Object.create(null);
  for (const { name, default: value } of inputs) {
    const entry = Object.hasOwn(written, name) ? written[name] : undefined;
    const own = isRecord(entry) ? entry : {};
    const numberOf = (key: string, fallback: number) => {
      const given = Object.hasOwn(own, key) ? own[key] : undefined;
      return typeof given === 'number' && Number.isFinite(given) ? given : fallback;
    };
    live[name] = {
      label: typeof own.label === 'string' ? own.label : name,
      min: numberOf('min', Math.min(0, value)),
      max: numberOf('max', Math.max(1, value)),
      default: numberOf('default', value),
    };
  }
  return live;
}
