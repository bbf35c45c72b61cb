// The painter on WebGL2: a plan's draws, one after the other, the last of them onto the canvas. Everything is made
// once, at load. A frame uploads the picture and draws. Between camera and canvas nothing is read back and nothing is
// allocated.

import { EngineError, messageOf } from '../error.ts';
import { cropOf } from '../frames/source.ts';
import { needsFloat32 } from '../graph/passes/plan.ts';
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
import { TEST_PATTERN_SIDE } from '../recovery/probe.ts';
import { adapterName, type Context, openContext } from './runtime/context.ts';
import { gpuFinished } from './runtime/fence.ts';
import { FrameTexture } from './runtime/frame-texture.ts';
import { Network } from './runtime/network.ts';
import { probe } from './runtime/probe.ts';
import type { PreparedDraw } from './runtime/program-cache.ts';

/** Creates a painter on `settings.canvas`, or on a canvas of its own, whose context it releases in the end. */
export async function createWebgl2Painter(look: Look, settings: BackendSettings): Promise<BackendPainter> {
  const { plan } = look;
  const context = await openContext(settings.canvas, () => throwIfCancelled(settings), needsFloat32(plan));
  const [, , height = 1, width = 1] = plan.inputs[0]?.shape ?? [];
  const [painting] = plan.outputs;
  const [, , tall = 1, wide = 1] = painting?.shape ?? [];
  const { textureSize } = context.limits;
  if (Math.max(wide, tall) > textureSize) {
    throw new EngineError(`The painting is ${wide} x ${tall}; this GPU allows ${textureSize} a side.`);
  }
  const frames = new FrameTexture(context.gl, [width, height], textureSize);
  const network = new Network(context, plan, { frame: frames.texture, size: [wide, tall] });
  try {
    await network.prepare(settings.onCompiled);
    const show = settings.canvas && painting ? await network.show(painting) : null;
    throwIfCancelled(settings);
    return new Webgl2Painter(look.info, network, frames, show, settings);
  } catch (error) {
    frames.destroy();
    network.destroy();
    throw error;
  }
}

/** The guide's canvas, and the draw for it. */
interface Guide {
  readonly context: CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
  readonly show: PreparedDraw;
}

class Webgl2Painter implements BackendPainter {
  readonly backend = 'webgl2';
  readonly canvas: Canvas | null;
  readonly #live: Float32Array<ArrayBuffer>;
  readonly #context: Context;
  #guide: Guide | null = null;
  /** Counts changes of the guide's canvas, so that a slow one does not override a later one. */
  #guideRequests = 0;
  #isLost = false;
  #isDestroyed = false;

  constructor(
    readonly info: LookInfo,
    readonly network: Network,
    readonly frames: FrameTexture,
    readonly show: PreparedDraw | null,
    readonly settings: BackendSettings,
  ) {
    this.#context = network.context;
    this.#live = defaultLiveInputs(network.plan);
    this.canvas = settings.canvas;
    const [wide, tall] = network.resources.size;
    this.#context.canvas.width = wide;
    this.#context.canvas.height = tall;
    this.#context.canvas.addEventListener('webglcontextlost', this.#onLost);
  }

  readonly #onLost = (event: Event): void => {
    const said = event instanceof WebGLContextEvent ? event.statusMessage : '';
    this.#handleLoss(said || 'The browser took the WebGL2 context back.');
  };

  /** Reports the loss, once. Painting does nothing from then on. */
  #handleLoss(reason: string): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.settings.onLost(reason);
  }

  get adapter(): string {
    return adapterName(this.#context.gl);
  }

  get statistics(): { dispatches: number; pipelines: number; bufferBytes: number } {
    const { draws, frameInput, programs, textures } = this.network;
    return {
      dispatches: draws.length + (frameInput ? 1 : 0) + (this.show ? 1 : 0),
      pipelines: programs.count,
      bufferBytes: textures.bytes,
    };
  }

  attachGuide(canvas: Canvas | null): void {
    this.#guide = null;
    this.#guideRequests += 1;
    const { guide } = this.network.plan;
    if (canvas === null || !guide) return;
    const [, , tall, wide] = guide.shape;
    const context = canvas.getContext('2d', { alpha: false });
    if (!context || !('drawImage' in context)) {
      throw new EngineError(
        'The canvas for the guide gives no 2-D context; give one that has no other context.',
      );
    }
    canvas.width = wide;
    canvas.height = tall;
    // Compiled when the guide is first shown. Until then, frames go on without it.
    const attached = this.#guideRequests;
    this.network.show(guide).then(
      show => {
        if (attached === this.#guideRequests) this.#guide = { context, show };
      },
      (error: unknown) => {
        if (!this.#isDestroyed) this.#handleLoss(messageOf(error));
      },
    );
  }

  set(name: string, value: number): void {
    setLiveInput(this.#live, this.network.plan, this.info, name, value);
  }

  paint(source: FrameSource, view: { mirror?: boolean } = {}): void {
    if (this.#isLost) return;
    const { network, show } = this;
    if (!network.frameInput) {
      throw new EngineError('This model takes no picture, so it cannot paint; use run().');
    }
    if (!show) throw new EngineError('There is no canvas to paint on: give createPainter one.');
    const crop = this.frames.upload(source, view.mirror ?? false);
    if (!crop) return;
    network.draw(network.frameInput, this.#live, crop);
    for (const prepared of network.draws) network.draw(prepared, this.#live);
    if (this.#guide) {
      // A context draws on one canvas only. So the guide is drawn first, and copied within this task.
      network.draw(this.#guide.show, this.#live);
      this.#guide.context.drawImage(this.#context.canvas, 0, 0);
    }
    network.draw(show, this.#live);
  }

  probe(): Promise<ProbeResult> {
    return probe(this.network, cropOf([TEST_PATTERN_SIDE, TEST_PATTERN_SIDE], this.frames.pixels, false));
  }

  /** Runs the graph on arrays, for tests and tools, never for frames. */
  async run(...[inputs, options]: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    if (this.#isLost) throw new EngineError('The WebGL2 context was lost; create another painter.');
    return this.network.run(inputs, this.#live, options);
  }

  finished(): Promise<void> {
    return this.#isLost ? Promise.resolve() : gpuFinished(this.#context.gl);
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.#isLost = true;
    this.#context.canvas.removeEventListener('webglcontextlost', this.#onLost);
    this.frames.destroy();
    this.network.destroy();
  }
}
