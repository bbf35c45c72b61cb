/** The page's clock, which browsers make coarse: steps of 0.1 ms in Chromium, of 1 ms in Firefox and Safari. */

/** Changes of the clock that are watched, and for how long at most: one task must not be long. */
const CHANGES = 8;
const WATCH_MS = 40;
/** A sample is so many steps of the clock long that their rounding is at most 2 % of it. */
const STEPS_OF_SAMPLE = 50;
const MAX_BURST = 1000;

/** The smallest step of the clock, in milliseconds; where it never changes, the time that it was watched. `readings` bounds how
 * often it is asked. */
export function clockStep(now: () => number, readings = 2_000_000): number {
  const begin = now();
  let [last, least, changes] = [begin, WATCH_MS, 0];
  for (let i = 0; i < readings && changes < CHANGES && last - begin < WATCH_MS; i++) {
    const time = now();
    if (time <= last) continue;
    least = Math.min(least, time - last);
    last = time;
    changes++;
  }
  return least;
}

/** How many runs of `runMs` one sample times together, on a clock of that step. */
export const burstOf = (runMs: number, step: number): number =>
  Math.max(1, Math.min(MAX_BURST, Math.ceil((STEPS_OF_SAMPLE * step) / Math.max(runMs, 1e-3))));
