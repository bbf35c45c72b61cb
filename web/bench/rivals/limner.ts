// limner itself, through its public API. Its upkeep is off: it works between frames, which would be in the turns of
// other rivals. To prefetch a backend this file imports it directly, which no other file of a page does.

import { type Backend, createPainter, readLook } from '../../engine/index.ts';
import { alwaysAvailable, webgpuUnavailable } from './capabilities.ts';
import type { Engine, Rival, RivalContext } from './rival.ts';

const FENCES = {
  webgpu: 'queue.onSubmittedWorkDone()',
  webgl2: 'a fence, polled, and then one pixel of the canvas read back',
} as const satisfies Record<Backend, string>;

export const makeLimner = (backend: Backend): Engine => ({
  format: 'onnx',
  fence: FENCES[backend],
  unavailableReason: backend === 'webgpu' ? webgpuUnavailable : alwaysAvailable,
  prepare: () => fetchBackend(backend),
  create: context => create(backend, context),
});

/** Imports what `createPainter` imports for this backend. */
async function fetchBackend(backend: Backend): Promise<void> {
  if (backend === 'webgpu') await import('../../engine/webgpu/painter.ts');
  else await import('../../engine/webgl2/painter.ts');
}

async function create(backend: Backend, { image, canvas, files }: RivalContext): Promise<Rival> {
  const painter = await createPainter(await readLook(files.onnx), {
    canvas,
    backend,
    // The rivals compute in float32, too.
    precision: 'float32',
    upkeep: false,
  });
  let hasRun = false;
  return {
    version: __LIMNER__,
    adapter: painter.adapter,
    run: async () => {
      const outputs = await painter.run({ image });
      return Object.values(outputs)[0] ?? new Float32Array();
    },
    step: async () => {
      await painter.run(hasRun ? {} : { image }, { read: false });
      hasRun = true;
    },
    frame: async video => painter.paint(video),
    finished: async () => {
      await painter.finished();
      if (backend === 'webgl2') readPixel(canvas);
    },
  };
}

/** Waits until everything is drawn. */
function readPixel(canvas: HTMLCanvasElement): void {
  const gl = canvas.getContext('webgl2');
  gl?.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}
