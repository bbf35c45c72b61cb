// The draw that updates all parameters and what the optimizer keeps for them, from textures that have all of it at the same
// places (`state-layout.ts`). It fills one texture for each result.

import { expressionCode } from '../../codegen/expression-code.ts';
import type { UpdateFormula } from '../../codegen/update-formula.ts';
import { EngineError } from '../../error.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import type { Draw, Sampled, Table } from './draw.ts';
import { GLSL, helperFunctions } from './glsl-math.ts';
import type { PlacedTensor, StateLayout } from './state-layout.ts';
import type { TextureLayouts } from './texture-layout.ts';

const TEXEL_BYTES = 16;

export interface StateUpdate {
  readonly state: StateLayout;
  /** By the parameter's name. */
  readonly formulas: ReadonlyMap<string, UpdateFormula>;
  /** Vectors of four of the optimizer's numbers. */
  readonly scalars: number;
  /** The number that all gradients are multiplied by; null for 1. */
  readonly scale: Tensor | null;
  /** Which results are drawn, as indices of the wholes. */
  readonly results: readonly number[];
}

/** `vec4 next_FORMULA_RESULT(...)`, for each result. */
function formulaCode(
  { reads, results }: UpdateFormula,
  formula: number,
  wanted: readonly number[],
  slots: number,
): string {
  const names = ['weight', 'gradient', 'scale', 'direction', ...Array.from({ length: slots }, slotName)];
  const parameters = names.map(name => `vec4 ${name}`).join(', ');
  return wanted
    .map(i => {
      const tree = results[i];
      const name = `vec4 next_${formula}_${i}(${parameters})`;
      if (!tree) return `${name} { return vec4(0); }`;
      const { lines, result } = expressionCode(GLSL, tree, {
        input: index => reads[index] ?? 'weight',
        channel: () => {
          throw new EngineError('An optimizer has no numbers per channel.');
        },
      });
      return `${name} {\n${lines.join('\n')}\n  return ${result};\n}`;
    })
    .join('\n');
}

const slotName = (_: unknown, i: number): string => `slot_${i}`;

/** Which formula each place has; -1 replaces the tensor. Places whose formulas have the same text share it. */
function numberFormulas({ state, formulas }: StateUpdate): { numbers: number[]; used: UpdateFormula[] } {
  const known = new Map<string, number>();
  const used: UpdateFormula[] = [];
  const numbers = state.places.map(({ name, isReplaced }) => {
    if (isReplaced) return -1;
    const formula = formulas.get(name);
    if (!formula) throw new EngineError(`The parameter '${name}' has no update.`);
    const key = JSON.stringify(formula);
    const number = known.get(key) ?? used.push(formula) - 1;
    known.set(key, number);
    return number;
  });
  return { numbers, used };
}

/** The formula of each block. */
function formulaTable(
  places: readonly PlacedTensor[],
  numbers: readonly number[],
  width: number,
  height: number,
): Table {
  const fill = (target: ArrayBuffer) => {
    const words = new Int32Array(target);
    places.forEach(({ start, elements }, i) => {
      for (let block = start; block < start + elements / 4; block++) words[4 * block] = numbers[i] ?? 0;
    });
  };
  const bytes = width * height * TEXEL_BYTES;
  return { label: 'formulas', owner: places, layout: 'formulas', bytes, fill, numbers: 'int', width, height };
}

export function compileStateUpdate(layouts: TextureLayouts, update: StateUpdate): Draw {
  const { state, scalars, scale, results } = update;
  const { wholes, places, blocks, changes, directions } = state;
  const { numbers, used } = numberFormulas(update);
  const slots = wholes.length - 1;
  const [first] = wholes;
  if (!first) throw new EngineError('The training has no state.');
  const { texture, across } = layouts.get(first.next);
  const height = Math.ceil(blocks / across);
  const samplers: { name: string; sampled: Sampled; type: string }[] = [];
  const sample = (name: string, tensor: Tensor): string => {
    const sampled = { kind: 'values', texture: layouts.get(tensor).texture } as const;
    samplers.push({ name, sampled, type: 'sampler2DArray' });
    return `texelFetch(${name}, texel, 0)`;
  };
  const isRead = (name: string) => used.some(({ reads }) => reads.some(read => read === name));
  const operands: [string, string][] = [
    ['weight', sample('weights', first.now)],
    ['gradient', sample('changes', changes)],
    [
      'scale',
      scale && isRead('scale') ? `${sample('scales', scale).replace('texel,', 'ivec3(0),')}.xxxx` : 'vec4(1)',
    ],
    ['direction', isRead('direction') ? sample('directions', directions) : 'vec4(0)'],
    ...wholes.slice(1).map(({ now }, i): [string, string] => [slotName(null, i), sample(`kept_${i}`, now)]),
  ];
  const kinds = new Set(numbers);
  if (kinds.size > 1) {
    const table = formulaTable(places, numbers, across, height);
    samplers.push({ name: 'formulas', sampled: { kind: 'table', table }, type: 'isampler2D' });
  }
  const formula = kinds.size > 1 ? 'texelFetch(formulas, texel.xy, 0).x' : `${numbers[0] ?? 0}`;
  const names = operands.map(([name]) => name).join(', ');
  const stores = [...kinds].map(kind => {
    const values = results.map((result, i) => {
      const replaced = result === 0 ? 'gradient' : 'vec4(0)';
      return `target_${i} = ${kind < 0 ? replaced : `next_${kind}_${result}(${names})`};`;
    });
    return `if (formula == ${kind}) { ${values.join(' ')} }`;
  });
  const functions = used.map((one, i) => formulaCode(one, i, results, slots)).join('\n');
  return {
    label: 'update',
    code: `#version 300 es
precision highp float;
precision highp int;
uniform ivec4 sizes[1];
uniform vec4 live[${scalars}];
${samplers.map(({ name, type }) => `uniform highp ${type} ${name};`).join('\n')}
${results.map((_, i) => `layout(location = ${i}) out vec4 target_${i};`).join('\n')}
${helperFunctions(functions)}
${functions}
void main() {
  ivec3 texel = ivec3(gl_FragCoord.xy, 0);
  int block = texel.y * sizes[0].y + texel.x;
  if (block == 0 || block >= sizes[0].x) {
    discard;
  }
  ${operands.map(([name, value]) => `vec4 ${name} = ${value};`).join('\n  ')}
  int formula = ${formula};
  ${results.map((_, i) => `target_${i} = vec4(0);`).join(' ')}
  ${stores.join('\n  ')}
}`,
    samplers: samplers.map(({ name, sampled }) => ({ name, sampled })),
    sizes: [blocks, across, 0, 0],
    vectors: 1 + scalars + samplers.length,
    target: { kind: 'values', texture, area: { top: 0, width: across, height } },
  };
}
