// The training backend on WebGL2. The state stays in textures: each tensor of it has two, and a step reads one and draws
// the other. Losses are drawn into one more texture, which is read now and then.

import { EngineError } from '../error.ts';
import { input } from '../graph/ir/expression.ts';
import { makeTensor, type Tensor } from '../graph/ir/tensor.ts';
import { lower } from '../graph/lowering/lower.ts';
import { TRAINING } from '../graph/lowering/training.ts';
import { makePlan } from '../graph/passes/plan.ts';
import { spreadsSums } from '../graph/passes/spread-sums.ts';
import { defaultLiveInputs } from '../live-inputs.ts';
import type { DrawStep } from '../webgl2/draws/step.ts';
import { compileTraining } from '../webgl2/draws/training.ts';
import { adapterName, openContext } from '../webgl2/runtime/context.ts';
import { Network } from '../webgl2/runtime/network.ts';
import type { PreparedDraw } from '../webgl2/runtime/program-cache.ts';
import { RING, type Tensors, type TrainingBackend, type TrainingBackendOptions } from './backend.ts';
import { FencePace, workFinished } from './fence-pace.ts';
import { nextTask } from './next-task.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { makeProgram, type TrainingProgram } from './program.ts';
import type { TrainingStep } from './step.ts';

/** Canvases are of no use here; draws have no size of one. */
const NO_FRAME = { frame: null, size: [1, 1] } as const;

/** A tensor of the state, and the one that holds its next values. They change places after each step. */
interface Pair {
  readonly now: Tensor;
  readonly next: Tensor;
}

/** The draws of a step. */
interface StepDraws {
  readonly draws: readonly PreparedDraw[];
  /** Those of the optimizer, whose live inputs are its scalars. */
  readonly updates: readonly PreparedDraw[];
}

export async function createWebgl2Backend(
  step: TrainingStep,
  optimizer: Optimizer,
  options: TrainingBackendOptions,
): Promise<TrainingBackend> {
  const graph = await lower(step.model, TRAINING);
  const plan = await makePlan(graph, false, spreadsSums(graph.operations));
  const program = makeProgram(step, graph, optimizer);
  const context = await openContext(null, undefined, true);
  let backend: Webgl2Backend | null = null;
  try {
    const network = new Network(context, plan, NO_FRAME, compileTraining);
    backend = new Webgl2Backend(network, program, options);
    await backend.prepare();
    return backend;
  } catch (error) {
    if (backend) backend.destroy();
    else context.gl.getExtension('WEBGL_lose_context')?.loseContext();
    throw error;
  }
}

class Webgl2Backend implements TrainingBackend {
  readonly name = 'webgl2';
  readonly adapter: string;
  readonly #pairs = new Map<string, Pair>();
  readonly #tensors: ReadonlyMap<string, Tensor>;
  readonly #live: Float32Array;
  readonly #scalars: Float32Array;
  readonly #ring = makeTensor('losses', [1, 1, RING, 1]);
  readonly #pace: FencePace;
  /** The draws of even steps and of odd ones. */
  #steps: readonly [StepDraws, StepDraws] | null = null;
  #keepLoss: PreparedDraw | null = null;
  #isOdd = false;
  #drawn = 0;
  #read = 0;
  #losses: number[] = [];

  constructor(
    readonly network: Network,
    readonly program: TrainingProgram,
    readonly options: TrainingBackendOptions,
  ) {
    const { context, plan } = network;
    this.adapter = adapterName(context.gl);
    this.#tensors = new Map([...plan.inputs, ...plan.outputs].map(tensor => [tensor.name, tensor]));
    this.#live = defaultLiveInputs(plan);
    this.#scalars = new Float32Array(Math.ceil(program.scalars / 4) * 4);
    this.#pace = new FencePace(context.gl);
    context.canvas.addEventListener('webglcontextlost', this.#onLost);
  }

  readonly #onLost = (event: Event): void => {
    const said = event instanceof WebGLContextEvent ? event.statusMessage : '';
    this.options.onLost(said || 'The browser took the WebGL2 context back.');
  };

  /** Makes all textures and programs. */
  async prepare(): Promise<void> {
    const { network } = this;
    await network.prepare();
    const updates = this.#makeUpdates().map(step => this.#prepareDraw(step));
    const loss = this.#tensor(this.program.loss);
    network.layouts.add(this.#ring);
    const keepLoss = this.#prepareDraw(copyStep(loss, this.#ring));
    this.#keepLoss = keepLoss;
    await network.programs.waitForPrograms([...updates, keepLoss], this.#scalars);
    const { gl } = network.context;
    const error = gl.getError();
    if (error === gl.OUT_OF_MEMORY) {
      throw new EngineError(
        'The GPU has too little memory for this training; take a smaller batch or model.',
      );
    }
    if (error !== gl.NO_ERROR)
      throw new EngineError(`The GPU refused the training's work (WebGL error ${error}).`);
    const even = { draws: network.draws, updates };
    this.#steps = [even, this.#swapped(even)];
  }

  #tensor(name: string): Tensor {
    const tensor = this.#tensors.get(name);
    if (!tensor) throw new EngineError(`The training has no tensor '${name}'.`);
    return tensor;
  }

  #addPair(name: string, now: Tensor): Pair {
    const pair = { now, next: makeTensor(`${name} next`, now.dims) };
    this.network.layouts.add(pair.now);
    this.network.layouts.add(pair.next);
    this.#pairs.set(name, pair);
    return pair;
  }

