// limner itself, through the surface that its users have. Its upkeep, which works on after a frame is painted, is
// off: that would be in the others' turns.

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
  create: place => create(backend, place),
});

/** What `createPainter` fetches when it is asked for this backend. */
async function fetchBackend(backend: Backend): Promise<void> {
  if (backend === 'webgpu') await import('../../engine/webgpu/painter.ts');
  else await import('../../engine/webgl2/painter.ts');
}

async function create(backend: Backend, { image, canvas, files }: RivalContext): Promise<Rival> {
  const painter = await createPainter(await readLook(files.onnx), {
    canvas,
    backend,
    // As the rivals compute.
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

/** Waits for all that was drawn. */
function readPixel(canvas: HTMLCanvasElement): void {
  const gl = canvas.getContext('webgl2');
  gl?.bindFramebuffer(gl.READ_FRAMEBUFFER, null);
  gl?.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
}
