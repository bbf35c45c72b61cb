// The painter: a plan on one device. Everything is made once, at load; a frame records one compute pass
// with the plan's kernels and submits it. Nothing is read back and nothing is allocated on the way from
// camera to canvas; only the bind group that names the frame and the current texture of the canvas is new
// (and another for the guide where somebody looks at it), since WebGPU hands those out per frame.

import { EngineError, messageOf } from '../error.ts';
import type { Plan } from '../graph/passes/plan.ts';
import { defaultLiveValues, setLiveInput } from '../live-inputs.ts';
import type { Look, LookInfo } from '../look.ts';
import {
  type BackendPainter,
  type BackendSettings,
  type Canvas,
  type FrameSource,
  type Painter,
  type ProbeResult,
  throwIfCancelled,
} from '../painter.ts';
import { fetchKernels } from './kernels/compile.ts';
import type { Class, Style } from './kernels/config.ts';
import type { Way } from './kernels/kernel.ts';
import type { ExtendedKernels } from './kernels/shader.ts';
import type { Reader } from './runtime/array-runner.ts';
import { adapterName, canvasFormat, checkLimits, requestDevice, usualPrecision } from './runtime/device.ts';
import {
  type Bound,
  type ByWay,
  compileGuide,
  frameGroup,
  hasExternal,
  type Kernels,
  kernelsFor,
  makeStudio,
  prepareKernels,
  type Studio,
  usualWay,
} from './runtime/frame-program.ts';
import { Frames } from './runtime/frame-textures.ts';
import { checked, Memory, sentenceOf } from './runtime/memory.ts';
import { bindGroup, type Compiled, dispatch } from './runtime/pipeline-cache.ts';
import { examine } from './runtime/probe.ts';
import { trialOf } from './tuning/benchmark.ts';
import { CLASSES, type Found, keyOf, type Notes, notesOf } from './tuning/cache.ts';
import { browserSurroundings, type Surroundings } from './tuning/environment.ts';
import { tune } from './tuning/tuner.ts';

interface Owned extends BackendSettings {
  readonly ownsDevice: boolean;
  readonly surroundings: Surroundings;
  readonly extended: ExtendedKernels | null;
}

/** A painter on `device`, or on one of its own, which it destroys in the end. */
export async function createWebgpuPainter(
  look: Look,
  settings: BackendSettings,
  device?: GPUDevice,
  surroundings: Surroundings = browserSurroundings(),
): Promise<BackendPainter> {
  const ownsDevice = device === undefined;
  if (device) checkLimits(device.limits);
  const used = device ?? (await requestDevice());
  try {
    const extended = await fetchKernels(look.plan);
    return await WebgpuPainter.create(look.info, look.plan, used, {
      ...settings,
      ownsDevice,
      surroundings,
      extended,
    });
  } catch (error) {
    if (ownsDevice) used.destroy();
    throw error;
  }
}

/** What a device said when it was lost, and who hears of it: it may outlive many painters, and is to keep none. */
interface Loss {
  said: string;
  heard: ((reason: string) => void) | null;
}

function lossOf(device: GPUDevice): Loss {
  const loss: Loss = { said: '', heard: null };
  device.lost.then(({ reason, message }) => {
    loss.said = message || reason;
    loss.heard?.(loss.said);
  });
  return loss;
}

const shaped = (style: Style, found: Found): Style => ({ ...style, shapes: { ...style.shapes, ...found } });

class WebgpuPainter implements BackendPainter {
  readonly backend = 'webgpu';
  readonly #frames: Frames;
  #kernels: Kernels;
  readonly #live: Float32Array<ArrayBuffer>;
  readonly #settings: Owned;
  readonly canvas: Canvas | null;
  readonly #context: GPUCanvasContext | null;
  #guideContext: GPUCanvasContext | null = null;
  #guideStep: ByWay<Compiled> | null = null;
  #reader: Promise<Reader> | null = null;
  #tuned: boolean;
  #tuning = false;
  #lost = false;
  #destroyed = false;

