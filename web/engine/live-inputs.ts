// Live inputs: scalars of a look that people change while it paints.

import { EngineError } from './error.ts';
import type { Plan } from './graph/passes/plan.ts';
import type { LookInfo } from './look.ts';

/** The default values, padded to whole vectors of four. */
export function defaultLiveInputs({ live }: Plan): Float32Array<ArrayBuffer> {
  const values = new Float32Array(Math.max(4, Math.ceil(live.length / 4) * 4));
  live.forEach((one, i) => {
    values[i] = one.default;
  });
  return values;
}

/** Sets a live input in `values`, clamped to its range. Returns whether that changed it. Throws if the look has no
 * input of that name. */
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
    throw new EngineError(`This look has no live input '${name}'; it has ${known}.`);
  }
  const range = Object.hasOwn(info.live, name) ? info.live[name] : undefined;
  const clamped = Math.fround(range ? Math.min(Math.max(value, range.min), range.max) : value);
  if (Number.isNaN(clamped) || values[index] === clamped) return false;
  values[index] = clamped;
  return true;
}
