// A training step on one context: its draws, ready to be repeated.

import { EngineError } from '../../error.ts';
import { multiplyAdds } from '../../graph/ir/cost.ts';
import { LANES, paddedLength, type Tensor } from '../../graph/ir/tensor.ts';
import type { Plan } from '../../graph/passes/plan.ts';
import { defaultLiveInputs } from '../../live-inputs.ts';
import { isSoftwareName } from '../../software-gpu.ts';
import type { Draw } from '../draws/draw.ts';
import { PackedWeights } from '../draws/packed-weights.ts';
import type { TrainingDrawStep, WeightProducts } from '../draws/step.ts';
import { compileTraining, fetchRareDraws, type RareDraws } from '../draws/training.ts';
import { splitTrainingPasses } from '../draws/training-passes.ts';
import { sumsOf } from '../draws/weight-tiles.ts';
import { adapterName, type Context } from './context.ts';
import { Network } from './network.ts';
import type { PreparedDraw } from './program-cache.ts';
import { clearErrors } from './texture-format.ts';

/** Products in a millisecond, and what else a draw takes: guesses for a slow GPU, until it is measured. */
const PRODUCTS_PER_MS = 1e6;
const DRAW_MS = 0.05;

/** What a draw may take that computes so many texels each on its own, in milliseconds. */
export const costOfTexels = (count: number): number => DRAW_MS + (LANES * count) / PRODUCTS_PER_MS;

const costOf = (step: TrainingDrawStep): number =>
  step.kind === 'powerSum' || step.kind === 'sumOfProducts'
    ? costOfTexels(paddedLength(step.output) / LANES)
    : DRAW_MS + (step.kind === 'weightProducts' ? countProducts(step) : multiplyAdds(step)) / PRODUCTS_PER_MS;

/** Products of all fragments. */
function countProducts({ inputs, output, tiling }: WeightProducts): number {
  const [n, , h, w] = (inputs[1] ?? output).shape;
  return n * h * w * tiling.all * sumsOf(tiling.tile) * LANES;
}

export class TrainingNetwork extends Network {
  readonly adapter: string;
  /** What each draw of the plan may take, in milliseconds. */
  costs: readonly number[] = [];
  /** What few steps need. Null if none does. */
  rare: RareDraws | null = null;
  /** The tensor of all learned weights; null if there are none. */
  packed: Tensor | null = null;

  constructor(
    context: Context,
    plan: Plan,
    readonly weights = new PackedWeights(),
  ) {
    super(context, plan, { frame: null, size: [1, 1] });
    this.adapter = adapterName(context.gl);
  }

  /** Makes the draws of the plan. Their programs are compiled in the background (`waitForPrograms`). */
  override async prepare(): Promise<void> {
    const { context, plan, layouts, weights } = this;
    clearErrors(context.gl);
    const isSoftware = isSoftwareName(this.adapter);
    const { steps, temporaries } = await splitTrainingPasses(plan.operations, context.limits, isSoftware);
    for (const tensor of temporaries) layouts.add(tensor);
    this.rare = await fetchRareDraws(steps);
    const draws = steps.map(step => this.compile(step));
    this.costs = steps.map(costOf);
    this.packed = weights.makeTensor();
    if (this.packed) layouts.add(this.packed);
    this.draws = draws.map(draw => this.prepareDraw(weights.resolve(draw, layouts, this.packed)));
  }

  compile(step: TrainingDrawStep): Draw {
    return compileTraining(this.layouts, step, this.context.limits, this.weights, this.rare);
  }

  prepareDraw(draw: Draw): PreparedDraw {
    return this.programs.prepare(draw, this.resources);
  }

  /** Waits for the programs of the plan's draws and of others, with as many live inputs. */
  async waitForPrograms(others: readonly PreparedDraw[] = [], live = new Float32Array()): Promise<void> {
    const { plan, textures, draws } = this;
    await this.programs.waitForPrograms(draws, defaultLiveInputs(plan));
    await this.programs.waitForPrograms(others, live);
    for (const tensor of plan.slices.keys()) if (tensor.constant) textures.write(tensor, tensor.constant);
    const { gl } = this.context;
    const error = gl.getError();
    if (error === gl.OUT_OF_MEMORY) {
      throw new EngineError(
        'The GPU has too little memory for this training; take a smaller batch or model.',
      );
    }
    if (error !== gl.NO_ERROR)
      throw new EngineError(`The GPU refused the training's work (WebGL error ${error}).`);
  }

  /** Writes a tensor (1, C, 1, 1) into the texture that it shares with others, row by row. */
  writePart(tensor: Tensor, values: Float32Array): void {
    const { gl } = this.context;
    const { texture: index, offset, across } = this.layouts.get(tensor);
    const blocks = Math.ceil(values.length / LANES);
    const padded = new Float32Array(LANES * blocks);
    padded.set(values);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.textures.valueTexture(index).texture);
    for (let at = 0; at < blocks; ) {
      const [x, y] = [(offset + at) % across, Math.floor((offset + at) / across)];
      const count = Math.min(across - x, blocks - at);
      const texels = padded.subarray(LANES * at, LANES * (at + count));
      gl.texSubImage3D(gl.TEXTURE_2D_ARRAY, 0, x, y, 0, count, 1, 1, gl.RGBA, gl.FLOAT, texels);
      at += count;
    }
  }
}