  private constructor(
    readonly info: LookInfo,
    readonly plan: Plan,
    readonly studio: Studio,
    kernels: Kernels,
    settings: Owned,
    readonly notes: Notes,
    readonly loss: Loss,
  ) {
    this.#tuned = settings.tune === false || CLASSES.every(name => notes.known[name]);
    this.#kernels = kernels;
    const { device, shared } = studio.pipelines;
    const [, , height = 1, width = 1] = plan.inputs[0]?.shape ?? [];
    this.#frames = new Frames(device, shared.crop, [width, height], studio.external);
    this.#live = defaultLiveValues(plan);
    this.#settings = settings;
    this.canvas = settings.canvas;
    const [, , tall = 1, wide = 1] = plan.outputs[0]?.shape ?? [];
    this.#context = settings.canvas && this.#configure(settings.canvas, wide, tall);
    loss.heard = reason => this.#lose(reason);
    // Errors of a shared device may be somebody else's.
    if (settings.ownsDevice) device.onuncapturederror = ({ error }) => this.#lose(sentenceOf(error));
  }

  /** From now on painting does nothing; said once. */
  #lose(reason: string): void {
    if (this.#lost) return;
    this.#lost = true;
    // What was found may be why: it is forgotten. What was just tried may be: nothing else is tried again.
    this.notes.keep(this.#tuning ? this.#kernels.style.shapes : {});
    this.#settings.onLost(reason);
  }

  static async create(
    info: LookInfo,
    plan: Plan,
    device: GPUDevice,
    settings: Owned,
  ): Promise<WebgpuPainter> {
    const memory = new Memory(device);
    const loss = lossOf(device);
    const { surroundings } = settings;
    // A network that runs on arrays alone is one that somebody wants numbers of.
    const precision = settings.precision ?? (plan.camera ? usualPrecision(device) : 'float32');
    const usual = { ...surroundings.usual(device), precision };
    const notes = notesOf(keyOf(adapterName(device), usual), surroundings, settings.tune);
    try {
      const format = canvasFormat(device);
      const style = shaped(usual, notes.known);
      const external = await hasExternal(device);
      const { studio, pending } = await checked(device, () => {
        const made = makeStudio(memory, plan, style, format, external, settings.extended);
        return { studio: made, pending: prepareKernels(made, style, [usualWay(made)]) };
      });
      const kernels = await pending();
      // A device that is lost pretends that all went well.
      if (loss.said) throw new EngineError(`The GPU was lost as the look was set up (${loss.said}).`);
      throwIfCancelled(settings);
      return new WebgpuPainter(info, plan, studio, kernels, settings, notes, loss);
    } catch (error) {
      memory.destroy();
      if (Object.keys(notes.known).length === 0) throw error;
      // Shapes that did for another look may be more than this GPU takes for this one.
      notes.keep({});
      return WebgpuPainter.create(info, plan, device, settings);
    }
  }

  get #device(): GPUDevice {
    return this.studio.pipelines.device;
  }

