// Writes the part of a draw's GLSL that depends on the graph: samplers, addresses of tensors, and the epilogue as
// straight code. The loops are in the .glsl files beside this one. They call `outputPosition`, `read_0`, `finish` and
// `store`, which are declared here.

import { type ChannelSlot, expressionCode, fillChannels, readCode } from '../../codegen/expression-code.ts';
import type { Expression } from '../../graph/ir/expression.ts';
import type { Operation } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { Draw, Sampled, Table } from './draw.ts';
import { GLSL, helperFunctions } from './glsl-math.ts';
import outputPosition from './output-position.glsl?raw';
import { areaWithin, layoutSizes, type TextureLayout, type TextureLayouts } from './texture-layout.ts';

const CANVAS_POSITION = `
OutputPosition outputPosition() {
  ivec2 texel = ivec2(gl_FragCoord.xy);
  return OutputPosition(true, 0, sizes[0].z - 1 - texel.y, texel.x, 0);
}`;
const TYPES = { float: 'sampler2D', int: 'isampler2D', uint: 'usampler2D' } as const;

/** Division by a power of two, and its remainder: shifts and masks, which are fast everywhere. */
export const shiftRight = (value: string, power: number): string =>
  power === 1 ? value : `(${value} >> ${Math.log2(power)})`;
export const maskLow = (value: string, power: number): string =>
  power === 1 ? '0' : `(${value} & ${power - 1})`;

export class ShaderBuilder {
  readonly #samplers: { name: string; sampled: Sampled }[] = [];
  readonly #uniforms: string[] = [];
  readonly #functions: string[] = [];
  readonly #sizes: number[] = [];
  readonly #slots: ChannelSlot[] = [];
  readonly #output: Tensor;
  /** Null if the canvas is the target. */
  readonly layout: TextureLayout | null;

  constructor(
    readonly layouts: TextureLayouts,
    readonly operation: Operation,
    readonly target: 'values' | 'canvas' = 'values',
  ) {
    this.#output = operation.output;
    this.layout = target === 'canvas' ? null : layouts.get(this.#output);
    this.#sizes.push(...(this.layout ? layoutSizes(this.layout) : [...this.#output.shape, 1, 0, 0, 1]));
    for (const tensor of operation.inputs) this.#sizes.push(...layoutSizes(layouts.get(tensor)));
  }

  sample(name: string, sampled: Sampled, type: string): void {
    this.#samplers.push({ name, sampled });
    this.#uniforms.push(`uniform highp ${type} ${name};`);
  }

  table(name: string, table: Table): void {
    this.sample(name, { kind: 'table', table }, TYPES[table.numbers]);
  }

  uniform(declaration: string): void {
    this.#uniforms.push(`uniform ${declaration};`);
  }

  add(text: string): void {
    this.#functions.push(text);
  }

  /** Adds four sizes; returns an expression for them. */
  size(a: number, b = 0, c = 0, d = 0): string {
    this.#sizes.push(a, b, c, d);
    return `sizes[${this.#sizes.length / 4 - 1}]`;
  }

  /** A constant per output channel, as an expression of the block `c`. */
  channel(values: ArrayLike<number>, fill = 0): string {
    const slot = this.#slots.push({ values, fill }) - 1;
    return `texelFetch(channels, ivec2(c, ${slot}), 0)`;
  }

  /** `read_k(n, y, x, c)` for each input. */
  readInputs(): void {
    this.operation.inputs.forEach((tensor, k) => {
      const { texture, wide, deep } = this.layouts.get(tensor);
      this.sample(`input_${k}`, { kind: 'values', texture }, 'sampler2DArray');
      this.add(`
vec4 read_${k}(int n, int y, int x, int c) {
  ivec4 tiling = sizes[${3 + 2 * k}];
  int block = tiling.y + c;
  int tile = n * tiling.x + ${shiftRight('block', deep)};
  int left = (tile & ((1 << tiling.z) - 1)) * tiling.w + ${shiftRight('x', wide)};
  int top = (tile >> tiling.z) * sizes[${2 + 2 * k}].z + y;
  return texelFetch(input_${k}, ivec3(left, top, ${maskLow('x', wide)} * ${deep} + ${maskLow('block', deep)}), 0);
}`);
    });
  }

  #expressionCode(tree: Expression): { lines: string[]; result: string } {
    return expressionCode(GLSL, tree, {
      input: index => readCode(index, this.operation.inputs[index], this.#output.shape),
      channel: values => this.channel(values),
    });
  }

  /** `vec4 name(vec4 value)` for an expression of `value` alone. */
  valueFunction(name: string, tree: Expression): void {
    const { lines, result } = this.#expressionCode(tree);
    this.add(`vec4 ${name}(vec4 value) {\n${lines.join('\n')}\n  return ${result};\n}`);
  }

  /** Declares `finish(value, n, y, x, c)`, the epilogue. */
  #finish(): void {
    const { lines, result } = this.#expressionCode(this.operation.epilogue ?? { kind: 'value' });
    const channels = this.#output.shape[1];
    // Lanes without a channel must stay zero, whatever the epilogue gives for zero: readers rely on it.
    const masked =
      channels % LANES === 0
        ? result
        : `mix(vec4(0), ${result}, lessThan(ivec4(c * 4) + ivec4(0, 1, 2, 3), ivec4(sizes[0].y)))`;
    this.add(`
vec4 finish(vec4 value, int n, int y, int x, int c) {
${lines.join('\n')}
  return ${masked};
}`);
  }

