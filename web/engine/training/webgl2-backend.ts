// The training backend on WebGL2. The state stays in textures: each tensor of it has two, and a step reads one and draws
// the other. Losses are drawn into one more texture, which is read now and then.

import { EngineError } from '../error.ts';
import { input } from '../graph/ir/expression.ts';
import { makeTensor, type Tensor } from '../graph/ir/tensor.ts';
import { LearnedWeights } from '../graph/lowering/learned-weights.ts';
import { lower } from '../graph/lowering/lower.ts';
import { trainingLowerings } from '../graph/lowering/training.ts';
import { joinPictures } from '../graph/passes/batch-pictures.ts';
import { makeTrainingPlan } from '../graph/passes/training-plan.ts';
import { defaultLiveInputs } from '../live-inputs.ts';
import { PackedWeights } from '../webgl2/draws/packed-weights.ts';
import { layOutState, type StateLayout, type StatePair } from '../webgl2/draws/state-layout.ts';
import type { DrawStep } from '../webgl2/draws/step.ts';
import { openContext } from '../webgl2/runtime/context.ts';
import type { PreparedDraw } from '../webgl2/runtime/program-cache.ts';
import { StateDraws, type StepDraws } from '../webgl2/runtime/state-draws.ts';
import { costOfTexels, TrainingNetwork } from '../webgl2/runtime/training-network.ts';
import { RING, type Tensors, type TrainingBackend, type TrainingBackendOptions } from './backend.ts';
import { FencePace } from './fence-pace.ts';
import { FenceTimer, timeEmptyFlush, workFinished } from './fence-timer.ts';
import { flattenState } from './flat-step.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { initialState } from './program.ts';
import type { TrainingStep } from './step.ts';
import { StepSlices } from './step-slices.ts';
import { formulaOf, slotsOf } from './update-formula.ts';

/** A draw, and the live inputs that it reads. */
interface LiveDraw {
  readonly prepared: PreparedDraw;
  readonly live: Float32Array;
}

export async function createWebgl2Backend(
  step: TrainingStep,
  optimizer: Optimizer,
  options: TrainingBackendOptions,
): Promise<Webgl2Backend> {
  const { model, state } = flattenState(step, optimizer);
  const learned = new LearnedWeights(new Set(state.map(one => one.input)));
  const graph = await lower(model, trainingLowerings(learned));
  // Draws split sums on their own.
  const training = await makeTrainingPlan(graph, state, 0, joinPictures);
  const slots = slotsOf(step, optimizer);
  const most = Math.max(0, ...step.parameters.map(({ name }) => slots(name).length));
  const layout = layOutState(training, most);
  const context = await openContext(null, undefined, true);
  let backend: Webgl2Backend | null = null;
  try {
    const network = new TrainingNetwork(context, layout.plan, new PackedWeights(learned.parameters));
    backend = new Webgl2Backend(network, layout, slots, options);
    await backend.prepare(step, optimizer);
    await backend.write(initialState(step, optimizer));
    return backend;
  } catch (error) {
    if (backend) backend.destroy();
    else context.gl.getExtension('WEBGL_lose_context')?.loseContext();
    throw error;
  }
}

export class Webgl2Backend implements TrainingBackend {
  readonly name = 'webgl2';
  readonly adapter: string;
  readonly #pairs = new Map<string, StatePair>();
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #live: Float32Array;
  #scalars = new Float32Array();
  readonly #ring = makeTensor('losses', [1, 1, RING, 1]);
  pace: FencePace | null = null;
  readonly #state: StateDraws;
  /** The draws of even steps and of odd ones. */
  #steps: readonly [StepDraws, StepDraws] | null = null;
  #keepLoss: PreparedDraw | null = null;
  #isPacked = false;
  #isOdd = false;
  #drawn = 0;
  #read = 0;
  #losses: number[] = [];

  constructor(
    readonly network: TrainingNetwork,
    readonly layout: StateLayout,
    slots: (parameter: string) => readonly string[],
    readonly options: TrainingBackendOptions,
  ) {
    const { context, plan, adapter } = network;
    this.adapter = adapter;
    this.#tensors = new Map([...plan.inputs, ...plan.outputs].map(tensor => [tensor.name, tensor]));
    this.#live = defaultLiveInputs(plan);
    this.#state = new StateDraws(network, layout);
    for (const { name, pairs, isReplaced } of layout.places) {
      [name, ...(isReplaced ? [] : slots(name))].forEach((one, i) => {
        const pair = pairs[i];
        if (pair) this.#pairs.set(one, pair);
      });
    }
    context.canvas.addEventListener('webglcontextlost', this.#onLost);
  }

  readonly #onLost = (event: Event): void => {
    const said = event instanceof WebGLContextEvent ? event.statusMessage : '';
    this.options.onLost(said || 'The browser took the WebGL2 context back.');
  };

