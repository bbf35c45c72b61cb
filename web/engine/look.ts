// A look: an ONNX file that turns a picture into a picture, with the author's metadata. docs/design.md has the
// contract. A model without that metadata is accepted if it is of the right kind.

import { EngineError } from './error.ts';
import { lower } from './graph/lowering/lower.ts';
import { checkCost } from './graph/passes/cost.ts';
import { makePlan, type Plan } from './graph/passes/plan.ts';
import type { Sizes } from './onnx/free-dims.ts';
import { type OnnxModel, readModel as readOnnx } from './onnx/model.ts';

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
  /** The side of the picture, the painting and the guide; 0 for a model that is no look. */
  pixels: number;
  size: string;
  guide: string;
  live: Record<string, Live>;
  figures: Record<string, unknown>;
}

export interface Look {
  readonly info: LookInfo;
  readonly plan: Plan;
}

export interface ReadOptions {
  /** Sizes for the dimensions that the file leaves open, by their names. A batch defaults to 1. */
  readonly dims?: Sizes;
}

/** Our own looks have no open dimensions. */
async function bindOpenDims(model: OnnxModel, dims: Sizes): Promise<OnnxModel> {
  const open = model.inputs.some(value => value.dims?.some(dim => typeof dim === 'string'));
  return open ? (await import('./onnx/free-dims.ts')).bindDims(model, dims) : model;
}

/** Parses, checks, fuses and plans, without a GPU. Rejects with an EngineError whatever the bytes are. */
export async function readLook(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Look> {
  const model = await bindOpenDims(readOnnx(bytes), dims);
  const format = model.metadata.get('limner.format');
  if (format !== undefined && format !== '1') {
    throw new EngineError(`This look has format ${format}, and this page reads format 1; update the page.`);
  }
  checkKind(model);
  const plan = await makePlan(await lower(model), true);
  checkCost(plan);
  return { info: readInfo(model, plan), plan };
}

/** Reads any float32 network that the engine supports, also one that is no look: its painter can `run`, but not
 * paint. */
export async function readModel(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Look> {
  const model = await bindOpenDims(readOnnx(bytes), dims);
  const plan = await makePlan(await lower(model), false);
  checkCost(plan);
  return { info: { ...readMetadata(model), pixels: 0, live: readLive(undefined, plan) }, plan };
}

/** The plan of a graph of any cost, for tests and tools. */
export async function readGraph(bytes: Uint8Array, { dims = {} }: ReadOptions = {}): Promise<Plan> {
  return makePlan(await lower(await bindOpenDims(readOnnx(bytes), dims)), false);
}

const KIND = 'The engine paints pictures from pictures (float32, 1 x 3 x height x width)';
const FLOAT32 = 1;
/** Larger sides are refused before anything is computed. */
const MAX_PIXELS = 4096;

/** Checked as far as the file says. Open dimensions are known when the network is lowered. */
const isPicture = (dims: readonly (number | string)[] | null | undefined): boolean =>
  dims?.length === 4 && [1, 3].every((size, i) => dims[i] === size || typeof dims[i] === 'string');

function checkKind({ inputs, outputs, constants }: OnnxModel): void {
  const given = inputs.filter(({ name, dims }) => !constants.has(name) && dims?.length !== 0);
  const [picture, ...others] = given;
  if (!picture || !isPicture(picture.dims)) {
    const shape = picture?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${KIND}, but this model's input is ${shape}.`);
  }
  if (others.length > 0) {
    throw new EngineError(
      `${KIND}, but this model has ${given.length} inputs: ${given.map(i => i.name).join(', ')}.`,
    );
  }
  const [painting] = outputs;
  if (!painting || (painting.dims !== null && !isPicture(painting.dims))) {
    const shape = painting?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${KIND}, but this model's output is ${shape}.`);
  }
  const other = [...inputs, ...outputs].find(
    ({ name, type }) => type !== FLOAT32 && !constants.get(name)?.dims.length,
  );
  if (other) throw new EngineError(`${KIND}, but '${other.name}' of this model is not of float32.`);
  const [, , height, width] = picture.dims ?? [];
  if (typeof height !== 'number' || typeof width !== 'number') return; // `bindSizes` says which is open
  if (height !== width || width > MAX_PIXELS) {
    const size = `${height} x ${width}`;
    throw new EngineError(`A look takes a square of up to ${MAX_PIXELS} pixels, but this one takes ${size}.`);
  }
}

function readInfo(model: OnnxModel, plan: Plan): LookInfo {
  const { metadata } = model;
  const pixels = plan.inputs[0]?.shape[3] ?? 0;
  const shapes = plan.outputs.map(({ dims }) => dims.join(' x '));
  const square = (channels: number) => `1 x ${channels} x ${pixels} x ${pixels}`;
  if (shapes[0] !== square(3)) {
    throw new EngineError(
      `A look paints ${square(3)} from a picture of that size; this one paints ${shapes[0]}.`,
    );
  }
  if (shapes[1] !== undefined && shapes[1] !== square(1) && shapes[1] !== square(3)) {
    throw new EngineError(`The second output of a look is its guide, ${square(1)}; here it is ${shapes[1]}.`);
  }
  return { ...readMetadata(model), pixels, live: readLive(metadata.get('limner.live'), plan) };
}

/** The author's metadata. */
function readMetadata({ metadata }: OnnxModel): Omit<LookInfo, 'pixels' | 'live'> {
  const text = (key: string) => metadata.get(`limner.${key}`) ?? '';
  return {
    name: text('name'),
    author: text('author'),
    credit: text('credit'),
    licence: text('licence'),
    size: text('size'),
    guide: text('guide'),
    figures: readObject(metadata.get('limner.figures'), 'figures'),
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
function readLive(text: string | undefined, plan: Plan): Record<string, Live> {
  const written = readObject(text, 'live inputs');
  // The names come from the file: none may be inherited from Object.
  const live: Record<string, Live> = Object.create(null);
  for (const { name, default: value } of plan.live) {
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
