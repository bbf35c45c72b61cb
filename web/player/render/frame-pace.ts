/**
 * Keeps paintings to 60 a second. What a look with state changes in a frame is meant for that rate: the flash limit
 * of dreams allows a change of luminance in each frame, and a display of 144 Hz would have 2.4 times as many.
 */
const INTERVAL_MS = 1000 / 60;
/** How much sooner a frame may come than it is due: frames of a display with 60 Hz come late, and the next one then
 * comes early. Less than an interval, so that no second has more than 60 intervals. */
const TOLERANCE_MS = 12;

export class FramePace {
  #earliest = 0;

  /** Whether a frame at this time, in milliseconds, would be too soon. */
  isTooSoon(now: number): boolean {
    return now < this.#earliest;
  }

  /** Counts a painted frame. A rate above 60 must not add up, so the next frame is due after this one was due. */
  addFrame(now: number): void {
    this.#earliest = Math.max(this.#earliest, now - TOLERANCE_MS) + INTERVAL_MS;
  }
}
