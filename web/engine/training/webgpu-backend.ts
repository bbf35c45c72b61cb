// Trains on WebGPU. A step is one list of dispatches: forward, backward, the update of all parameters, and the packing of
// the new weights. Nothing is read back but what is asked for; losses wait in a ring on the GPU.

import { EngineError } from '../error.ts';
import { productOf } from '../graph/ir/strides.ts';
import { channelBlocks, paddedLength, type Tensor } from '../graph/ir/tensor.ts';
import { LearnedWeights } from '../graph/lowering/learned-weights.ts';
import { lower } from '../graph/lowering/lower.ts';
import { trainingLowerings } from '../graph/lowering/training.ts';
import { makeTrainingPlan } from '../graph/passes/training-plan.ts';
import { defaultLiveInputs } from '../live-inputs.ts';
import type { KernelConfig } from '../webgpu/kernels/config.ts';
import { adapterName, requestDevice } from '../webgpu/runtime/device.ts';
import { BufferAllocator } from '../webgpu/runtime/memory.ts';
import { forEachElement } from '../webgpu/runtime/nhwc4.ts';
import { SharedState } from '../webgpu/runtime/shared-state.ts';
import { type StateRegion, stateRegions, TrainingProgram } from '../webgpu/runtime/training-program.ts';
import { defaultConfig } from '../webgpu/tuning/defaults.ts';
import { RING, type Tensors, type TrainingBackend, type TrainingBackendOptions } from './backend.ts';
import { flattenState } from './flat-step.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { initialState } from './program.ts';
import type { TrainingStep } from './step.ts';
import { type Slice, StepSlices } from './step-slices.ts';
import { formulaOf, slotsOf } from './update-formula.ts';

export interface WebgpuBackendOptions extends Partial<TrainingBackendOptions> {
  /** Default: the one for the device. */
  readonly config?: KernelConfig;
}

/** Threads that sums are split for, on a GPU and on one in software, for which parts are work. */
const GPU_THREADS = 4096;
const SOFTWARE_THREADS = 256;
/** Browsers tell of several short submissions at once: they are measured together, when they took so long. */
const MEASURED_MS = 2;
/** Empty submissions that are timed. */
const TRIALS = 3;

/** The state begins with the values of the file. Throws an EngineError if the GPU refuses the training. */
export async function createWebgpuBackend(
  step: TrainingStep,
  optimizer: Optimizer,
  options: WebgpuBackendOptions = {},
): Promise<WebgpuBackend> {
  const { model, state } = flattenState(step, optimizer);
  const learned = new LearnedWeights(new Set(state.map(one => one.input)));
  const graph = await lower(model, trainingLowerings(learned));
  const device = options.device ?? (await requestDevice());
  const allocator = new BufferAllocator(device);
  const release = (): void => {
    allocator.destroy();
    if (!options.device) device.destroy();
  };
  try {
    const config = { ...(options.config ?? defaultConfig(device)), precision: 'float32' } as const;
    const threads = config.minThreads > 0 ? GPU_THREADS : SOFTWARE_THREADS;
    const training = await makeTrainingPlan(graph, state, threads);
    const { outputs } = training.plan;
    const loss = outputs.find(({ name }) => name === step.loss);
    if (!loss) throw new EngineError('The training step has no loss.');
    const program = await TrainingProgram.create(allocator, training, {
      config,
      parameters: learned.parameters,
      scalars: optimizer.scalars(1, 0).length,
      loss,
      ring: RING,
      scale: outputs.find(({ name }) => name === step.gradientScale) ?? null,
      formulas: new Map(step.parameters.map(one => [one.name, formulaOf(step, optimizer, one)])),
    });
    const slices = new StepSlices(program.costs, await timeEmpty(device));
    const backend = new WebgpuBackend(program, slotsOf(step, optimizer), slices, release);
    await backend.write(initialState(step, optimizer));
    device.lost.then(({ message }) => backend.lose(message, options.onLost));
    return backend;
  } catch (error) {
    release();
    throw error;
  }
}

