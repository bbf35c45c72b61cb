// Learned weights, packed for the draws of convolutions (`lowering/learned-weights.ts`): all of them in one texture, which
// one draw fills from the state.

import type { ConstantData } from '../../codegen/constant-data.ts';
import { VALUE } from '../../graph/ir/expression.ts';
import type { Convolution } from '../../graph/ir/operation.ts';
import { LANES, makeTensor, type Tensor } from '../../graph/ir/tensor.ts';
import { compileConvolution } from './conv.ts';
import type { Draw, Table } from './draw.ts';
import { elementwiseDraw, makeCode, startShader } from './elementwise.ts';
import { compileNaiveConv } from './extended.ts';
import { maskLow, ShaderBuilder, shiftRight } from './shader.ts';
import type { GpuLimits, TextureLayouts } from './texture-layout.ts';

const TEXEL_BYTES = 16;
/** Tables begin at multiples of it, in texels, so that a matrix of weights lies in neighbouring layers. */
const ALIGNMENT = 8;
const POSITIONS_WIDTH = 1024;
/** The texture of draws that read packed weights, until it is known. */
const UNKNOWN = -1;

interface Region {
  readonly data: ConstantData;
  readonly start: number;
}

export class PackedWeights {
  readonly #regions = new Map<object, Map<string, Region>>();
  /** Draws that read packed weights, and where their sizes have the width of the texture. */
  readonly #readers = new Map<Draw, number>();
  #texels = 0;

  /** `parameters` has the parameter that each array of positions is about. */
  constructor(readonly parameters: ReadonlyMap<object, string> = new Map()) {}

  isLearned({ owner }: ConstantData): boolean {
    return this.parameters.has(owner);
  }

  /** Makes room for weights in a layout. Returns their first texel. */
  add(data: ConstantData): number {
    const own = this.#regions.get(data.owner) ?? new Map<string, Region>();
    this.#regions.set(data.owner, own);
    const known = own.get(data.layout);
    if (known) return known.start;
    const start = this.#texels;
    own.set(data.layout, { data, start });
    this.#texels += Math.ceil(data.bytes / TEXEL_BYTES / ALIGNMENT) * ALIGNMENT;
    return start;
  }

  addReader(draw: Draw, at: number): void {
    this.#readers.set(draw, at);
  }

  /** The tensor of all of them, once all draws are compiled; null if no weights are learned. */
  makeTensor(): Tensor | null {
    return this.#texels > 0 ? makeTensor('packed weights', [1, LANES * this.#texels, 1, 1]) : null;
  }

  /** The draw with the texture that it reads. */
  resolve(draw: Draw, layouts: TextureLayouts, tensor: Tensor | null): Draw {
    const at = this.#readers.get(draw);
    if (at === undefined || !tensor) return draw;
    const { texture, across } = layouts.get(tensor);
    const samplers = draw.samplers.map(({ name, sampled }) => {
      const isUnknown = sampled.kind === 'values' && sampled.texture === UNKNOWN;
      return { name, sampled: isUnknown ? ({ kind: 'values', texture } as const) : sampled };
    });
    const sizes = draw.sizes.map((size, i) => (i === at ? Math.log2(across) : size));
    return { ...draw, samplers, sizes };
  }

