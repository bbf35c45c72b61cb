// A plan on one context: its draws, ready to be repeated. The painter and `run` share it.

import { EngineError } from '../../error.ts';
import type { Crop } from '../../frames/source.ts';
import type { FrameInput } from '../../graph/ir/operation.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { defaultLiveInputs } from '../../live-inputs.ts';
import type { OnCompiled, RunOptions } from '../../painter.ts';
import { readInputs, readLiveInputs } from '../../run-inputs.ts';
import { compile, compileArrayInput, compileCanvasCopy, compileFrameInput } from '../draws/compile.ts';
import type { Draw } from '../draws/draw.ts';
import { splitPasses } from '../draws/passes.ts';
import type { DrawStep } from '../draws/step.ts';
import { TextureLayouts } from '../draws/texture-layout.ts';
import type { Context } from './context.ts';
import { type FrameResources, type PreparedDraw, ProgramCache } from './program-cache.ts';
import { clearErrors } from './texture-format.ts';
import { Textures } from './textures.ts';

const isFrameInput = (step: DrawStep): step is FrameInput => step.kind === 'frameInput';

export class Network {
  readonly layouts: TextureLayouts;
  readonly textures: Textures;
  readonly programs: ProgramCache;
  /** Reads the camera's frame; null if the graph has no camera. */
  frameInput: PreparedDraw | null = null;
  draws: readonly PreparedDraw[] = [];
  #steps: readonly DrawStep[] = [];
  #arrayInput: PreparedDraw | null = null;
  /** Whether `run` was given inputs before. */
  #hasInputs = false;

  constructor(
    readonly context: Context,
    readonly plan: Plan,
    readonly resources: FrameResources,
  ) {
    this.layouts = new TextureLayouts(plan, context.limits);
    this.textures = new Textures(context, this.layouts);
    this.programs = new ProgramCache(context, this.textures);
  }

  /** Makes what every frame needs, and waits for the programs. */
  async prepare(onCompiled?: OnCompiled): Promise<void> {
    clearErrors(this.context.gl);
    const { steps, temporaries } = await splitPasses(this.plan.operations);
    this.#steps = steps;
    for (const tensor of temporaries) this.layouts.add(tensor);
    const source = steps.find(isFrameInput);
    const draws: Draw[] = [];
    for (const step of steps.filter(one => !isFrameInput(one))) {
      const common = compile(this.layouts, step, this.context.limits);
      draws.push(common ?? (await import('../draws/extended.ts')).compileExtended(this.layouts, step));
    }
    const first = source && this.resources.frame ? compileFrameInput(this.layouts, source) : null;
    this.draws = draws.map(draw => this.programs.prepare(draw, this.resources));
    this.frameInput = first && this.programs.prepare(first, this.resources);
    await this.#waitForPrograms([...(this.frameInput ? [this.frameInput] : []), ...this.draws], onCompiled);
    // Draws that replace the state were warmed up in its textures.
    for (const tensor of this.plan.slices.keys()) {
      if (tensor.constant) this.textures.write(tensor, tensor.constant);
    }
  }

  async #waitForPrograms(draws: readonly PreparedDraw[], onCompiled?: OnCompiled): Promise<void> {
    await this.programs.waitForPrograms(draws, defaultLiveInputs(this.plan), onCompiled);
    const { gl } = this.context;
    const error = gl.getError();
    if (error === gl.OUT_OF_MEMORY) {
      throw new EngineError(
        'The GPU has too little memory for this look; close other pages or choose a smaller look.',
      );
    }
    if (error !== gl.NO_ERROR)
      throw new EngineError(`The GPU refused the engine's work (WebGL error ${error}).`);
  }

  /** Makes the draw that shows a tensor on the canvas. */
  async show(tensor: Tensor): Promise<PreparedDraw> {
    clearErrors(this.context.gl);
    const prepared = this.programs.prepare(compileCanvasCopy(this.layouts, tensor), this.resources);
    await this.#waitForPrograms([prepared]);
    return prepared;
  }

  draw(prepared: PreparedDraw, live: Float32Array, crop: Crop | null = null): void {
    this.programs.draw(prepared, live, crop);
  }

  async run(
    inputs: Record<string, Float32Array>,
    live: Float32Array,
    { read = true, state }: RunOptions = {},
  ): Promise<Record<string, Float32Array>> {
    const { plan } = this;
    if (state) return (await import('./state.ts')).accessState(this, inputs, state, read);
    const source = this.#steps.find(isFrameInput);
    const camera = source && plan.inputs[0];
    // A picture that nothing is fused with is written where the network reads it.
    if (camera && camera !== source.output && !this.#arrayInput) {
      clearErrors(this.context.gl);
      this.layouts.add(camera);
      const draw = compileArrayInput(this.layouts, source, camera);
      this.#arrayInput = this.programs.prepare(draw, this.resources);
      await this.#waitForPrograms([this.#arrayInput]);
    }
    for (const [tensor, values] of readInputs(plan, inputs, this.#hasInputs))
      this.textures.write(tensor, values);
    this.#hasInputs = true;
    const used = readLiveInputs(plan, inputs, live);
    if (this.#arrayInput) this.draw(this.#arrayInput, used);
    for (const prepared of this.draws) this.draw(prepared, used);
    if (!read) return {};
    const outputs = await this.textures.read(plan.outputs);
    // A lost context returns zeros.
    if (this.context.gl.isContextLost()) throw new EngineError('The WebGL2 context was lost while it ran.');
    return outputs;
  }

  destroy(): void {
    this.programs.destroy();
    this.textures.destroy();
    if (this.context.ownsCanvas) this.context.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
