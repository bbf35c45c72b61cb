// Writes the part of a kernel's WGSL that depends on the graph: bindings, addresses of tensors, and the epilogue as
// straight code. The loops are in the .wgsl files beside this one. They call `read_0` and `store` (or `take_channels`
// and then `put`), which are declared here.

import { type ChannelSlot, expressionCode, fillChannels, readCode } from '../../codegen/expression-code.ts';
import { EngineError } from '../../error.ts';
import type { Expression } from '../../graph/ir/expression.ts';
import type { Elementwise, FrameInput, Operation, Resample } from '../../graph/ir/operation.ts';
import { channelBlocks, LANES, type Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { KernelConfig } from './config.ts';
import { type Binding, type FrameLayout, type Kernel, ROW, type Target } from './kernel.ts';
import { BLOCK_CODE } from './precision.ts';
import { WGSL } from './wgsl.ts';

/** Kernels and functions that our own looks do not use, fetched when a model needs them (`extended.ts`). */
export interface ExtendedKernels {
  /** Functions that WGSL lacks, by their calls. */
  readonly functions: Readonly<Record<string, string>>;
  readonly compileExtended: (shader: ShaderBuilder, operation: ExtendedOperation) => Kernel;
}

export type ExtendedOperation = Exclude<Operation, FrameInput | Elementwise | Resample>;

/** What all kernels of a plan are compiled with. */
export interface KernelContext {
  readonly plan: Plan;
  readonly config: KernelConfig;
  /** Null if the plan needs none of them. */
  readonly extended: ExtendedKernels | null;
}

/** (n, y, x, block) of the output's element `index`. Beyond the last element, n is beyond the last image. */
const ELEMENT = `
fn element(index: i32) -> vec4i {
  let blocks = sizes[1].z;
  let pixel = index / blocks;
  let row = pixel / sizes[0].w;
  return vec4i(row / sizes[0].z, row % sizes[0].z, pixel % sizes[0].w, index % blocks);
}`;

export class ShaderBuilder {
  readonly bindings: Binding[] = [];
  readonly #head: string[] = [`const ROW = ${ROW}u;`];
  readonly #sizes: number[] = [];
  readonly #slots: ChannelSlot[] = [];
  /** Slots that `take_channels` reads for one block of channels; null outside `finish`. */
  #blockSlots: Set<number> | null = null;
  readonly #output: Tensor;
  /** Whether sizes are part of the text, in kernels that a look has once. */
  inlineSizes = false;
  /** Set by kernels that read the frame or write the painting's canvas. */
  frame: FrameLayout | null = null;

  constructor(
    readonly context: KernelContext,
    readonly operation: Operation,
    readonly target: Target,
  ) {
    this.#head.push(BLOCK_CODE[context.config.precision]);
    this.#output = operation.output;
    for (const tensor of [this.#output, ...operation.inputs]) this.#pushSizes(tensor);
  }

  #pushSizes(tensor: Tensor): void {
    const slice = this.context.plan.slices.get(tensor);
    const own = channelBlocks(tensor);
    this.#sizes.push(...tensor.shape, slice?.stride ?? own, slice?.offset ?? 0, own, 0);
  }

  /** Declares a binding; `declaration` follows the attributes, such as `var<uniform> crop: ...`. */
  bind(binding: Binding, declaration: string): void {
    this.#head.push(`@group(0) @binding(${this.bindings.length}) ${declaration};`);
    this.bindings.push(binding);
  }

  /** Declares a binding of group 1, which all kernels share that use the frame or the painting's canvas. */
  bindFrame(frame: FrameLayout, binding: 0 | 1 | 2, declaration: string): void {
    this.frame = frame;
    this.#head.push(`@group(1) @binding(${binding}) ${declaration};`);
  }

  add(text: string): void {
    this.#head.push(text);
  }

  /** Adds four sizes; returns their index in `sizes`. */
  size(a: number, b = 0, c = 0, d = 0): number {
    this.#sizes.push(a, b, c, d);
    return this.#sizes.length / 4 - 1;
  }

  /** Lets threads of a subgroup exchange values. The kernel ensures that they do not diverge. */
  enableSubgroups(): void {
    this.#head.unshift('enable subgroups;', 'diagnostic(off, subgroup_uniformity);');
  }

  /** A constant per output channel, as an expression of the block `c`. */
  channel(values: ArrayLike<number>, fill = 0): string {
    const slot = this.#slots.push({ values, fill }) - 1;
    this.#blockSlots?.add(slot);
    return this.#blockSlots ? `channels_${slot}` : `channels[${slot} * sizes[1].z + c]`;
  }

  /** `read_k(n, y, x, c)` and `block_k(index)` for each input. */
  readInputs(): void {
    this.operation.inputs.forEach((tensor, k) => {
      const buffer = this.context.plan.slices.get(tensor)?.buffer ?? 0;
      this.bind({ kind: 'read', buffer }, `var<storage, read> input_${k}: array<Block>`);
      this.add(`
fn block_${k}(index: i32) -> vec4f {
  return widen(input_${k}[index]);
}
fn read_${k}(n: i32, y: i32, x: i32, c: i32) -> vec4f {
  let size = sizes[${2 + 2 * k}];
  let slice = sizes[${3 + 2 * k}];
  return block_${k}(((n * size.z + y) * size.w + x) * slice.x + slice.y + c);
}`);
    });
  }

  #expressionCode(tree: Expression, output = this.#output): { lines: string[]; result: string } {
    return expressionCode(WGSL, tree, {
      input: index => readCode(index, this.operation.inputs[index], output.shape),
      channel: values => this.channel(values),
    });
  }

  /** `fn name(value) -> vec4f` for an expression of `value` alone. */
  valueFunction(name: string, tree: Expression): void {
    const { lines, result } = this.#expressionCode(tree);
    this.add(`fn ${name}(value: vec4f) -> vec4f {\n${lines.join('\n')}\n  return ${result};\n}`);
  }

  /** `fn name(raw, n, y, x, c) -> vec4f`: an epilogue for elements of `output`, whose sizes are `sizes[at]`. */
  epilogue(name: string, tree: Expression | null, output: Tensor, at: number, before = 'value'): void {
    const { lines, result } = this.#expressionCode(tree ?? { kind: 'value' }, output);
    // Lanes without a channel must stay zero, whatever the epilogue gives for zero: readers rely on it.
    const masked =
      output.shape[1] % LANES === 0
        ? result
        : `select(vec4f(0), ${result}, vec4i(c * 4) + vec4i(0, 1, 2, 3) < vec4i(sizes[${at}].y))`;
    this.add(`
fn ${name}(raw: vec4f, n: i32, y: i32, x: i32, c: i32) -> vec4f {
  let value = ${before === 'value' ? 'raw' : before};
${lines.join('\n')}
  return ${masked};
}`);
  }

  /** Declares `store(value, n, y, x, c)`: the epilogue, then the target. Kernels that store much of one block of
   * channels read its constants once (`take_channels(c)`) and then call `put`. `before` is the epilogue's input, an
   * expression of `value`. */
  finish(before = () => 'value'): void {
    this.#blockSlots = new Set();
    this.epilogue('finish', this.operation.epilogue, this.#output, 0, before());
    const taken = [...this.#blockSlots];
    this.#blockSlots = null;
    this.add(taken.map(slot => `var<private> channels_${slot}: vec4f;`).join('\n'));
    const lines = taken.map(slot => `channels_${slot} = channels[${slot} * sizes[1].z + c];`);
    this.add(`fn take_channels(c: i32) {\n${lines.join('\n')}\n}`);
    this.#declarePut();
    this.add(`fn store(value: vec4f, n: i32, y: i32, x: i32, c: i32) {
  take_channels(c);
  put(value, n, y, x, c);
}`);
    this.declareShared();
  }

  #declarePut(): void {
    if (this.target.kind === 'buffer') {
      const buffer = this.context.plan.slices.get(this.#output)?.buffer ?? 0;
      this.bind({ kind: 'write', buffer }, 'var<storage, read_write> target_buffer: array<Block>');
      this.add(`
fn put(value: vec4f, n: i32, y: i32, x: i32, c: i32) {
  let size = sizes[0];
  let at = ((n * size.z + y) * size.w + x) * sizes[1].x + sizes[1].y + c;
  target_buffer[at] = narrow(finish(value, n, y, x, c));
}`);
      return;
    }
    const declaration = (format: GPUTextureFormat) => `var canvas: texture_storage_2d<${format}, write>`;
    if (this.target.kind === 'canvas') {
      const { format } = this.target;
      this.bind({ kind: 'canvas', format }, declaration(format));
    } else {
      this.bindFrame(this.target.frame, 2, declaration(this.target.frame.format));
    }
    const colour = this.#output.shape[1] === 1 ? 'made.xxx' : 'made.xyz';
    this.add(`
fn put(value: vec4f, n: i32, y: i32, x: i32, c: i32) {
  let made = finish(value, n, y, x, c);
  textureStore(canvas, vec2i(x, y), vec4f(clamp(${colour}, vec3f(0), vec3f(1)), 1));
}`);
  }

  /** Declares the sizes and what else the kernel reads by now; `finish` does it too. */
  declareShared(): void {
    const used = this.#head.join('\n');
    this.#declareSizes();
    if (used.includes('live[')) {
      const vectors = Math.ceil(this.context.plan.live.length / 4);
      this.bind({ kind: 'live' }, `var<uniform> live: array<vec4f, ${vectors}>`);
    }
    if (this.#slots.length > 0) {
      const own = channelBlocks(this.#output) * LANES;
      const fill = (target: ArrayBuffer) => fillChannels(target, this.#slots, own);
      const label = `${this.operation.name} per channel`;
      const bytes = this.#slots.length * own * 4;
      const data = { label, owner: this.operation, layout: 'channels', bytes, fill };
      this.bind({ kind: 'data', data }, 'var<storage, read> channels: array<vec4f>');
    }
    for (const [call, text] of Object.entries(this.context.extended?.functions ?? {})) {
      if (used.includes(call)) this.add(text);
    }
    if (used.includes('quiet_nan')) this.add('var<private> quiet_nan = 0x7fc00000i;');
  }

  #declareSizes(): void {
    const values = this.#sizes;
    const type = `array<vec4i, ${values.length / 4}>`;
    if (!this.inlineSizes) {
      this.bind({ kind: 'sizes', values }, `var<uniform> sizes: ${type}`);
      return;
    }
    const vectors = values.flatMap((_, i) =>
      i % 4 > 0 ? [] : `vec4i(${values.slice(i, i + 4).join(', ')})`,
    );
    this.add(`const sizes = ${type}(${vectors.join(', ')});`);
  }

  /** The whole kernel. `body` is the text of a .wgsl file. */
  kernel(body: string, workgroups: Kernel['workgroups']): Kernel {
    const { name: label } = this.operation;
    if (Math.max(...workgroups) > 65535) {
      throw new EngineError(`Node '${label}' is too large for WebGPU: ${workgroups.join(' x ')} workgroups.`);
    }
    const element = body.includes('element(') ? ELEMENT : '';
    const code = `${this.#head.join('\n')}\n${element}\n${body}`;
    return { label, code, bindings: this.bindings, frame: this.frame, workgroups };
  }
}
