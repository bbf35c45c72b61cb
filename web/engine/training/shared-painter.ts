// A painter on the device of a training, with the weights of its state: what it paints is what was learned so far, without
// a file.

import type { Plan } from '../graph/passes/plan.ts';
import { readModel } from '../onnx/model.ts';
import type { BackendPainter, Canvas, FrameSource, Painter, Precision } from '../painter.ts';
import { createWebgpuPainter } from '../webgpu/painter.ts';
import { defaultPrecision } from '../webgpu/runtime/device.ts';
import { BufferAllocator, withErrorScopes } from '../webgpu/runtime/memory.ts';
import type { LearnedBuffers } from '../webgpu/runtime/plan-buffers.ts';
import type { SharedState } from '../webgpu/runtime/shared-state.ts';
import { SharedWeights } from '../webgpu/runtime/shared-weights.ts';
import { planLearned } from './learned-plan.ts';

interface SharedPainterOptions {
  readonly canvas: Canvas;
  readonly precision?: Precision | undefined;
  /** Called once when the device is lost. */
  readonly onLost: (reason: string) => void;
}

/** Makes a painter of a look's file, whose constants of the state's names are those of the state. Null if the look cannot
 * share them. */
export async function createSharedPainter(
  info: Painter['info'],
  file: Uint8Array,
  shared: SharedState,
  { canvas, precision: asked, onLost }: SharedPainterOptions,
): Promise<Painter | null> {
  const { device, places } = shared.state;
  const allocator = new BufferAllocator(device);
  // From now on: the trainer may be destroyed while this waits.
  const retained = shared.retain();
  const release = (): void => {
    allocator.destroy();
    retained();
  };
  try {
    const made = await planLearned(readModel(file), places);
    if (!made) {
      release();
      return null;
    }
    const precision = asked ?? defaultPrecision(device, made.plan);
    const options = { ...made, precision };
    const weights = await withErrorScopes(device, () => new SharedWeights(allocator, shared, options));
    const { given, learned, update } = weights;
    const plan: Plan & LearnedBuffers = { ...made.plan, given, learned, update };
    // The training has the GPU, so times of kernels would say little.
    const settings = { canvas, precision, onLost, tune: false, firstFrame: 'picture' } as const;
    const painter = await createWebgpuPainter({ info, plan }, settings, device);
    return new SharedPainter(painter, weights, release);
  } catch (error) {
    release();
    throw error;
  }
}

class SharedPainter implements Painter {
  #isDestroyed = false;

  constructor(
    readonly painter: BackendPainter,
    readonly weights: SharedWeights,
    readonly release: () => void,
  ) {}

  get info(): Painter['info'] {
    return this.painter.info;
  }

  get backend(): Painter['backend'] {
    return this.painter.backend;
  }

  get adapter(): string {
    return this.painter.adapter;
  }

  get canvas(): Canvas | null {
    return this.painter.canvas;
  }

  get statistics(): Painter['statistics'] {
    const { statistics } = this.painter;
    return { ...statistics, bufferBytes: statistics.bufferBytes + this.weights.allocator.bytes };
  }

  attachGuide(canvas: Canvas | null): void {
    this.painter.attachGuide(canvas);
  }

  set(name: string, value: number): void {
    this.painter.set(name, value);
  }

  paint(source: FrameSource, view?: { mirror?: boolean }): void {
    this.weights.update();
    this.painter.paint(source, view);
  }

  run(...given: Parameters<Painter['run']>): ReturnType<Painter['run']> {
    return this.painter.run(...given);
  }

  finished(): Promise<void> {
    return this.painter.finished();
  }

  destroy(): void {
    if (this.#isDestroyed) return;
    this.#isDestroyed = true;
    this.painter.destroy();
    this.release();
  }
}
