// The kernel that updates a training's state: it adds up the parts of all gradients, and updates all parameters and what
// the optimizer keeps for them.

import { expressionCode } from '../../codegen/expression-code.ts';
import type { UpdateFormula } from '../../codegen/update-formula.ts';
import { EngineError } from '../../error.ts';
import type { Expression } from '../../graph/ir/expression.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import type { StatePlace } from '../../graph/passes/training-plan.ts';
import { ROW } from './kernel.ts';
import stateUpdate from './state-update.wgsl?raw';
import { WGSL } from './wgsl.ts';

/** Threads of a workgroup, each of which has a block of four numbers. */
const THREADS = 64;
/** Words of the table for each workgroup. */
const ENTRY = 8;

export interface StateUpdate {
  /** By the parameter's name. */
  readonly formulas: ReadonlyMap<string, UpdateFormula>;
  /** Functions that the formulas may call and WGSL lacks, by their calls. */
  readonly helpers: Readonly<Record<string, string>>;
  /** Numbers that the optimizer has for each step. */
  readonly scalars: number;
  readonly stateBlocks: number;
  /** Where the loss and the scale of gradients are in their buffers, in blocks. */
  readonly lossAt: number;
  readonly scaleAt: number | null;
}

/** The uniform: scalars, and then where the loss goes. */
export const uniformVectors = (scalars: number): number => Math.ceil(scalars / LANES) + 1;

const resultCode = ({ reads }: UpdateFormula, tree: Expression): string => {
  const { lines, result } = expressionCode(WGSL, tree, {
    input: index => reads[index] ?? 'weight',
    channel: () => {
      throw new EngineError('An optimizer has no numbers per channel.');
    },
  });
  return `${lines.join('\n')}\n  return select(vec4f(0), ${result}, kept);`;
};

/** Functions of what all formulas may read. Slots lie in the state, after the parameters. */
function formulaCode(formula: UpdateFormula, number: number, stateBlocks: number): string {
  const slots = formula.results.slice(1).map((_, i) => `slot_${i}`);
  const names = ['weight', 'gradient', 'scale', 'direction', ...slots];
  const parameters = names.map(name => `${name}: vec4f`).join(', ');
  const functions = formula.results.map(
    (tree, i) =>
      `fn next_${number}_${i}(${parameters}, kept: vec4<bool>) -> vec4f {\n${resultCode(formula, tree)}\n}`,
  );
  const at = (i: number) => `state[at + ${i * stateBlocks}u]`;
  return `${functions.join('\n')}
fn update_${number}(at: u32, gradient: vec4f, scale: vec4f, direction: vec4f, kept: vec4<bool>) {
  let weight = ${at(0)};
${slots.map((name, i) => `let ${name} = ${at(i + 1)};`).join('\n')}
${formula.results.map((_, i) => `${at(i)} = next_${number}_${i}(${names.join(', ')}, kept);`).join('\n')}
}`;
}

export interface StateUpdateKernel {
  readonly code: string;
  /** What each workgroup updates. */
  readonly table: Uint32Array<ArrayBuffer>;
  readonly groups: number;
}

/** Bindings: state, changes, table, uniform, loss, ring and, if there is one, the scale. */
export function compileStateUpdate(
  places: readonly StatePlace[],
  { formulas, helpers, scalars, stateBlocks, lossAt, scaleAt }: StateUpdate,
): StateUpdateKernel {
  // Parameters whose formulas have the same text share it.
  const numbers = new Map<string, number>();
  const codes: string[] = [];
  const numberOf = (name: string): number => {
    const formula = formulas.get(name);
    if (!formula) throw new EngineError(`The parameter '${name}' has no update.`);
    const key = formulaCode(formula, 0, stateBlocks);
    const known = numbers.get(key) ?? codes.push(formulaCode(formula, codes.length, stateBlocks)) - 1;
    numbers.set(key, known);
    return known;
  };
  /** The kind of an update: 0 replaces the tensor. */
  const kinds = places.map(place => (place.isReplaced ? 0 : numberOf(place.name) + 1));
  const table = makeTable(places, kinds);
  const functions = Object.entries(helpers).flatMap(([call, text]) =>
    codes.some(code => code.includes(call)) ? [text] : [],
  );
  const cases = codes.map((_, i) => `    case ${i + 1} { update_${i}(at, change, scale, direction, kept); }`);
  const code = `const ROW = ${ROW}u;
const LIVE = ${uniformVectors(scalars)};
const LOSS_AT = ${lossAt};
@group(0) @binding(0) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(3) var<uniform> live: array<vec4f, LIVE>;
${scaleAt === null ? '' : '@group(0) @binding(6) var<storage, read> scales: array<vec4f>;'}
${functions.join('\n')}
${codes.join('\n')}
fn update(kind: i32, at: u32, change: vec4f, direction: vec4f, kept: vec4<bool>) {
  let scale = ${scaleAt === null ? 'vec4f(1)' : `scales[${scaleAt}].xxxx`};
  switch kind {
${cases.join('\n')}
    default { state[at] = select(vec4f(0), change, kept); }
  }
}
${stateUpdate}`;
  return { code, table, groups: table.length / ENTRY };
}

function makeTable(places: readonly StatePlace[], kinds: readonly number[]): Uint32Array<ArrayBuffer> {
  const entries = places.flatMap(({ elements, start, change, direction }, i) => {
    const groups = Math.ceil(elements / LANES / THREADS);
    return Array.from({ length: groups }, (_, group) => {
      const first = group * THREADS;
      const { parts, stride } = change;
      const left = elements - first * LANES;
      const further = first + (direction ?? change.start);
      return [start + first, left, change.start + first, stride, parts, kinds[i] ?? 0, further, 0];
    });
  });
  return Uint32Array.from(entries.flat());
}
