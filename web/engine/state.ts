// State: tensors that a look keeps from frame to frame, such as the last painting. Its metadata `limner.state` pairs
// inputs with outputs: what a run computes as the output is the input of the next one. Before the first run an input
// has the value of its initializer, or zeros. docs/design.md has the contract. Fetched for looks that have state.
//
// The plan does all of it: an input of the state is a constant, which backends write at load, and the last operations of
// the plan overwrite it. So frames and runs advance the state, and what runs only some operations does not: the tuner,
// and the probe, which leaves these out.

import { EngineError } from './error.ts';
import type { Operation } from './graph/ir/operation.ts';
import { productOf } from './graph/ir/strides.ts';
import type { Tensor } from './graph/ir/tensor.ts';
import type { Plan, StateTensor } from './graph/passes/plan.ts';
import { type Constant, floats } from './onnx/constant.ts';
import type { OnnxModel, OnnxValue } from './onnx/model.ts';

/** As a file declares it. */
export interface StateInfo {
  readonly input: string;
  readonly output: string;
  readonly dims: readonly number[];
  /** Before the first run, in ONNX's order; null for zeros. */
  readonly initial: Float32Array | null;
}

/** What a model with state has besides its picture, live inputs, painting and guide. */
export interface StateParts {
  readonly state: readonly StateInfo[];
  /** The model with all inputs and outputs. Those of the state come last and have no constant. */
  readonly whole: OnnxModel;
  /** Completes the plan of `whole`: its state, and which of its outputs is the guide. */
  readonly bind: (plan: Plan) => void;
}

const FLOAT32 = 1;
/** Each costs a dispatch a frame. */
const MAX_STATE = 64;

/** The model without the inputs and outputs of its state, but with its first output. Throws an EngineError for every
 * fault of the metadata. A look has a picture besides its state. */
export function splitState(all: OnnxModel, isLook: boolean): OnnxModel & StateParts {
  const pairs = new Map(readPairs(all.metadata.get('limner.state') ?? ''));
  if (pairs.size > MAX_STATE) {
    throw new EngineError(`The look's state has ${pairs.size} tensors; the engine keeps up to ${MAX_STATE}.`);
  }
  const [given, made] = [byName(all.inputs), byName(all.outputs)];
  const state = Array.from(pairs, ([input, output]) =>
    readTensor(all, { input, output, given: given.get(input), made: made.get(output) }),
  );
  const inputs = all.inputs.filter(({ name }) => !pairs.has(name));
  const isPicture = ({ name, dims }: OnnxValue) => !all.constants.has(name) && dims?.length !== 0;
  if (isLook && state.length > 0 && !inputs.some(isPicture)) {
    throw new EngineError(
      `The look's state takes its picture, '${state[0]?.input}'; leave an input for that.`,
    );
  }
  const next = new Set(pairs.values());
  return {
    ...all,
    inputs,
    outputs: all.outputs.filter(({ name }, i) => i === 0 || !next.has(name)),
    whole: {
      ...all,
      inputs: [...inputs, ...all.inputs.filter(({ name }) => pairs.has(name))],
      constants: new Map([...all.constants].filter(([name]) => !pairs.has(name))),
    },
    state,
    bind: plan => bindState(plan, state),
  };
}

const byName = <T extends { readonly name: string }>(values: readonly T[]): Map<string, T> =>
  new Map(values.map(value => [value.name, value]));

function readPairs(text: string): [input: string, output: string][] {
  let pairs: [string, unknown][] = [];
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) {
      pairs = Object.entries(parsed);
      if (pairs.every((pair): pair is [string, string] => typeof pair[1] === 'string')) return pairs;
    }
  } catch {
    // The error below says so.
  }
  throw new EngineError(
    `The look's state is no JSON object of inputs and outputs, such as {"last": "painting"}; correct its metadata limner.state.`,
  );
}

interface Pair {
  readonly input: string;
  readonly output: string;
  /** Undefined if the model does not have them. */
  readonly given: OnnxValue | undefined;
  readonly made: OnnxValue | undefined;
}

