/** How the page's painting follows a training: its painters are shown as the page shows those of any look. So it works
 * with any backend, also with ONNX Runtime. On WebGPU one painter shares the weights and stays. */
import type { FollowOptions } from '../../engine/training/index.ts';
import { makeElement } from '../../shared/dom.ts';
import { readAnyLook } from '../painters/any-look.ts';
import type { AnyLook, Painter } from '../painters/painter.ts';
import { selectPainter } from '../painters/select.ts';
import type { RenderLoop } from '../render/render-loop.ts';
import { showLabel } from '../ui/look-label.ts';

export type Following = FollowOptions<AnyLook, Painter>;

/** Between two painters, at least. */
const INTERVAL_MS = 500;

/** `name` is that of the look, for a file that has none; `isReplaced` says whether the page paints with another look. */
export function followInPage(
  renderLoop: RenderLoop,
  name: string,
  isReplaced: () => boolean,
  onError: (error: unknown) => void,
): Following {
  let info: AnyLook['info'] | null = null;
  return {
    every: INTERVAL_MS,
    async read(file) {
      const look = await readAnyLook(file);
      // With the same texts and live inputs, the sliders stay as they are.
      if (!info && !isReplaced()) showLabel(look.info, file.length, name);
      info ??= look.info;
      return { ...look, info };
    },
    make: (look, file) => makePainter(renderLoop, look, file, onError),
    shareOn: () => (renderLoop.painter?.backend === 'webgpu' ? makeElement('canvas') : null),
    show: (painter, isCancelled) =>
      renderLoop.setPainter(painter, performance.now(), () => isCancelled() || isReplaced()),
    // After an error in a frame, the page makes its look's painter anew.
    isShown: painter => painter === renderLoop.painter,
    onChange: () => renderLoop.refresh(),
    onError: error => {
      if (!isReplaced()) onError(error); // what is not shown may fail
    },
  };
}

async function makePainter(
  renderLoop: RenderLoop,
  look: AnyLook,
  file: Uint8Array,
  onError: (error: unknown) => void,
): Promise<Painter> {
  const nothing = () => undefined;
  let made: Painter | null = null;
  made = await selectPainter(look, file, {
    forcedBackend: renderLoop.painter?.backend ?? null,
    excluded: new Map(),
    signal: new AbortController().signal,
    firstFrame: renderLoop.isVideo ? 'video' : 'picture',
    makeCanvas: () => makeElement('canvas'),
    onProgress: nothing,
    onDownloaded: nothing,
    onCompiled: nothing,
    onLost: reason => {
      if (made && made === renderLoop.painter) onError(new Error(reason));
    },
  });
  return made;
}
