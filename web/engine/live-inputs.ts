// Live values: scalars of a look that a person may turn while it paints.

import { EngineError } from './error.ts';
import type { Plan } from './graph/passes/plan.ts';
import type { LookInfo } from './look.ts';

/** As they were made, in whole vectors of four. */
export function defaultLiveValues({ live }: Plan): Float32Array<ArrayBuffer> {
  const values = new Float32Array(Math.max(4, Math.ceil(live.length / 4) * 4));
  live.forEach((one, i) => {
    values[i] = one.default;
  });
  return values;
}

/** Turns one of `values`, kept within its range; whether that changed it. Throws on a name that the look does
 * not have. */
export function setLiveInput(
  values: Float32Array,
  { live }: Plan,
  info: LookInfo,
  name: string,
  value: number,
): boolean {
  const index = live.findIndex(one => one.name === name);
  if (index < 0) {
    const known = live.map(one => `'${one.name}'`).join(', ') || 'none';
    throw new EngineError(`This look has no live value '${name}'; it has ${known}.`);
  }
  const range = Object.hasOwn(info.live, name) ? info.live[name] : undefined;
  const clamped = Math.fround(range ? Math.min(Math.max(value, range.min), range.max) : value);
  if (Number.isNaN(clamped) || values[index] === clamped) return false;
  values[index] = clamped;
  return true;
}
