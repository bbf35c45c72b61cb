// What is wrong with a painter that paints: asked of a picture that is known, outside of frames. See
// `watchdog.ts` for when, and for why the canvas is not asked.

import type { Look } from './look.ts';
import type { Painter } from './painter.ts';

/** One sentence, or null where all is well. What cannot be asked is no fault: losses are heard elsewhere. */
export async function faultOf({ info, plan }: Look, painter: Painter): Promise<string | null> {
  const [picture] = plan.inputs;
  const [painting] = plan.outputs;
  if (!picture || !painting) return null;
  const inputs: Record<string, Float32Array> = { [picture.name]: stripes(info.pixels) };
  for (const { name, default: value } of plan.live) inputs[name] = Float32Array.of(value);
  const outputs = await painter.run(inputs).catch(() => null);
  return outputs && faultIn(outputs[painting.name] ?? new Float32Array());
}

/** What is wrong with a painting of the stripes. */
export function faultIn(painting: Float32Array): string | null {
  if (!painting.every(Number.isFinite)) {
    return 'The GPU paints what are no numbers (NaN) from a picture that is known; it cannot run this look.';
  }
  if (painting.every(value => value === 0)) {
    return 'The GPU paints nothing but zeros from a picture that is known; it cannot run this look.';
  }
  return null;
}

const DIRECTIONS = [
  [1, 0],
  [0, 1],
  [1, 1],
] as const;

/** Stripes in all colours, each of another direction per channel: (3, P, P), 0..1. */
function stripes(pixels: number): Float32Array {
  const side = Math.max(4, pixels / 8);
  const picture = new Float32Array(3 * pixels * pixels);
  let at = 0;
  for (const [right, down] of DIRECTIONS) {
    for (let y = 0; y < pixels; y++) {
      for (let x = 0; x < pixels; x++) picture[at++] = ((right * x + down * y) % side) / side;
    }
  }
  return picture;
}
