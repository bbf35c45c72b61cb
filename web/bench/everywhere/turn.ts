// A turn of a runtime in the browser: runs that follow each other. Where one is too short for the page's clock, several are timed
// together, as in the lab's tab Measure.

import { burstOf } from '../../shared/clock.ts';

export interface Turn {
  /** Milliseconds of a run, for each sample: where several were timed together, their mean. */
  readonly times: readonly number[];
  /** How many runs were timed, in all samples together. */
  readonly runs: number;
  /** How long it all took. */
  readonly milliseconds: number;
}

export interface TurnRequest {
  /** At most so many samples, or as many as begin within the milliseconds, but at least one. */
  readonly samples: number;
  readonly milliseconds: number;
  /** What a run took before. */
  readonly runMs: number;
  /** The clock's step, in milliseconds. */
  readonly clockStep: number;
}

export async function takeTurn(
  run: () => Promise<unknown>,
  { samples, milliseconds, runMs, clockStep }: TurnRequest,
  now = () => performance.now(),
): Promise<Turn> {
  const times: number[] = [];
  const begin = now();
  let [runs, last] = [0, runMs];
  do {
    const burst = burstOf(last, clockStep);
    const start = now();
    for (let i = 0; i < burst; i++) await run();
    last = (now() - start) / burst;
    times.push(last);
    runs += burst;
  } while (times.length < samples && now() - begin < milliseconds);
  return { times, runs, milliseconds: now() - begin };
}
