// Learning rates of the steps, as torch.optim.lr_scheduler (2.13) has them. A schedule is a function of the step, from 0
// on, in the unit in which torch's `scheduler.step()` is called: a batch or an epoch.

/** The learning rate of a step. */
export type Schedule = (step: number) => number;

export const constantRate =
  (rate: number): Schedule =>
  () =>
    rate;

/** `rate * gamma^(how often `every` steps have passed)`, as StepLR. */
export const stepped =
  (rate: number, every: number, gamma = 0.1): Schedule =>
  step =>
    rate * gamma ** Math.floor(step / every);

/** `rate * gamma^step`, as ExponentialLR. */
export const exponential =
  (rate: number, gamma: number): Schedule =>
  step =>
    rate * gamma ** step;

/** From `rate` to `least` in `steps` steps, along half a wave of a cosine (Loshchilov and Hutter 2017), as
 * CosineAnnealingLR. After them the rate rises again. */
export const cosine =
  (rate: number, steps: number, least = 0): Schedule =>
  step =>
    least + ((rate - least) * (1 + Math.cos((Math.PI * step) / steps))) / 2;

/** First `steps` steps that rise evenly from a part of the first rate to it, as LinearLR; then the schedule from its
 * beginning, as SequentialLR has them one after the other. */
export const warmUp =
  (steps: number, then: Schedule, from = 1 / 3): Schedule =>
  step =>
    step < steps ? then(0) * (from + ((1 - from) * step) / steps) : then(step - steps);

export interface OneCycleOptions {
  /** The part of the steps in which the rate rises. */
  readonly rising?: number;
  /** The first rate is the highest one divided by this, and the last is the first divided by `finalDivisor`. */
  readonly divisor?: number;
  readonly finalDivisor?: number;
}

/** Up to a highest rate and down far below the first one, both along cosines (Smith and Topin 2019), as OneCycleLR. After
 * `steps` the rate stays. */
export function oneCycle(
  highest: number,
  steps: number,
  { rising = 0.3, divisor = 25, finalDivisor = 1e4 }: OneCycleOptions = {},
): Schedule {
  const first = highest / divisor;
  const last = first / finalDivisor;
  const top = rising * steps - 1;
  const along = (start: number, end: number, part: number) =>
    end + ((start - end) / 2) * (Math.cos(Math.PI * part) + 1);
  return step => {
    const at = Math.min(step, steps - 1);
    return at <= top ? along(first, highest, at / top) : along(highest, last, (at - top) / (steps - 1 - top));
  };
}

export interface PlateauOptions {
  readonly mode?: 'min' | 'max';
  readonly factor?: number;
  /** Reports without improvement that are allowed before the rate is reduced. */
  readonly patience?: number;
  /** What counts as an improvement, as a part of the best value or as an amount. */
  readonly threshold?: number;
  readonly thresholdMode?: 'rel' | 'abs';
  /** Reports after a reduction in which none is counted. */
  readonly cooldown?: number;
  readonly least?: number;
  /** Reductions by less are left out. */
  readonly epsilon?: number;
}

/** Reduces the rate where a measure no longer improves, as ReduceLROnPlateau. It has a memory: `report` each value once. */
export class ReduceOnPlateau {
  readonly #options: Required<PlateauOptions>;
  #best: number;
  #bad = 0;
  #cooling = 0;

  constructor(
    public rate: number,
    options: PlateauOptions = {},
  ) {
    this.#options = {
      mode: 'min',
      factor: 0.1,
      patience: 10,
      threshold: 1e-4,
      thresholdMode: 'rel',
      cooldown: 0,
      least: 0,
      epsilon: 1e-8,
      ...options,
    };
    this.#best = this.#options.mode === 'min' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY;
  }

  /** Takes the measure of an epoch, such as the loss of the test set. Returns the rate from now on. */
  report(measure: number): number {
    const { patience, cooldown, factor, least, epsilon } = this.#options;
    if (this.#isBetter(measure)) {
      this.#best = measure;
      this.#bad = 0;
    } else this.#bad += 1;
    if (this.#cooling > 0) {
      this.#cooling -= 1;
      this.#bad = 0;
    }
    if (this.#bad > patience) {
      const reduced = Math.max(this.rate * factor, least);
      if (this.rate - reduced > epsilon) this.rate = reduced;
      this.#cooling = cooldown;
      this.#bad = 0;
    }
    return this.rate;
  }

  #isBetter(measure: number): boolean {
    const { mode, threshold, thresholdMode } = this.#options;
    const sign = mode === 'min' ? -1 : 1;
    const wanted =
      thresholdMode === 'rel' ? this.#best * (1 + sign * threshold) : this.#best + sign * threshold;
    return sign * measure > sign * wanted;
  }
}
