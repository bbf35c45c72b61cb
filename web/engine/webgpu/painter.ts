// The painter on WebGPU: a plan on one device. Everything is made once, at load. A frame records one compute pass
// with the plan's kernels and submits it. Between camera and canvas nothing is read back and nothing is allocated,
// except for the bind group of the frame and the canvas texture (and another for a guide that is shown): WebGPU hands
// those out per frame.

import { EngineError, messageOf } from '../error.ts';
import type { Plan } from '../graph/passes/plan.ts';
import { defaultLiveInputs, setLiveInput } from '../live-inputs.ts';
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
import type { ConvClass, KernelConfig } from './kernels/config.ts';
import type { FrameKind, Kernel } from './kernels/kernel.ts';
import type { ExtendedKernels } from './kernels/shader.ts';
import type { ArrayRunner } from './runtime/array-runner.ts';
import { adapterName, canvasFormat, checkLimits, defaultPrecision, requestDevice } from './runtime/device.ts';
import {
  type BoundKernel,
  compileGuide,
  createFrameProgram,
  type FrameKernels,
  type FrameProgram,
  hasExternalTextures,
  kernelsOfKind,
  makeFrameGroup,
  type PerFrameKind,
  preferredFrameKind,
  prepareKernels,
  prepareWhileIdle,
} from './runtime/frame-program.ts';
import { FrameTextures } from './runtime/frame-textures.ts';
import { BufferAllocator, gpuErrorMessage, withErrorScopes } from './runtime/memory.ts';
import { type CompiledKernel, dispatch, makeBindGroup } from './runtime/pipeline-cache.ts';
import { probe } from './runtime/probe.ts';
import { benchmarkCandidate } from './tuning/benchmark.ts';
import {
  CONV_CLASSES,
  cacheKey,
  openTuningCache,
  type TunedShapes,
  type TuningCache,
} from './tuning/cache.ts';
import { starterConfig } from './tuning/defaults.ts';
import { browserEnvironment, type PageEnvironment } from './tuning/environment.ts';
import { tune } from './tuning/tuner.ts';

interface WebgpuSettings extends BackendSettings {
  readonly ownsDevice: boolean;
  readonly environment: PageEnvironment;
  readonly extended: ExtendedKernels | null;
}

/** Creates a painter on `device`, or on a device of its own, which it destroys in the end. */
export async function createWebgpuPainter(
  look: Look,
  settings: BackendSettings,
  device?: GPUDevice,
  environment: PageEnvironment = browserEnvironment(),
): Promise<BackendPainter> {
  const ownsDevice = device === undefined;
  if (device) checkLimits(device.limits);
  const used = device ?? (await requestDevice(settings.gpu));
  try {
    const extended = await fetchKernels(look.plan);
    return await WebgpuPainter.create(look.info, look.plan, used, {
      ...settings,
      ownsDevice,
      environment,
      extended,
    });
  } catch (error) {
    if (ownsDevice) used.destroy();
    throw error;
  }
}

/** Why a device was lost (empty before that), and whom to tell. A device may outlive many painters, and must not
 * keep them alive. */
interface Loss {
  reason: string;
  onLost: ((reason: string) => void) | null;
}

function watchLoss(device: GPUDevice): Loss {
  const loss: Loss = { reason: '', onLost: null };
  device.lost.then(({ reason, message }) => {
    loss.reason = message || reason;
    loss.onLost?.(loss.reason);
  });
  return loss;
}

const withShapes = (config: KernelConfig, found: TunedShapes): KernelConfig => ({
  ...config,
  shapes: { ...config.shapes, ...found },
});