  get adapter(): string {
    return adapterName(this.#device);
  }

  get statistics(): { dispatches: number; pipelines: number; bufferBytes: number } {
    return {
      dispatches: this.plan.camera ? this.studio.merged.steps.length : 0,
      pipelines: this.studio.pipelines.count,
      bufferBytes: this.studio.pipelines.memory.bytes,
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
    context.configure({ device: this.#device, format: this.studio.format, usage, alphaMode: 'opaque' });
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
    compileGuide(this.studio)
      .then(step => {
        this.#guideStep = step;
      })
      .catch((error: unknown) => {
        if (!this.#destroyed) this.#lose(messageOf(error));
      });
  }

  set(name: string, value: number): void {
    if (!setLiveInput(this.#live, this.plan, this.info, name, value) || this.#lost) return;
    this.#device.queue.writeBuffer(this.studio.pipelines.shared.live, 0, this.#live);
  }

  paint(source: FrameSource, view: { mirror?: boolean } = {}): void {
    if (this.#lost) return;
    if (!this.plan.camera)
      throw new EngineError('This model takes no picture, so it cannot paint; use run().');
    if (!this.#context) throw new EngineError('There is no canvas to paint on: give createPainter one.');
    const frame = this.#frames.take(source, view.mirror ?? false);
    if (!frame) return;
    const { kind: way } = frame;
    const encoder = this.#device.createCommandEncoder({ label: 'frame' });
    const pass = encoder.beginComputePass({ label: 'frame' });
    const picture = frame.kind === 'external' ? frame.texture : frame.view;
    const canvas = this.#context.getCurrentTexture().createView();
    pass.setBindGroup(1, frameGroup(this.studio, way, this.#frames.sampler, picture, canvas));
    for (const { compiled, group } of this.#kernelsFor(way)) dispatch(pass, compiled, group);
    if (this.#guideContext && this.#guideStep) {
      const texture = this.#guideContext.getCurrentTexture().createView();
      const shown = this.#guideStep[way];
      dispatch(
        pass,
        shown,
        bindGroup(this.#device, shown, () => texture),
      );
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    if (!this.#tuned) this.#tune();
  }

  /** Where the GPU refuses a kernel that is made only now, painting ends with its sentence. */
  #kernelsFor(way: Way): readonly Bound[] {
    let kernels = this.#kernels.byWay.get(way) ?? [];
    if (kernels.length === 0) {
      const make = () => {
        kernels = kernelsFor(this.studio, this.#kernels, way);
      };
      checked(this.#device, make).catch((error: Error) => this.#lose(error.message));
    }
    return kernels;
  }

  /** Looks for kernels that suit this GPU better, once, while frames go on with what there is. */
  #tune(): void {
    this.#tuned = true;
    this.#tuning = true;
    const { surroundings } = this.#settings;
    const idle = async () => (await surroundings.idle()) && !this.#lost;
    const trial = (name: Class, style: Style) => {
      this.#forget();
      return trialOf(this.studio, name, style).catch(() => null);
    };
    tune(this.#kernels.style, this.notes.known, trial, idle)
      .then(found => this.#change(found ?? this.notes.known))
      // Frames go on with the kernels that they have; a lost device is told of elsewhere.
      .catch(() => undefined)
      .finally(() => {
        this.#tuning = false;
        this.#forget();
      });
  }

  /** Kept once the GPU has taken it. */
  async #change(found: Found): Promise<void> {
    if (Object.keys(found).length === Object.keys(this.notes.known).length) return;
    const { style, byWay } = this.#kernels;
    const make = () => prepareKernels(this.studio, shaped(style, found), byWay.keys());
    const kernels = await (await checked(this.#device, make))();
    if (this.#lost) return;
    this.#kernels = kernels;
    this.notes.keep(found);
  }

  /** What was tried goes, so that no more than one pipeline is held that no frame needs. */
  #forget(): void {
    const kernels = [...this.#kernels.byWay.values()].flat().map(({ compiled }) => compiled);
    const shown = Object.values(this.#guideStep ?? {});
    this.studio.pipelines.keep([...kernels, ...shown].map(({ kernel }) => kernel));
  }

  async probe(): Promise<ProbeResult> {
    return examine(this.studio, this.#kernels, this.#frames, this.#live);
  }

  /** Runs the graph on arrays: for tests and tools, never for frames. */
  async run(...[inputs, options = {}]: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    if (this.#lost) throw new EngineError('The GPU was lost.');
    // Fetched when it is first called, since pages that paint do without it.
    const { merged, pipelines } = this.studio;
    this.#reader ??= import('./runtime/array-runner.ts').then(({ Reader }) =>
      Reader.create(merged, pipelines),
    );
    // Where it fails the next run tries anew.
    this.#reader.catch(() => {
      this.#reader = null;
    });
    return (await this.#reader).run(inputs, this.#live, options);
  }

  async finished(): Promise<void> {
    if (!this.#lost) await this.#device.queue.onSubmittedWorkDone();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.loss.heard = null;
    // What a lost painter showed stays until another one paints there.
    if (!this.#lost) {
      this.#context?.unconfigure();
      this.#guideContext?.unconfigure();
    }
    this.#lost = true;
    this.#frames.destroy();
    this.studio.pipelines.memory.destroy();
    if (this.#settings.ownsDevice) this.#device.destroy();
  }
}
