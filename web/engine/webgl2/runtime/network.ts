// A plan on one context: its draws, ready to be repeated. The painter and `run` share it.

import { EngineError } from '../../error.ts';
import type { Crop } from '../../frames/source.ts';
import type { FrameInput } from '../../graph/ir/operation.ts';
import type { Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import type { RunOptions } from '../../painter.ts';
import { readInputs, readLiveInputs } from '../../run-inputs.ts';
import { compile, compilePicture, compileShow, compileSource } from '../draws/compile.ts';
import type { Draw } from '../draws/draw.ts';
import { stepsOf } from '../draws/passes.ts';
import type { Step } from '../draws/step.ts';
import { Layouts } from '../draws/texture-layout.ts';
import type { Context } from './context.ts';
import { type Given, type Prepared, Programs } from './program-cache.ts';
import { forgetErrors } from './texture-format.ts';
import { Textures } from './textures.ts';

const isSource = (step: Step): step is FrameInput => step.kind === 'frameInput';

export class Network {
  readonly layouts: Layouts;
  readonly textures: Textures;
  readonly programs: Programs;
  /** From the camera's frame; null where the graph has no camera. */
  source: Prepared | null = null;
  rest: readonly Prepared[] = [];
  #steps: readonly Step[] = [];
  #picture: Prepared | null = null;
  /** `run` has been given inputs. */
  #ran = false;

  constructor(
    readonly context: Context,
    readonly plan: Plan,
    readonly given: Given,
  ) {
    this.layouts = new Layouts(plan, context.limits);
    this.textures = new Textures(context, this.layouts);
    this.programs = new Programs(context, this.textures);
  }

  /** Makes what every frame needs; the programs are waited for. */
  async prepare(): Promise<void> {
    forgetErrors(this.context.gl);
    const { steps, temporaries } = await stepsOf(this.plan.operations);
    this.#steps = steps;
    for (const tensor of temporaries) this.layouts.add(tensor);
    const source = steps.find(isSource);
    const draws: Draw[] = [];
    for (const step of steps.filter(one => !isSource(one))) {
      const common = compile(this.layouts, step, this.context.limits);
      draws.push(common ?? (await import('../draws/extended.ts')).compileUncommon(this.layouts, step));
    }
    const first = source && this.given.frame ? compileSource(this.layouts, source) : null;
    this.rest = draws.map(draw => this.programs.prepare(draw, this.given));
    this.source = first && this.programs.prepare(first, this.given);
    for (const tensor of this.plan.slices.keys()) {
      if (tensor.constant) this.textures.write(tensor, tensor.constant);
    }
    await this.#ready([...(first ? [first] : []), ...draws]);
  }

  async #ready(draws: readonly Draw[]): Promise<void> {
    await this.programs.ready(draws);
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

  /** What shows a tensor on the canvas. */
  async show(tensor: Tensor): Promise<Prepared> {
    forgetErrors(this.context.gl);
    const draw = compileShow(this.layouts, tensor);
    const prepared = this.programs.prepare(draw, this.given);
    await this.#ready([draw]);
    return prepared;
  }

  draw(prepared: Prepared, live: Float32Array, crop: Crop | null = null): void {
    this.programs.draw(prepared, live, crop);
  }

  async run(
    inputs: Record<string, Float32Array>,
    live: Float32Array,
    { read = true }: RunOptions = {},
  ): Promise<Record<string, Float32Array>> {
    const { plan } = this;
    const source = this.#steps.find(isSource);
    const camera = source && plan.inputs[0];
    if (camera && !this.#picture) {
      forgetErrors(this.context.gl);
      this.layouts.add(camera);
      const draw = compilePicture(this.layouts, source, camera);
      this.#picture = this.programs.prepare(draw, this.given);
      await this.#ready([draw]);
    }
    for (const [tensor, values] of readInputs(plan, inputs, this.#ran)) this.textures.write(tensor, values);
    this.#ran = true;
    const used = readLiveInputs(plan, inputs, live);
    if (this.#picture) this.draw(this.#picture, used);
    for (const prepared of this.rest) this.draw(prepared, used);
    if (!read) return {};
    const outputs = await this.textures.read(plan.outputs);
    // What a lost context gives are zeros.
    if (this.context.gl.isContextLost()) throw new EngineError('The WebGL2 context was lost while it ran.');
    return outputs;
  }

  destroy(): void {
    this.programs.destroy();
    this.textures.destroy();
    if (this.context.owned) this.context.gl.getExtension('WEBGL_lose_context')?.loseContext();
  }
}