  /** What computes the next values of the state from gradients and statistics. */
  #makeUpdates(): DrawStep[] {
    const { updates, statistics } = this.program;
    const steps = updates.flatMap(({ inputs, results, slots, dims }) => {
      for (const name of [inputs[0] ?? '', ...slots.keys()]) {
        this.#addPair(name, this.#tensors.get(name) ?? makeTensor(name, dims));
      }
      const read = inputs.map(name => this.#pairs.get(name)?.now ?? this.#tensor(name));
      return results.map(({ target, value }) => {
        const output = this.#pairs.get(target)?.next ?? this.#tensor(target);
        return { kind: 'elementwise', name: output.name, inputs: read, output, epilogue: value } as const;
      });
    });
    const copies = statistics.map(({ name, next }) =>
      copyStep(this.#tensor(next), this.#addPair(name, this.#tensor(name)).next),
    );
    return [...steps, ...copies];
  }

  #prepareDraw(step: DrawStep): PreparedDraw {
    const { layouts, programs, context } = this.network;
    return programs.prepare(compileTraining(layouts, step, context.limits), NO_FRAME);
  }

  /** The same draws with the textures of each pair swapped. */
  #swapped({ draws, updates }: StepDraws): StepDraws {
    const { layouts, textures } = this.network;
    const other = new Map<WebGLTexture, WebGLTexture>();
    const framebuffers = new Map<WebGLFramebuffer, WebGLFramebuffer>();
    for (const pair of this.#pairs.values()) {
      const [a, b] = [pair.now, pair.next].map(tensor => textures.valueTexture(layouts.get(tensor).texture));
      if (!a || !b) continue;
      other.set(a.texture, b.texture).set(b.texture, a.texture);
      framebuffers.set(a.framebuffer, b.framebuffer).set(b.framebuffer, a.framebuffer);
    }
    const swap = (prepared: PreparedDraw): PreparedDraw => ({
      ...prepared,
      textures: prepared.textures.map(({ target, texture }) => ({
        target,
        texture: texture && (other.get(texture) ?? texture),
      })),
      framebuffer: prepared.framebuffer && (framebuffers.get(prepared.framebuffer) ?? prepared.framebuffer),
    });
    return { draws: draws.map(swap), updates: updates.map(swap) };
  }

  /** The tensor that holds a part of the state now. */
  #current(name: string): Tensor {
    const pair = this.#pairs.get(name);
    if (!pair) throw new EngineError(`The state has no tensor '${name}'.`);
    return this.#isOdd ? pair.next : pair.now;
  }

  async write(state: Tensors): Promise<void> {
    for (const [name, values] of state) this.network.textures.write(this.#current(name), values);
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
    await this.#drawStep();
    this.#isOdd = !this.#isOdd;
    this.#drawn += 1;
    await this.#pace.afterStep();
  }

  #writeInputs(inputs: Tensors): void {
    const { live } = this.network.plan;
    for (const [name, values] of inputs) {
      const index = live.findIndex(one => one.name === name);
      if (index >= 0) this.#live[index] = values[0] ?? 0;
      else this.network.textures.write(this.#tensor(name), values);
    }
  }

  /** Draws in slices, so that what else the page draws comes in between. */
  async #drawStep(): Promise<void> {
    const step = this.#steps?.[this.#isOdd ? 1 : 0];
    const keepLoss = this.#keepLoss;
    if (!step || !keepLoss) throw new EngineError('The WebGL2 backend is not prepared.');
    const top = this.#drawn % RING;
    const all = [
      ...step.draws.map(prepared => ({ prepared, live: this.#live })),
      ...step.updates.map(prepared => ({ prepared, live: this.#scalars })),
      { prepared: { ...keepLoss, area: { top, width: 1, height: 1 } }, live: this.#live },
    ];
    const each = Math.ceil(all.length / this.#pace.slices);
    for (let at = 0; at < all.length; at += each) {
      if (at > 0) await nextTask();
      for (const { prepared, live } of all.slice(at, at + each)) this.network.draw(prepared, live);
      this.network.context.gl.flush();
    }
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
    return this.#pace.finished();
  }

  destroy(): void {
    this.network.context.canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.network.destroy();
  }
}

const copyStep = (from: Tensor, to: Tensor): DrawStep => ({
  kind: 'elementwise',
  name: to.name,
  inputs: [from],
  output: to,
  epilogue: input(0),
});