  /** Fills the texture from the state. `starts` are the first blocks of parameters there. */
  compile(layouts: TextureLayouts, state: Tensor, packed: Tensor, starts: ReadonlyMap<string, number>): Draw {
    const height = Math.ceil(this.#texels / POSITIONS_WIDTH);
    const operation = { kind: 'elementwise', name: packed.name, inputs: [state], output: packed } as const;
    const shader = startShader(layouts, { ...operation, epilogue: VALUE });
    shader.table('positions', {
      label: packed.name,
      owner: this,
      layout: 'positions',
      bytes: POSITIONS_WIDTH * height * TEXEL_BYTES,
      fill: target => this.#fillPositions(new Int32Array(target), starts),
      numbers: 'int',
      width: POSITIONS_WIDTH,
      height,
    });
    const lanes = ['x', 'y', 'z', 'w'].map(lane => `read_0(0, 0, 0, at.${lane} >> 2)[at.${lane} & 3]`);
    const fetched = `texelFetch(positions, ivec2(c % ${POSITIONS_WIDTH}, c / ${POSITIONS_WIDTH}), 0)`;
    return elementwiseDraw(shader, makeCode(`  ivec4 at = ${fetched};\n  return vec4(${lanes.join(', ')});`));
  }

  /** The place of each packed number in the state, whose first number is 0, for padding. */
  #fillPositions(target: Int32Array, starts: ReadonlyMap<string, number>): void {
    for (const [owner, layouts] of this.#regions) {
      const first = LANES * (starts.get(this.parameters.get(owner) ?? '') ?? 0);
      for (const { data, start } of layouts.values()) {
        const bytes = new ArrayBuffer(data.bytes);
        data.fill(bytes);
        new Float32Array(bytes).forEach((position, i) => {
          if (position > 0) target[LANES * start + i] = first + position - 1;
        });
      }
    }
  }
}

const BLOCK = `vec4 weightBlock(int i) {
  return texelFetch(weights, packedAt(START + i), 0);
}`;

/** Reads packed weights where others read a table of constants. */
class LearnedShader extends ShaderBuilder {
  #at = 0;
  #inputs = LANES;

  constructor(
    layouts: TextureLayouts,
    operation: Convolution,
    readonly packed: PackedWeights,
  ) {
    super(layouts, operation);
    this.readInputs();
    const { weights } = operation;
    this.#inputs = Math.min(LANES, weights.transposed ? weights.dims[0] : weights.dims[1]);
  }

  override table(name: string, table: Table): void {
    if (name !== 'weights' || !this.packed.isLearned(table)) {
      super.table(name, table);
      return;
    }
    const start = this.packed.add(table);
    this.sample(name, { kind: 'values', texture: UNKNOWN }, 'sampler2DArray');
    const at = this.size(start, table.width);
    this.#at = LANES * Number(/\d+/.exec(at)?.[0]) + 2;
    const { layers } = this.layouts.limits;
    const texel = shiftRight('i', layers);
    super.add(`
#define START ${at}.x
ivec3 packedAt(int i) {
  return ivec3(${texel} & ((1 << ${at}.z) - 1), ${texel} >> ${at}.z, ${maskLow('i', layers)});
}`);
  }

  override add(text: string): void {
    if (text.includes('mat4 matrix(')) super.add(this.#matrixCode());
    else super.add(text.includes('weightBlock(') ? BLOCK : text);
  }

  /** As the one of constant weights. Input channels that there are none of weigh nothing. */
  #matrixCode(): string {
    const { layers } = this.layouts.limits;
    const columns = Array.from({ length: LANES }, (_, i) => {
      if (i >= this.#inputs) return 'vec4(0)';
      const place = layers >= LANES ? `at + ivec3(0, 0, ${i})` : `packedAt(i + ${i})`;
      return `texelFetch(weights, ${place}, 0)`;
    });
    const sizes = `sizes[${(this.#at - 2) / LANES}]`;
    return `
mat4 matrix(int k, int row, vec4 zero) {
  int i = ${sizes}.x + row * ${sizes}.y + 4 * k;
  ivec3 at = packedAt(i);
  return mat4(${columns.join(', ')});
}`;
  }

  override draw(body: string): Draw {
    // Of a single input channel, each matrix has one column.
    const own = this.#inputs === 1 ? body.replace(/m \* (v\d+)/g, 'm[0] * $1.x') : body;
    const draw = super.draw(own);
    this.packed.addReader(draw, this.#at);
    return draw;
  }
}

/** A convolution by learned weights. */
export function compileLearnedConv(
  layouts: TextureLayouts,
  operation: Convolution,
  limits: GpuLimits,
  packed: PackedWeights,
): Draw {
  const shader = () => new LearnedShader(layouts, operation, packed);
  return compileConvolution(shader(), operation, limits) ?? compileNaiveConv(shader(), operation);
}
