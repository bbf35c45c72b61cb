/** Scales of axes, linear or logarithmic, and their ticks. */

export interface Scale {
  readonly least: number;
  readonly most: number;
  readonly isLog: boolean;
  /** The place of a value: 0 at `least`, 1 at `most`. */
  at(value: number): number;
  /** The value at a place. */
  value(place: number): number;
  readonly ticks: readonly number[];
}

export function linearScale(least: number, most: number, count = 5): Scale {
  const range = most > least ? most - least : 1;
  return {
    least,
    most,
    isLog: false,
    at: value => (value - least) / range,
    value: place => least + place * range,
    ticks: linearTicks(least, least + range, count),
  };
}

/** Both ends are positive. */
export function logScale(least: number, most: number, count = 6): Scale {
  const [first, last] = [Math.log10(least), Math.log10(most)];
  const range = last > first ? last - first : 1;
  return {
    least,
    most,
    isLog: true,
    at: value => (Math.log10(value) - first) / range,
    value: place => 10 ** (first + place * range),
    ticks: logTicks(first, first + range, count),
  };
}

/** Multiples of 1, 2 or 5 times a power of ten, about `count` of them. */
export function linearTicks(least: number, most: number, count: number): number[] {
  const rough = (most - least) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5].find(one => one * power >= rough) ?? 10) * power;
  const first = Math.ceil(least / step - 1e-9);
  const last = Math.floor(most / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

/** Powers of ten; with few of them, also 2 and 5 times those. */
function logTicks(first: number, last: number, count: number): number[] {
  const step = Math.max(1, Math.ceil((last - first) / count));
  const parts = last - first < 1.5 ? [1, 2, 5] : [1];
  const ticks: number[] = [];
  for (let power = Math.floor(first); power <= last + 1e-9; power++) {
    if (power % step !== 0) continue;
    for (const part of parts) {
      const at = power + Math.log10(part);
      if (at >= first - 1e-9 && at <= last + 1e-9) ticks.push(Number((part * 10 ** power).toPrecision(12)));
    }
  }
  return ticks;
}
