// The painter: a plan on one device. Everything is made once, at load; a frame records one compute pass
// with the plan's kernels and submits it. Nothing is read back and nothing is allocated on the way from
// camera to canvas; only the bind groups that name the frame and the current texture of a canvas are new
// (two, three with the guide), since WebGPU hands those out per frame.

import { EngineError } from '../error.ts';
import type { Operation, Tensor } from '../graph/operation.ts';
import type { Plan } from '../graph/plan.ts';
import type { Look, LookInfo } from '../look.ts';
import type { Canvas, FrameSource, Painter, Settings } from '../painter.ts';
import { dispatch, isSource, liveValues, makeShared } from './buffers.ts';
import { compile, compileSource } from './compile.ts';
import { adapterName, canvasFormat, requestDevice } from './device.ts';
import { Frames } from './frames.ts';
import type { Binding } from './kernel.ts';
import { checked, Memory, sentenceOf } from './memory.ts';
import { bindGroup, type Compiled, compiled, Pipelines } from './pipelines.ts';
import { makeReader, type Reader } from './reader.ts';

/** Compiled kernels of one frame, with the bind groups that hold for all frames. */
interface Step {
  readonly compiled: Compiled;
  readonly group: GPUBindGroup;
}

const noResource = (binding: Binding): never => {
  throw new EngineError(`The engine has nothing to bind as '${binding.kind}'.`);
};

interface Owned extends Settings {
  readonly ownsDevice: boolean;
}

/** Kernels of a frame, in order. */
interface Kernels {
  /** Those that make the picture, for each way in. */
  readonly sources: { readonly external: Compiled; readonly texture: Compiled } | null;
  readonly steps: readonly Step[];
  readonly last: Compiled | null;
}

/** A painter on `device`, or on one of its own, which it destroys in the end. */
export async function createWebgpuPainter(
  look: Look,
  settings: Settings,
  device?: GPUDevice,
): Promise<Painter> {
  const ownsDevice = device === undefined;
  const used = device ?? (await requestDevice());
  try {
    return await WebgpuPainter.create(look.info, look.plan, used, { ...settings, ownsDevice });
  } catch (error) {
    if (ownsDevice) used.destroy();
    throw error;
  }
}

class WebgpuPainter implements Painter {
  readonly backend = 'webgpu';
  readonly #frames: Frames;
  readonly #live: Float32Array<ArrayBuffer>;
  readonly #settings: Owned;
  readonly canvas: Canvas | null;
  readonly #context: GPUCanvasContext | null;
  #guideContext: GPUCanvasContext | null = null;
  #guideStep: Compiled | null = null;
  #reader: Reader | null = null;
  #lost = false;
  #destroyed = false;

  private constructor(
    readonly info: LookInfo,
    readonly plan: Plan,
    readonly pipelines: Pipelines,
    readonly kernels: Kernels,
    readonly format: GPUTextureFormat,
    settings: Owned,
  ) {
    const { device } = pipelines;
    const [, , height = 1, width = 1] = plan.inputs[0]?.shape ?? [];
    this.#frames = new Frames(device, pipelines.shared.crop, [width, height]);
    this.#live = liveValues(plan);
    this.#settings = settings;
    this.canvas = settings.canvas;
    const [, , tall = 1, wide = 1] = plan.outputs[0]?.shape ?? [];
    this.#context = settings.canvas && this.#configure(settings.canvas, wide, tall);
    device.lost.then(({ reason, message }) => this.#lose(message || reason));
    // Errors of a shared device may be somebody else's.
    if (settings.ownsDevice) device.onuncapturederror = ({ error }) => this.#lose(sentenceOf(error));
  }

  /** From now on painting does nothing; said once. */
  #lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    this.#settings.onLost(reason);
  }

  static async create(
    info: LookInfo,
    plan: Plan,
    device: GPUDevice,
    settings: Owned,
  ): Promise<WebgpuPainter> {
    const memory = new Memory(device);
    let gone = '';
    device.lost.then(({ reason, message }) => {
      gone = message || reason;
    });
    try {
      const format = canvasFormat(device);
      const { pipelines, pending } = await checked(device, () => prepare(memory, plan, format));
      const kernels = await pending();
      // A device that is lost pretends that all went well.
      if (gone) throw new EngineError(`The GPU gave up while the look was set up (${gone}).`);
      return new WebgpuPainter(info, plan, pipelines, kernels, format, settings);
    } catch (error) {
      memory.destroy();
      throw error;
    }
  }