  /** The code before `finish`: the output's position, and `store`. */
  #frame(): string {
    const { wide, deep } = this.layout ?? { wide: 1, deep: 1 };
    const count = wide * deep;
    const list = Array.from({ length: count }, (_, i) => i);
    const colour = this.#output.shape[1] === 1 ? 'made[0].xxx' : 'made[0].xyz';
    const stores = this.layout
      ? list.map(i => `  target_${i} = made[${i}];`)
      : [`  target_0 = vec4(clamp(${colour}, 0.0, 1.0), 1);`];
    return [
      `const int WIDE = ${wide};`,
      `const int DEEP = ${deep};`,
      `const int OUTPUTS = ${count};`,
      ...list.map(i => `layout(location = ${i}) out vec4 target_${i};`),
      this.layout
        ? outputPosition
        : outputPosition.slice(0, outputPosition.indexOf('OutputPosition outputPosition()')) +
          CANVAS_POSITION,
      `void store(vec4 made[OUTPUTS]) {\n${stores.join('\n')}\n}`,
    ].join('\n');
  }

  #channels(): void {
    const height = this.#slots.length;
    if (height === 0) return;
    const width = channelBlocks(this.#output);
    const fill = (target: ArrayBuffer) => fillChannels(target, this.#slots, width * LANES);
    const label = `${this.operation.name} per channel`;
    const bytes = width * height * LANES * 4;
    const layout = `channels ${this.target}`;
    const owner = this.operation;
    this.table('channels', { label, owner, layout, bytes, fill, numbers: 'float', width, height });
  }

  /** The whole draw. `body` is the text of a .glsl file. */
  draw(body: string): Draw {
    this.#finish();
    this.#channels();
    const functions = this.#functions.join('\n');
    const lives = [...functions.matchAll(/live\[(\d+)\]/g)].map(([, index]) => Number(index));
    const live = Math.max(-1, ...lives) + 1;
    const sizes = this.#sizes.length / 4;
    const uniforms = [
      `uniform ivec4 sizes[${sizes}];`,
      ...(live > 0 ? [`uniform vec4 live[${live}];`] : []),
      ...this.#uniforms,
    ].join('\n');
    const { layout } = this;
    return {
      label: this.operation.name,
      code: `#version 300 es
precision highp float;
precision highp int;
${uniforms}
${this.#frame()}
${helperFunctions(functions)}
${functions}
${body}`,
      samplers: this.#samplers,
      sizes: this.#sizes,
      // Samplers and other uniforms may count too.
      vectors: sizes + live + this.#uniforms.length,
      target: layout
        ? { kind: 'values', texture: layout.texture, area: areaWithin(layout) }
        : { kind: 'canvas' },
    };
  }
}