/** Milliseconds until the queue says that nothing is done. */
async function timeEmpty({ queue }: GPUDevice): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i++) {
    const start = performance.now();
    queue.submit([]);
    await queue.onSubmittedWorkDone();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

export class WebgpuBackend implements TrainingBackend {
  readonly name = 'webgpu';
  readonly adapter: string;
  readonly shared: SharedState;
  readonly #device: GPUDevice;
  readonly #regions: ReadonlyMap<string, StateRegion>;
  readonly #live: Float32Array<ArrayBuffer>;
  readonly #scalars: Float32Array<ArrayBuffer>;
  /** Arrays of inputs in the GPU's order, to write the next values into. */
  readonly #packed = new Map<Tensor, Float32Array<ArrayBuffer>>();
  /** A promise for each submission that the GPU may not have done yet. */
  readonly #ahead: Promise<void>[] = [];
  #isPacked = false;
  #hasInputs = false;
  /** When the GPU was done with what came before. */
  #idleSince = 0;
  /** Slices that are done and not measured yet, and what they took. */
  #timed: Slice[] = [];
  #timedMs = 0;
  /** Steps so far, and those whose losses were read from the ring. */
  #given = 0;
  #read = 0;
  #losses: number[] = [];
  #isOver = false;

  constructor(
    readonly program: TrainingProgram,
    slots: (parameter: string) => readonly string[],
    readonly slices: StepSlices,
    release: () => void,
  ) {
    const { allocator, training, buffers } = program;
    this.#device = allocator.device;
    this.shared = new SharedState({ ...training, device: this.#device, buffer: buffers.state }, release);
    this.adapter = adapterName(this.#device);
    this.#live = defaultLiveInputs(training.plan);
    this.#scalars = new Float32Array(buffers.uniform.size / Float32Array.BYTES_PER_ELEMENT);
    this.#regions = stateRegions(program, slots);
  }

  lose(message: string, onLost: WebgpuBackendOptions['onLost']): void {
    if (this.#isOver) return;
    this.#isOver = true;
    onLost?.(message || 'The browser took the GPU away.');
  }

  async write(state: Tensors): Promise<void> {
    for (const [name, values] of state) {
      const { buffer, offset, elements } = this.#region(name);
      if (values.length !== elements) {
        throw new EngineError(`'${name}' has ${elements} numbers and got ${values.length}.`);
      }
      this.#device.queue.writeBuffer(buffer, offset, new Float32Array(values));
    }
    this.#isPacked = false;
    this.shared.version += 1;
  }

  #region(name: string): StateRegion {
    const region = this.#regions.get(name);
    if (!region) throw new EngineError(`The training has no tensor '${name}'.`);
    return region;
  }

  async read(names: readonly string[]): Promise<Tensors> {
    const regions = names.map(name => this.#region(name));
    const values = await this.#readRegions(regions);
    return new Map(names.map((name, i) => [name, values[i] ?? new Float32Array()]));
  }

  /** All regions by one buffer. */
  async #readRegions(regions: readonly StateRegion[]): Promise<Float32Array[]> {
    const word = Float32Array.BYTES_PER_ELEMENT;
    const total = regions.reduce((sum, { elements }) => sum + word * elements, 0);
    if (total === 0) return [];
    const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
    const staging = this.#device.createBuffer({ label: 'read', size: total, usage });
    const encoder = this.#device.createCommandEncoder({ label: 'read' });
    let at = 0;
    for (const { buffer, offset, elements } of regions) {
      encoder.copyBufferToBuffer(buffer, offset, staging, at, word * elements);
      at += word * elements;
    }
    this.#device.queue.submit([encoder.finish()]);
    try {
      await staging.mapAsync(GPUMapMode.READ);
      const all = new Float32Array(staging.getMappedRange()).slice();
      let end = 0;
      return regions.map(({ elements }) => {
        end += elements;
        return all.subarray(end - elements, end);
      });
    } finally {
      staging.destroy();
    }
  }

  async step(inputs: Tensors, scalars: readonly number[], _counter: number): Promise<void> {
    if (this.#given - this.#read === RING) await this.#readRing();
    this.#writeInputs(inputs);
    this.#scalars.set(scalars);
    this.#scalars[this.#scalars.length - 4] = this.#given % RING;
    this.#given += 1;
    const { program, slices } = this;
    this.#device.queue.writeBuffer(program.buffers.uniform, 0, this.#scalars);
    if (!this.#isPacked && program.pack) program.submit([program.pack]);
    this.#isPacked = true;
    // Only the step's own packing may come after it, perhaps in another slice. No painter reads that.
    const update = program.kernels.length - (program.pack ? 2 : 1);
    for (const part of slices.split()) {
      program.submit(program.kernels.slice(...part));
      // Frames that are submitted from now on see it.
      if (part[0] <= update && update < part[1]) this.shared.version += 1;
      const done = this.#measure(part);
      // Whoever awaits it sees the failure, if it fails.
      done.catch(() => undefined);
      this.#ahead.push(done);
      while (this.#ahead.length >= slices.ahead) await this.#ahead.shift();
    }
  }

  /** Resolves when the GPU has done what was submitted just now. */
  async #measure(part: Slice): Promise<void> {
    const start = performance.now();
    await this.#device.queue.onSubmittedWorkDone();
    const end = performance.now();
    this.#timed.push(part);
    // A slice that follows another one at once has no part of the time that a submission takes.
    this.#timedMs += start < this.#idleSince ? end - this.#idleSince : end - start - this.slices.floor;
    this.#idleSince = end;
    if (this.#timedMs < MEASURED_MS) return;
    this.slices.measure(this.#timed, this.#timedMs);
    this.#timed = [];
    this.#timedMs = 0;
  }

  #writeInputs(inputs: Tensors): void {
    const { training, planBuffers } = this.program;
    const { plan } = training;
    let isLive = false;
    for (const [name, values] of inputs) {
      const index = plan.live.findIndex(one => one.name === name);
      const tensor = plan.inputs.find(one => one.name === name);
      if (index >= 0) {
        this.#live[index] = values[0] ?? 0;
        isLive = true;
      } else if (tensor) this.#writeInput(tensor, values);
      else throw new EngineError(`The training has no input '${name}'.`);
    }
    if (isLive) this.#device.queue.writeBuffer(planBuffers.live, 0, this.#live);
    const missing = this.#hasInputs ? undefined : plan.inputs.find(({ name }) => !inputs.has(name));
    if (missing) throw new EngineError(`The first step needs the input '${missing.name}'.`);
    this.#hasInputs = true;
  }

  #writeInput(tensor: Tensor, values: Float32Array): void {
    const { training, planBuffers } = this.program;
    const size = productOf(tensor.shape);
    if (values.length !== size) {
      throw new EngineError(`Input '${tensor.name}' needs ${size} numbers and got ${values.length}.`);
    }
    const slice = training.plan.slices.get(tensor);
    // An input that nothing depends on has no buffer.
    if (!slice) return;
    const packed = this.#packed.get(tensor) ?? new Float32Array(paddedLength(tensor));
    forEachElement(tensor, channelBlocks(tensor), 0, (from, to) => {
      packed[to] = values[from] ?? 0;
    });
    this.#packed.set(tensor, packed);
    this.#device.queue.writeBuffer(planBuffers.buffer(slice.buffer), 0, packed);
  }

  async losses(): Promise<Float32Array> {
    await this.#readRing();
    return Float32Array.from(this.#losses.splice(0));
  }

  async #readRing(): Promise<void> {
    const [from, to] = [this.#read, this.#given];
    if (from === to) return;
    const { ring } = this.program.buffers;
    const [values] = await this.#readRegions([{ buffer: ring, offset: 0, elements: RING }]);
    for (let i = from; i < to; i++) this.#losses.push(values?.[i % RING] ?? Number.NaN);
    this.#read = to;
  }

  async finished(): Promise<void> {
    await this.#device.queue.onSubmittedWorkDone();
  }

  destroy(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.shared.close();
  }
}