class WebgpuPainter implements BackendPainter {
  readonly backend = 'webgpu';
  readonly #frames: FrameTextures;
  #kernels: FrameKernels;
  readonly #live: Float32Array<ArrayBuffer>;
  readonly #settings: WebgpuSettings;
  readonly canvas: Canvas | null;
  readonly #context: GPUCanvasContext | null;
  #guideContext: GPUCanvasContext | null = null;
  #guideKernels: PerFrameKind<CompiledKernel> | null = null;
  #runner: Promise<ArrayRunner> | null = null;
  /** Whether the starter's kernels paint. */
  #isStarting: boolean;
  #isTuned: boolean;
  #isTuning = false;
  #isLost = false;
  #isDestroyed = false;

  private constructor(
    readonly info: LookInfo,
    readonly plan: Plan,
    readonly program: FrameProgram,
    kernels: FrameKernels,
    settings: WebgpuSettings,
    readonly cache: TuningCache,
    readonly loss: Loss,
  ) {
    this.#isTuned = settings.tune === false || CONV_CLASSES.every(name => cache.shapes[name]);
    this.#kernels = kernels;
    this.#isStarting = kernels.config !== program.pipelines.config;
    const { device, buffers } = program.pipelines;
    const [, , height = 1, width = 1] = plan.inputs[0]?.shape ?? [];
    this.#frames = new FrameTextures(device, buffers.crop, [width, height], program.hasExternal);
    this.#live = defaultLiveInputs(plan);
    this.#settings = settings;
    this.canvas = settings.canvas;
    const [, , tall = 1, wide = 1] = plan.outputs[0]?.shape ?? [];
    this.#context = settings.canvas && this.#configure(settings.canvas, wide, tall);
    loss.onLost = reason => this.#handleLoss(reason);
    // On a shared device, errors may be somebody else's.
    if (settings.ownsDevice)
      device.onuncapturederror = ({ error }) => this.#handleLoss(gpuErrorMessage(error));
  }

  /** Reports the loss, once. Painting does nothing from then on. */
  #handleLoss(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    // Tuned shapes may be the cause, so they are dropped. If the loss came while tuning, the shapes before it are
    // saved, so that nothing is tuned again.
    this.cache.save(this.#isTuning ? this.program.pipelines.config.shapes : {});
    this.#settings.onLost(reason);
  }

  static async create(
    info: LookInfo,
    plan: Plan,
    device: GPUDevice,
    settings: WebgpuSettings,
  ): Promise<WebgpuPainter> {
    const allocator = new BufferAllocator(device);
    const loss = watchLoss(device);
    const { environment } = settings;
    const precision = settings.precision ?? defaultPrecision(device, plan);
    const usual = { ...environment.defaultConfig(device), precision };
    const cache = openTuningCache(cacheKey(adapterName(device), usual), environment, settings.tune);
    try {
      const format = settings.gpu ? 'rgba8unorm' : canvasFormat(device);
      const config = withShapes(usual, cache.shapes);
      const isFirst = settings.tune !== false && Object.keys(cache.shapes).length === 0;
      const first = (isFirst && starterConfig(config)) || config;
      const external = settings.gpu ? Promise.resolve(false) : hasExternalTextures(device);
      const kind = settings.firstFrame !== 'picture' && (await external) ? 'external' : 'texture';
      const { made, pending } = await withErrorScopes(device, () => {
        const made = createFrameProgram(allocator, plan, config, format, false, settings.extended);
        return { made, pending: prepareKernels(made, first, [kind]) };
      });
      const program = { ...made, hasExternal: await external };
      const kernels = await pending(settings.onCompiled);
      // A lost device reports no errors.
      if (loss.reason) throw new EngineError(`The GPU was lost as the look was set up (${loss.reason}).`);
      throwIfCancelled(settings);
      return new WebgpuPainter(info, plan, program, kernels, settings, cache, loss);
    } catch (error) {
      allocator.destroy();
      if (Object.keys(cache.shapes).length === 0) throw error;
      // Shapes that worked for another look may be too much for the GPU with this one.
      cache.save({});
      return WebgpuPainter.create(info, plan, device, settings);
    }
  }

