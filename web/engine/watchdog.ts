// Whether a painter still paints. GPUs fail silently: a driver gives NaN, or nothing at all, and no error
// says so. The canvas cannot tell, since a covered camera is honestly black and NaN is shown as black too.
// So the network is run on a picture that is known, with the live values as they were made, and its numbers
// are read: outside of frames, a second after the first painting and then once in a while as long as there
// is painting. Numbers that are not finite, or a painting that is zero everywhere, are faults; a network
// that paints pure black from bright stripes is taken for one too, since nobody can tell it from a dead GPU.

import type { Look } from './look.ts';
import type { Painter } from './painter.ts';

const FIRST_MS = 1000;
const THEN_MS = 120_000;

/** Runs its check now and then while there is painting; timers alone, frames only wind it up. */
export class Watchdog {
  #timer: ReturnType<typeof setTimeout> | null = null;
  #wait = FIRST_MS;

  constructor(readonly check: () => Promise<void>) {}

  painted(): void {
    this.#timer ??= setTimeout(() => void this.#look(), this.#wait);
  }

  /** Until the next painting, which is a first one again. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#wait = FIRST_MS;
  }

  async #look(): Promise<void> {
    this.#wait = THEN_MS;
    await this.check();
    if (this.#wait === THEN_MS) this.#timer = null;
  }
}

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

/** Stripes in all colours, each of another direction per channel: (3, P, P), 0..1. */
function stripes(pixels: number): Float32Array {
  const side = Math.max(4, pixels / 8);
  return Float32Array.from({ length: 3 * pixels * pixels }, (_, i) => {
    const [x, y] = [i % pixels, Math.floor(i / pixels) % pixels];
    const along = [x, y, x + y][Math.floor(i / (pixels * pixels))] ?? 0;
    return (along % side) / side;
  });
}
