// `@limner/engine/node`: the engine in Node, where pictures are bytes in memory. Node has no WebGPU of its own, so the
// program brings a GPU object, such as that of npm's `webgpu`.

import { EngineError } from './error.ts';
import { createPainter, type PainterOptions } from './index.ts';
import type { Look } from './look.ts';
import type { Canvas, FrameSource, Painter } from './painter.ts';
import { findAdapter } from './webgpu/runtime/adapter.ts';
import { MemoryCanvas } from './webgpu/runtime/memory-canvas.ts';
import type { Picture } from './webgpu/runtime/picture.ts';

export { EngineError } from './error.ts';
export { type Look, type LookInfo, readLook, readLookInfo, readModel } from './look.ts';
export type { Picture } from './webgpu/runtime/picture.ts';

export interface NodePainterOptions
  extends Pick<PainterOptions, 'precision' | 'upkeep' | 'onRevived' | 'onLost'> {
  /** What `create([])` of npm's `webgpu` gives. The painter keeps it alive. */
  gpu: GPU;
}

export interface NodePainter
  extends Pick<Painter, 'info' | 'adapter' | 'statistics' | 'set' | 'run' | 'finished' | 'destroy'> {
  /** Paints the middle of a picture, in the look's shape; resolves to the painting, in the look's size. If the GPU is lost meanwhile,
   * the picture is painted after the recovery. Rejects with an EngineError if there is none. */
  paint(picture: Picture, view?: { mirror?: boolean }): Promise<Picture>;
}

/** Makes a painter that recovers from the loss of its GPU. Rejects with an EngineError if there is no GPU, or if the GPU
 * refuses the look. */
export async function createNodePainter(look: Look, options: NodePainterOptions): Promise<NodePainter> {
  // Callers in JavaScript may leave them out.
  const { gpu, onLost, ...others }: NodePainterOptions = Object(options);
  await checkGpu(gpu);
  const canvas = new MemoryCanvas();
  let isOver = false;
  const painter = await createPainter(look, {
    ...others,
    gpu,
    canvas: canvas as unknown as Canvas,
    onLost: reason => {
      isOver = true;
      onLost?.(reason);
    },
  });
  return {
    info: look.info,
    get adapter() {
      return painter.adapter;
    },
    get statistics() {
      return painter.statistics;
    },
    set: (name, value) => painter.set(name, value),
    run: (inputs, options) => painter.run(inputs, options),
    finished: () => painter.finished(),
    destroy: () => {
      isOver = true;
      painter.destroy();
    },
    paint: async (picture, view) => {
      checkPicture(picture, canvas.maxSide);
      while (!isOver) {
        const painting = await canvas.read(() => painter.paint(picture as unknown as FrameSource, view));
        if (painting) return painting;
        // The GPU was lost. This waits for the recovery.
        await painter.finished();
      }
      throw new EngineError('The GPU was lost for good, or the painter was destroyed.');
    },
  };
}

async function checkGpu(gpu: GPU | undefined): Promise<void> {
  if (typeof gpu?.requestAdapter !== 'function') {
    throw new EngineError(
      "createNodePainter() needs a GPU object: { gpu: create([]) }, with `create` of npm's webgpu.",
    );
  }
  if (typeof GPUBufferUsage === 'undefined') {
    throw new EngineError(
      "WebGPU's constants are not global: call Object.assign(globalThis, globals), with `globals` of npm's webgpu.",
    );
  }
  const found = await findAdapter(gpu);
  if (typeof found !== 'string') return;
  throw new EngineError(
    `${found.replace(/\.$/, '')}; install a GPU's driver (on Linux one for Vulkan), or a software GPU.`,
  );
}

function checkPicture(picture: Picture, maxSide: number): void {
  const { width = 0, height = 0, data }: Partial<Picture> = Object(picture);
  const isBytes = data instanceof Uint8Array || data instanceof Uint8ClampedArray;
  if (data && !isBytes) {
    throw new EngineError('paint() takes the pixels of a picture as a Uint8Array or a Uint8ClampedArray.');
  }
  const isWhole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  if (!isWhole || data?.byteLength !== 4 * width * height) {
    throw new EngineError(
      `paint() takes { width, height, data } with four bytes (RGBA) a pixel; here ${width} x ${height} pixels have ${data?.byteLength ?? 'no'} bytes.`,
    );
  }
  if (Math.max(width, height) > maxSide) {
    throw new EngineError(
      `A picture of ${width} x ${height} pixels is too large for this GPU; make it at most ${maxSide} a side.`,
    );
  }
}