function readTensor(
  { inputs, outputs, constants }: OnnxModel,
  { input: name, output, given, made }: Pair,
): StateInfo {
  const listed = (values: readonly OnnxValue[]) => values.map(one => `'${one.name}'`).join(', ');
  if (!given) {
    throw new EngineError(`The look's state names an input '${name}'; the model has ${listed(inputs)}.`);
  }
  if (!made) {
    throw new EngineError(`The look's state names an output '${output}'; the model has ${listed(outputs)}.`);
  }
  const constant = constants.get(name);
  const dims = given.dims ?? constant?.dims;
  const isKnown = dims?.every((dim): dim is number => typeof dim === 'number');
  if (!isKnown || given.type !== FLOAT32 || made.type !== FLOAT32) {
    throw new EngineError(
      `The state '${name}' needs a fixed shape, and float32 as its input and its output.`,
    );
  }
  if (dims.length === 0) {
    throw new EngineError(
      `The state '${name}' is a single number, which is a live input; give it the shape [1].`,
    );
  }
  // Values are passed in objects by name, and no object can have this one.
  if (name === '__proto__') throw new EngineError(`The state '${name}' needs another name.`);
  checkShape(name, dims, output, made.dims ?? dims);
  if (constant && (constant.type !== 'float32' || String(constant.dims) !== String(dims))) {
    throw new EngineError(
      `The state '${name}' is ${dims.join(' x ')} of float32, but its initializer is not.`,
    );
  }
  return { input: name, output, dims, initial: constant ? ownFloats(constant) : null };
}

/** No view of the file, so that it need not be kept. */
function ownFloats(constant: Constant): Float32Array {
  const values = floats(constant);
  return values.buffer === constant.bytes.buffer ? values.slice() : values;
}

/** As far as dimensions are known. */
function checkShape(
  input: string,
  dims: readonly number[],
  output: string,
  made: readonly (number | string)[],
): void {
  const fits = (dim: number | string, i: number) => typeof dim === 'string' || dim === dims[i];
  if (made.length === dims.length && made.every(fits)) return;
  throw new EngineError(
    `The state '${input}' is ${dims.join(' x ')}, but its next value, '${output}', is ${made.join(' x ')}.`,
  );
}

function bindState(plan: Plan, declared: readonly StateInfo[]): void {
  const [inputs, outputs] = [byName(plan.inputs), byName(plan.outputs)];
  const state = declared.map(({ input, output, dims, initial }): StateTensor => {
    const [from, to] = [inputs.get(input), outputs.get(output)];
    if (!from || !to) throw new EngineError(`The state '${input}' is not in the graph.`);
    checkShape(input, dims, output, to.dims);
    // Backends write it at load, as they do with all constants, and numbers that it lacks as zeros. No pass is to take it
    // for one, so it comes now.
    Object.assign(from, { constant: initial ?? new Float32Array() } satisfies Partial<Tensor>);
    return { input: from, output: to };
  });
  const next = new Set(state.map(({ output }) => output));
  const guide = plan.outputs.find((tensor, i) => i > 0 && !next.has(tensor));
  const operations = [...plan.operations, ...state.map(copyOf)];
  Object.assign(plan, { state, guide, operations } satisfies Partial<Plan>);
}

/** Replaces a tensor of the state, after all that reads it. */
const copyOf = ({ input, output }: StateTensor): Operation => ({
  kind: 'elementwise',
  name: `keep ${input.name}`,
  inputs: [output],
  output: input,
  epilogue: { kind: 'input', index: 0 },
});

/** What to write of the state, by `run` with that option: what is given, after all of it as before the first run if it
 * begins anew. */
export function readStateValues(
  { state = [] }: Plan,
  values: Readonly<Record<string, Float32Array>>,
  how: 'only' | 'reset',
): (readonly [Tensor, Float32Array])[] {
  const inputs = byName(state.map(({ input }) => input));
  const given = Object.entries(values).map(([name, numbers]) => {
    const tensor = inputs.get(name);
    if (!tensor) {
      const known = [...inputs.keys()].map(one => `'${one}'`).join(', ') || 'none';
      throw new EngineError(`This look has no state '${name}'; it has ${known}.`);
    }
    const size = productOf(tensor.shape);
    if (numbers.length === size) return [tensor, numbers] as const;
    throw new EngineError(`The state '${name}' needs ${size} numbers and got ${numbers.length}.`);
  });
  const first = [...inputs.values()].map(input => [input, input.constant ?? new Float32Array()] as const);
  return how === 'reset' ? [...first, ...given] : given;
}
