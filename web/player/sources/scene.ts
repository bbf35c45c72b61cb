/** The built-in scene, as a subject: what the page paints before anyone shows it anything. */

import { getContext2d } from '../../shared/canvas.ts';
import { drawTable } from '../../shared/still-life.ts';
import type { Source } from './source.ts';

const SIDE = 512;
const STEP_SECONDS = 1 / 12;
const LONGEST_GAP_SECONDS = 0.1;

export function openScene(): Source {
  const canvas = document.createElement('canvas');
  canvas.width = SIDE;
  canvas.height = SIDE;
  // Without WebGPU every frame is read back, which costs least where the canvas is in ordinary memory.
  const context = getContext2d(canvas, { willReadFrequently: !('gpu' in navigator) });
  let seconds = 6;
  let last = performance.now();
  let playing = true;
  const draw = () => drawTable(context, SIDE, seconds);
  draw();
  return {
    kind: 'scene',
    frame: canvas,
    mirrored: false,
    still: false,
    play: () => {
      playing = true;
    },
    pause: () => {
      playing = false;
    },
    step: async () => {
      seconds += STEP_SECONDS;
      draw();
    },
    next: callback => {
      const id = requestAnimationFrame(now => {
        // A gap after a pause or a hidden page is not caught up with.
        if (playing) seconds += Math.max(0, Math.min(LONGEST_GAP_SECONDS, (now - last) / 1000));
        last = now;
        draw();
        callback();
      });
      return () => cancelAnimationFrame(id);
    },
    stop: () => undefined,
  };
}
