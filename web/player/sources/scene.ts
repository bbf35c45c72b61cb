/** The built-in scene as a source: the page paints it until the visitor chooses another. */
import { getContext2d } from '../../shared/canvas.ts';
import { drawStillLife } from '../../shared/still-life.ts';
import type { Source } from './source.ts';

const SIDE = 512;
const STEP_SECONDS = 1 / 12;
const MAX_GAP_SECONDS = 0.1;

export function openScene(): Source {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  // Without WebGPU every frame is read back, which is fastest from a canvas in CPU memory.
  const context = getContext2d(canvas, { willReadFrequently: !('gpu' in navigator) });
  let seconds = 6;
  let lastTime = performance.now();
  let isPlaying = true;
  const draw = () => drawStillLife(context, SIDE, seconds);
  draw();
  return {
    kind: 'scene',
    frame: canvas,
    isMirrored: false,
    isStill: false,
    play: () => {
      isPlaying = true;
    },
    pause: () => {
      isPlaying = false;
    },
    step: async () => {
      seconds += STEP_SECONDS;
      draw();
    },
    requestFrame: callback => {
      const id = requestAnimationFrame(now => {
        // The scene does not jump ahead after a pause or a hidden page.
        if (isPlaying) seconds += Math.max(0, Math.min(MAX_GAP_SECONDS, (now - lastTime) / 1000));
        lastTime = now;
        draw();
        callback();
      });
      return () => cancelAnimationFrame(id);
    },
    stop: () => undefined,
  };
}
