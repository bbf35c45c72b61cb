// A look: an ONNX file that turns a picture into a picture, with what its maker wrote into its metadata.
// docs/design.md has the contract. A model without that metadata is taken too if it is of the right kind.

import { EngineError } from './error.ts';
import { lower } from './graph/lower.ts';
import { makePlan, type Plan } from './graph/plan.ts';
import { type OnnxModel, readModel } from './onnx/model.ts';

export interface Live {
  label: string;
  min: number;
  max: number;
  default: number;
}

export interface LookInfo {
  name: string;
  author: string;
  credit: string;
  licence: string;
  pixels: number;
  size: string;
  guide: string;
  live: Record<string, Live>;
  figures: Record<string, unknown>;
  inputChannels: number;
  guideChannels: 1 | 3;
}

export interface Look {
  readonly info: LookInfo;
  readonly plan: Plan;
}

/** Parses, checks, fuses and plans; needs no GPU. Throws EngineError, whatever the bytes are. */
export function readLook(bytes: Uint8Array): Look {
  const model = readModel(bytes);
  const format = model.metadata.get('limner.format');
  if (format !== undefined && format !== '1') {
    throw new EngineError(`This look has format ${format}, and this page reads format 1; update the page.`);
  }
  checkKind(model);
  const plan = makePlan(lower(model), true);
  return { info: readInfo(model, plan), plan };
}

/** Any graph that the engine runs, picture or not: for tests and tools. */
export function readGraph(bytes: Uint8Array): Plan {
  return makePlan(lower(readModel(bytes)), false);
}

const isPicture = (dims: readonly (number | string)[] | null | undefined): boolean =>
  dims?.length === 4 && (dims[0] === 1 || typeof dims[0] === 'string') && dims[1] === 3;

function checkKind({ inputs, outputs, constants }: OnnxModel): void {
  const given = inputs.filter(({ name, dims }) => !constants.has(name) && dims?.length !== 0);
  const [picture, ...others] = given;
  const kind = 'The engine paints pictures from pictures (float32, 1 x 3 x height x width)';
  if (!picture || !isPicture(picture.dims)) {
    const shape = picture?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${kind}, but this model's input is ${shape}.`);
  }
  if (others.length > 0) {
    throw new EngineError(
      `${kind}, but this model has ${given.length} inputs: ${given.map(i => i.name).join(', ')}.`,
    );
  }
  const [painting] = outputs;
  if (!painting || (painting.dims !== null && !isPicture(painting.dims))) {
    const shape = painting?.dims?.join(' x ') ?? 'nothing';
    throw new EngineError(`${kind}, but this model's output is ${shape}.`);
  }
}

function readInfo({ metadata }: OnnxModel, plan: Plan): LookInfo {
  const text = (key: string) => metadata.get(`limner.${key}`) ?? '';
  const [painting, guide] = plan.outputs;
  const [, channels, height, width] = painting?.shape ?? [1, 0, 0, 0];
  if (channels !== 3)
    throw new EngineError(`This model paints ${channels} channels; the engine shows red, green, blue.`);
  return {
    name: text('name') || 'Untitled',
    author: text('author'),
    credit: text('credit'),
    licence: text('licence'),
    pixels: Math.max(height, width),
    size: text('size'),
    guide: text('guide'),
    live: readLive(metadata.get('limner.live'), plan),
    figures: readObject(metadata.get('limner.figures'), 'figures'),
    inputChannels: plan.inputs[0]?.shape[1] ?? 3,
    guideChannels: guide?.shape[1] === 1 ? 1 : 3,
  };
}

function readObject(text: string | undefined, what: string): Record<string, unknown> {
  if (!text) return {};
  try {
    const parsed: unknown = JSON.parse(text);
    if (isRecord(parsed)) return parsed;
  } catch {
    // The sentence below says it.
  }
  throw new EngineError(`The look's ${what} are no JSON object; export the look again.`);
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Ranges for the live inputs that the graph really has. */
function readLive(text: string | undefined, plan: Plan): Record<string, Live> {
  const written = readObject(text, 'live values');
  const live: Record<string, Live> = {};
  for (const { name, default: value } of plan.live) {
    const entry = written[name];
    const own = isRecord(entry) ? entry : {};
    const numberOf = (key: string, fallback: number) => {
      const given = own[key];
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
