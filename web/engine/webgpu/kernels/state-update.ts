// The kernels of a training's state. One adds up the parts of all gradients and updates all parameters and what the
// optimizer keeps for them; another packs the parameters for the kernels of convolutions (`lowering/learned-weights.ts`).

import { expressionCode } from '../../codegen/expression-code.ts';
import { EngineError } from '../../error.ts';
import type { Expression } from '../../graph/ir/expression.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import type { StatePlace } from '../../graph/passes/training-plan.ts';
import { ROW } from './kernel.ts';
import packWeights from './pack-weights.wgsl?raw';
import stateUpdate from './state-update.wgsl?raw';
import { TRAINING } from './training.ts';
import { WGSL } from './wgsl.ts';

/** Threads of a workgroup, each of which has a block of four numbers. */
const THREADS = 64;
/** Words of the table for each workgroup. */
const ENTRY = 8;

/** New values of a parameter and of its slots. They read the parameter as input 0, its gradient as input 1, then the
 * slots; the scalars of the step are live inputs. */
export interface UpdateFormula {
  readonly weight: Expression;
  readonly slots: readonly Expression[];
}

export interface StateUpdate {
  readonly formula: UpdateFormula;
  /** Numbers that the optimizer has for each step. */
  readonly scalars: number;
  readonly stateBlocks: number;
  /** Where the loss is in its buffer, in blocks. */
  readonly lossAt: number;
}

/** The uniform: scalars, and then where the loss goes. */
export const uniformVectors = (scalars: number): number => Math.ceil(scalars / LANES) + 1;

const functionCode = (name: string, tree: Expression, slots: number): string => {
  const { lines, result } = expressionCode(WGSL, tree, {
    input: index => (index === 0 ? 'weight' : index === 1 ? 'gradient' : `slot_${index - 2}`),
    channel: () => {
      throw new EngineError('An optimizer has no numbers per channel.');
    },
  });
  const parameters = ['weight', 'gradient', ...Array.from({ length: slots }, (_, i) => `slot_${i}`)];
  return `fn ${name}(${parameters.map(one => `${one}: vec4f`).join(', ')}) -> vec4f {
${lines.join('\n')}
  return ${result};
}`;
};

/** Bindings: state, changes, table, uniform, loss, ring and, if there are slots, slots. */
export function stateUpdateCode({ formula, scalars, stateBlocks, lossAt }: StateUpdate): string {
  const slots = formula.slots.length;
  const made = [formula.weight, ...formula.slots].map((tree, i) => functionCode(`next_${i}`, tree, slots));
  const names = formula.slots.map((_, i) => `slot_${i}`);
  const given = ['weight', 'gradient', ...names].join(', ');
  const functions = Object.entries(TRAINING.functions).flatMap(([call, text]) =>
    made.some(code => code.includes(call)) ? [text] : [],
  );
  return `const ROW = ${ROW}u;
const LIVE = ${uniformVectors(scalars)};
const LOSS_AT = ${lossAt};
@group(0) @binding(3) var<uniform> live: array<vec4f, LIVE>;
${slots > 0 ? '@group(0) @binding(6) var<storage, read_write> slots: array<vec4f>;' : ''}
${functions.join('\n')}
${made.join('\n')}
fn update(at: u32, gradient: vec4f, kept: vec4<bool>) {
  let weight = state[at];
${names.map((name, i) => `let ${name} = slots[at + ${i * stateBlocks}u];`).join('\n')}
  state[at] = select(vec4f(0), next_0(${given}), kept);
${names.map((_, i) => `slots[at + ${i * stateBlocks}u] = select(vec4f(0), next_${i + 1}(${given}), kept);`).join('\n')}
}
${stateUpdate}`;
}

/** What each workgroup updates. */
export function updateTable(places: readonly StatePlace[]): Uint32Array<ArrayBuffer> {
  const entries = places.flatMap(({ elements, start, change, isReplaced }) => {
    const groups = Math.ceil(elements / LANES / THREADS);
    return Array.from({ length: groups }, (_, group) => {
      const first = group * THREADS;
      const { parts, stride } = change;
      const left = elements - first * LANES;
      return [start + first, left, change.start + first, stride, parts, Number(isReplaced), 0, 0];
    });
  });
  return Uint32Array.from(entries.flat());
}

export const updateGroups = (table: Uint32Array): number => table.length / ENTRY;

/** Bindings: state, positions, packed. */
export const packWeightsCode = (): string => `const ROW = ${ROW}u;\n${packWeights}`;