  /** Makes all textures and programs. */
  async prepare(step: TrainingStep, optimizer: Optimizer): Promise<void> {
    const { network, layout } = this;
    const { layouts } = network;
    await network.prepare();
    const loss = this.#tensor(step.loss);
    layouts.add(this.#ring);
    const copy = { ...COPY, name: this.#ring.name, inputs: [loss], output: this.#ring } satisfies DrawStep;
    const keepLoss = network.prepareDraw(network.compile(copy));
    this.#keepLoss = keepLoss;
    const scalars = Math.max(1, Math.ceil(optimizer.scalars(1, 0).length / 4));
    this.#scalars = new Float32Array(4 * scalars);
    const formulas = new Map(step.parameters.map(one => [one.name, formulaOf(step, optimizer, one)]));
    const scale = step.gradientScale === undefined ? null : this.#tensor(step.gradientScale);
    const steps = this.#state.prepare({ formulas, scalars, scale });
    this.#steps = steps;
    const [{ updates, pack }] = steps;
    await network.waitForPrograms([...updates, ...(pack ? [pack] : []), keepLoss], this.#scalars);
    const others = this.nextDraws().length - network.costs.length;
    const costs = [...network.costs, ...Array<number>(others).fill(costOfTexels(layout.blocks))];
    const timer = new FenceTimer(network.context.gl);
    this.pace = new FencePace(new StepSlices(costs, await timeEmptyFlush(network.context.gl)), timer);
  }

  #tensor(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new EngineError(`The training has no tensor '${name}'.`);
    return tensor;
  }

  /** The tensor that holds a part of the state now. */
  #current(name: string): Tensor {
    const pair = this.#pairs.get(name);
    if (!pair) throw new EngineError(`The state has no tensor '${name}'.`);
    return this.#isOdd ? pair.next : pair.now;
  }

  async write(state: Tensors): Promise<void> {
    for (const [name, values] of state) this.network.writePart(this.#current(name), values);
    this.#isPacked = false;
  }

  async read(names: readonly string[]): Promise<Tensors> {
    const tensors = names.map(name => this.#current(name));
    const values = await this.network.textures.read(tensors, workFinished);
    this.#checkContext();
    return new Map(
      names.map((name, i) => [name, values[tensors[i]?.name ?? ''] ?? new Float32Array()] as const),
    );
  }

  async step(inputs: Tensors, scalars: readonly number[]): Promise<void> {
    this.#checkContext();
    if (this.#drawn - this.#read === RING) await this.#readRing();
    this.#writeInputs(inputs);
    this.#scalars.set(scalars);
    const all = this.nextDraws();
    // What packs the weights of the step before reads what this step reads.
    const pack = this.#isPacked ? null : this.#steps?.[this.#isOdd ? 0 : 1].pack;
    if (pack) this.network.draw(pack, this.#live);
    this.#isOdd = !this.#isOdd;
    this.#isPacked = true;
    this.#drawn += 1;
    await this.pace?.draw(([first, end]) => {
      for (const { prepared, live } of all.slice(first, end)) this.network.draw(prepared, live);
    });
  }

  #writeInputs(inputs: Tensors): void {
    const { live } = this.network.plan;
    for (const [name, values] of inputs) {
      const index = live.findIndex(one => one.name === name);
      if (index >= 0) this.#live[index] = values[0] ?? 0;
      else this.network.textures.write(this.#tensor(name), values);
    }
  }

  /** The draws of the next step. */
  nextDraws(): LiveDraw[] {
    const step = this.#steps?.[this.#isOdd ? 1 : 0];
    const keepLoss = this.#keepLoss;
    if (!step || !keepLoss) throw new EngineError('The WebGL2 backend is not prepared.');
    const area = { top: this.#drawn % RING, width: 1, height: 1 };
    const live = this.#live;
    return [
      ...step.draws.map(prepared => ({ prepared, live })),
      ...step.updates.map(prepared => ({ prepared, live: this.#scalars })),
      ...(step.pack ? [{ prepared: step.pack, live }] : []),
      { prepared: { ...keepLoss, area }, live },
    ];
  }

  async losses(): Promise<Float32Array> {
    await this.#readRing();
    return Float32Array.from(this.#losses.splice(0));
  }

  async #readRing(): Promise<void> {
    if (this.#read === this.#drawn) return;
    const values = (await this.network.textures.read([this.#ring], workFinished))[this.#ring.name];
    this.#checkContext();
    for (; this.#read < this.#drawn; this.#read++) {
      this.#losses.push(values?.[this.#read % RING] ?? Number.NaN);
    }
  }

  #checkContext(): void {
    if (this.network.context.gl.isContextLost()) {
      throw new EngineError('The WebGL2 context was lost while it trained.');
    }
  }

  finished(): Promise<void> {
    return this.pace?.finished() ?? Promise.resolve();
  }

  destroy(): void {
    this.network.context.canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.#state.destroy();
    this.network.destroy();
  }
}

const COPY = { kind: 'elementwise', epilogue: input(0) } as const;