  get #device(): GPUDevice {
    return this.program.pipelines.device;
  }

  get adapter(): string {
    return adapterName(this.#device);
  }

  get statistics(): { dispatches: number; pipelines: number; bufferBytes: number } {
    return {
      dispatches: this.plan.hasCamera ? this.program.framePlan.steps.length : 0,
      pipelines: this.program.pipelines.count,
      bufferBytes: this.program.pipelines.allocator.bytes,
    };
  }

  #configure(canvas: Canvas, width: number, height: number): GPUCanvasContext {
    // Setting a size clears the canvas, which should keep its picture while a lost GPU recovers.
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    const context = canvas.getContext('webgpu');
    if (!context)
      throw new EngineError('The canvas gives no WebGPU context; give one that has no other context.');
    // STORAGE_BINDING: kernels write to the canvas directly.
    const usage = GPUTextureUsage.STORAGE_BINDING;
    context.configure({ device: this.#device, format: this.program.format, usage, alphaMode: 'opaque' });
    return context;
  }

  attachGuide(canvas: Canvas | null): void {
    this.#guideContext?.unconfigure();
    this.#guideContext = null;
    const { guide } = this.plan;
    if (canvas === null || !guide) return;
    const context = this.#configure(canvas, guide.shape[3], guide.shape[2]);
    this.#guideContext = context;
    if (this.#guideKernels) return;
    // Compiled when the guide is first shown. Until then, frames go on without it.
    compileGuide(this.program)
      .then(step => {
        this.#guideKernels = step;
      })
      .catch((error: unknown) => {
        if (!this.#isDestroyed) this.#handleLoss(messageOf(error));
      });
  }

  set(name: string, value: number): void {
    if (!setLiveInput(this.#live, this.plan, this.info, name, value) || this.#isLost) return;
    this.#device.queue.writeBuffer(this.program.pipelines.buffers.live, 0, this.#live);
  }

  paint(source: FrameSource, view: { mirror?: boolean } = {}): void {
    if (this.#isLost) return;
    if (!this.plan.hasCamera)
      throw new EngineError('This model takes no picture, so it cannot paint; use run().');
    if (!this.#context) throw new EngineError('There is no canvas to paint on: give createPainter one.');
    const frame = this.#frames.upload(source, view.mirror ?? false);
    if (!frame) return;
    const { kind } = frame;
    const encoder = this.#device.createCommandEncoder({ label: 'frame' });
    const pass = encoder.beginComputePass({ label: 'frame' });
    const picture = frame.kind === 'external' ? frame.texture : frame.view;
    const canvas = this.#context.getCurrentTexture().createView();
    pass.setBindGroup(1, makeFrameGroup(this.program, kind, this.#frames.sampler, picture, canvas));
    for (const { compiled, group } of this.#kernelsOfKind(kind)) dispatch(pass, compiled, group);
    if (this.#guideContext && this.#guideKernels) {
      const texture = this.#guideContext.getCurrentTexture().createView();
      const shown = this.#guideKernels[kind];
      dispatch(
        pass,
        shown,
        makeBindGroup(this.#device, shown, () => texture),
      );
    }
    pass.end();
    this.#device.queue.submit([encoder.finish()]);
    if (!this.#isTuned) this.#tune();
  }

  /** If the GPU refuses a kernel that is compiled only now, painting ends with its error. */
  #kernelsOfKind(kind: FrameKind): readonly BoundKernel[] {
    let kernels = this.#kernels.byKind.get(kind) ?? [];
    if (kernels.length === 0) {
      const make = () => {
        kernels = kernelsOfKind(this.program, this.#kernels, kind);
      };
      withErrorScopes(this.#device, make).catch((error: Error) => this.#handleLoss(error.message));
    }
    return kernels;
  }

  /** Tunes the kernels once, while frames go on with the current ones. */
  #tune(): void {
    this.#isTuned = true;
    this.#isTuning = true;
    const { environment } = this.#settings;
    const idle = async () => (await environment.idle()) && !this.#isLost;
    const benchmark = (name: ConvClass, config: KernelConfig) => {
      this.#dropUnusedPipelines();
      return benchmarkCandidate(this.program, name, config).catch(() => null);
    };
    const work = async () => {
      if (this.#isStarting && !(await this.#leaveStarter(idle))) {
        // A later painting goes on with it.
        this.#isTuned = false;
        return;
      }
      const found = await tune(this.#kernels.config, this.cache.shapes, benchmark, idle);
      await this.#adoptShapes(found ?? this.cache.shapes);
    };
    work()
      // Frames go on with the current kernels. A loss is reported elsewhere.
      .catch(() => undefined)
      .finally(() => {
        this.#isTuning = false;
        this.#dropUnusedPipelines();
      });
  }

  /** Goes on with the default kernels, for the frames that have come and for video. False if the page is not idle. */
  async #leaveStarter(idle: () => Promise<boolean>): Promise<boolean> {
    const { config } = this.program.pipelines;
    const kinds = new Set([preferredFrameKind(this.program), ...this.#kernels.byKind.keys()]);
    // The first painting comes first.
    await this.finished();
    const kernels = await prepareWhileIdle(this.program, config, [...kinds], idle);
    if (!kernels || this.#isLost) return false;
    const starter = this.#usedKernels();
    this.#kernels = kernels;
    this.#isStarting = false;
    this.#dropUnusedPipelines();
    // `run` and the guide may have some of them.
    if (!this.#runner && !this.#guideContext) this.program.pipelines.freeSizes(starter, this.#usedKernels());
    return true;
  }

  /** The shapes are saved once the GPU has accepted them. */
  async #adoptShapes(found: TunedShapes): Promise<void> {
    if (Object.keys(found).length === Object.keys(this.cache.shapes).length) return;
    const { config, byKind } = this.#kernels;
    const make = () => prepareKernels(this.program, withShapes(config, found), byKind.keys());
    const kernels = await (await withErrorScopes(this.#device, make))();
    if (this.#isLost) return;
    this.#kernels = kernels;
    this.cache.save(found);
  }

  /** Drops the pipelines of tried shapes, so that at most one is held that no frame needs. */
  #dropUnusedPipelines(): void {
    this.program.pipelines.retain(this.#usedKernels());
  }

  #usedKernels(): Kernel[] {
    const kernels = [...this.#kernels.byKind.values()].flat().map(({ compiled }) => compiled);
    return [...kernels, ...Object.values(this.#guideKernels ?? {})].map(({ kernel }) => kernel);
  }

  async probe(): Promise<ProbeResult> {
    return probe(this.program, this.#kernels, this.#frames, this.#live);
  }

  /** Runs the graph on arrays, for tests and tools, never for frames. */
  async run(...[inputs, options = {}]: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    if (this.#isLost) throw new EngineError('The GPU was lost.');
    // Fetched at the first call, since pages that paint do not need it.
    const { framePlan, pipelines } = this.program;
    this.#runner ??= import('./runtime/array-runner.ts').then(({ ArrayRunner }) =>
      ArrayRunner.create(framePlan, pipelines),
    );
    // After a failure, the next run tries again.
    this.#runner.catch(() => {
      this.#runner = null;
    });
    return (await this.#runner).run(inputs, this.#live, options);
  }

  async finished(): Promise<void> {
    if (!this.#isLost) await this.#device.queue.onSubmittedWorkDone();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.loss.onLost = null;
    // The last painting stays visible until another painter paints there.
    if (!this.#isLost) {
      this.#context?.unconfigure();
      this.#guideContext?.unconfigure();
    }
    this.#isLost = true;
    this.#frames.destroy();
    this.program.pipelines.allocator.destroy();
    if (this.#settings.ownsDevice) this.#device.destroy();
  }
}