  get #device(): GPUDevice {
    return this.pipelines.device;
  }

  get adapter(): string {
    return adapterName(this.#device);
  }

  get statistics(): { dispatches: number; pipelines: number; bufferBytes: number } {
    const { sources, steps, last } = this.kernels;
    return {
      dispatches: steps.length + (sources ? 1 : 0) + (last ? 1 : 0),
      pipelines: this.pipelines.count,
      bufferBytes: this.pipelines.memory.bytes,
    };
  }

  #configure(canvas: Canvas, width: number, height: number): GPUCanvasContext {
    // Set only where it differs: setting a size wipes what is shown, which stays while a lost GPU comes back.
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext('webgpu');
    if (!context)
      throw new EngineError('The canvas gives no WebGPU context; give one that has no other context.');
    // STORAGE_BINDING: kernels write the canvas itself, there is no copy on the way.
    const usage = GPUTextureUsage.STORAGE_BINDING;
    context.configure({ device: this.#device, format: this.format, usage, alphaMode: 'opaque' });
    return context;
  }

  attachGuide(canvas: Canvas | null): void {
    this.#guideContext?.unconfigure();
    this.#guideContext = null;
    const guide = this.plan.outputs[1];
    if (canvas === null || !guide) return;
    const context = this.#configure(canvas, guide.shape[3], guide.shape[2]);
    this.#guideContext = context;
    if (this.#guideStep) return;
    // Compiled when somebody first looks; frames go on without it until it is there.
    void this.#compileGuide(guide).catch((error: unknown) => {
      if (!this.#destroyed) this.#lose(error instanceof Error ? error.message : String(error));
    });
  }

  async #compileGuide(guide: Tensor): Promise<void> {
    const kernel = compile(this.plan, show(guide), { kind: 'canvas', format: this.format });
    const prepared = await checked(this.#device, () => this.pipelines.prepare(kernel));
    this.#guideStep = await compiled(prepared);
  }

  set(name: string, value: number): void {
    const index = this.plan.live.findIndex(live => live.name === name);
    if (index < 0) {
      const known = this.plan.live.map(live => `'${live.name}'`).join(', ') || 'none';
      throw new EngineError(`This look has no live value '${name}'; it has ${known}.`);
    }
    const range = Object.hasOwn(this.info.live, name) ? this.info.live[name] : undefined;
    const clamped = range ? Math.min(Math.max(value, range.min), range.max) : value;
    if (Number.isNaN(clamped) || this.#live[index] === Math.fround(clamped) || this.#lost) return;
    this.#live[index] = clamped;
    this.#device.queue.writeBuffer(this.pipelines.shared.live, 0, this.#live);
  }

  paint(source: FrameSource, view: { mirror?: boolean } = {}): void {
    if (this.#lost) return;
    const { sources, steps, last } = this.kernels;
    if (!sources || !last)
      throw new EngineError('This model takes no picture, so it cannot paint; use run().');
    if (!this.#context) throw new EngineError('There is no canvas to paint on: give createPainter one.');
    const frame = this.#frames.take(source, view.mirror ?? false);
    if (!frame) return;
    const encoder = this.#device.createCommandEncoder({ label: 'frame' });
    const pass = encoder.beginComputePass({ label: 'frame' });
    const first = frame.kind === 'external' ? sources.external : sources.texture;
    const resource = frame.kind === 'external' ? frame.texture : frame.view;
    dispatch(pass, first, this.#bound(first, resource));
    for (const step of steps) dispatch(pass, step.compiled, step.group);
    dispatch(pass, last, this.#bound(last, this.#context.getCurrentTexture().createView()));
    if (this.#guideContext && this.#guideStep) {
      const texture = this.#guideContext.getCurrentTexture().createView();
      dispatch(pass, this.#guideStep, this.#bound(this.#guideStep, texture));
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
  }

  #bound(kernel: Compiled, resource: GPUBindingResource): GPUBindGroup {
    return bindGroup(this.#device, kernel, binding =>
      binding.kind === 'sampler' ? this.#frames.sampler : resource,
    );
  }

  /** Runs the graph on arrays and reads its outputs back: for tests and tools, never for frames. */
  async run(inputs: Record<string, Float32Array>): Promise<Record<string, Float32Array>> {
    if (this.#lost) throw new EngineError('The GPU device was lost; create the painter anew.');
    this.#reader ??= await makeReader(this.plan, this.pipelines);
    return this.#reader.run(inputs, this.#live);
  }

  async finished(): Promise<void> {
    if (!this.#lost) await this.#device.queue.onSubmittedWorkDone();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    // What a lost painter showed stays until another one paints there.
    if (!this.#lost) {
      this.#context?.unconfigure();
      this.#guideContext?.unconfigure();
    }
    this.#lost = true;
    this.#frames.destroy();
    this.pipelines.memory.destroy();
    if (this.#settings.ownsDevice) this.#device.destroy();
  }
}

/** Everything that a frame needs, made at once; only the pipelines are waited for. */
function prepare(memory: Memory, plan: Plan, format: GPUTextureFormat) {
  const pipelines = new Pipelines(memory, makeShared(memory, plan));
  const source = plan.operations.find(isSource);
  const painted = plan.camera ? paintedBy(plan) : null;
  const rest = plan.operations.filter(operation => operation !== source && operation !== painted);
  const external = source ? pipelines.prepare(compileSource(plan, source, 'external')) : null;
  const texture = source ? pipelines.prepare(compileSource(plan, source, 'texture')) : null;
  const last = painted ? pipelines.prepare(compile(plan, painted, { kind: 'canvas', format })) : null;
  const steps = rest.map(operation => {
    const prepared = pipelines.prepare(compile(plan, operation));
    return { prepared, group: bindGroup(memory.device, prepared, noResource) };
  });
  const pending = async (): Promise<Kernels> => ({
    sources:
      external && texture ? { external: await compiled(external), texture: await compiled(texture) } : null,
    steps: await Promise.all(
      steps.map(async ({ prepared, group }) => ({ compiled: await compiled(prepared), group })),
    ),
    last: last && (await compiled(last)),
  });
  return { pipelines, pending };
}

/** The operation that writes the canvas: the one that makes the painting, unless others read it too. */
function paintedBy(plan: Plan): Operation | null {
  const painting = plan.outputs[0];
  const maker = plan.operations.find(operation => operation.output === painting);
  const read = plan.operations.some(operation => operation.inputs.some(tensor => tensor === painting));
  if (maker && !read && !isSource(maker)) return maker;
  return painting ? show(painting) : null;
}

/** A copy of a tensor, to be given a canvas as its target. */
const show = (tensor: Tensor): Operation => ({
  kind: 'map',
  name: `show ${tensor.name}`,
  inputs: [tensor],
  output: tensor,
  epilogue: { kind: 'input', index: 0 },
});
