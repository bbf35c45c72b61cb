/** Which examples each step has: every epoch has all of them, in an order that depends on the seed and the epoch. */
import { randomNumbers, shuffled } from '../numbers/random.ts';

/** Steps of an epoch. The last examples of an epoch are left out where they do not fill a batch. */
export const stepsPerEpoch = (count: number, batch: number): number => Math.max(1, Math.floor(count / batch));

/** The indices of a step's examples. Any step can be asked for, in any order. */
export function epochOrder(count: number, batch: number, seed: number): (step: number) => Uint32Array {
  const perEpoch = stepsPerEpoch(count, batch);
  let epoch = -1;
  let order: Uint32Array = new Uint32Array();
  return step => {
    const wanted = Math.floor(step / perEpoch);
    if (wanted !== epoch) order = shuffled(count, randomNumbers(seed, wanted));
    epoch = wanted;
    const first = (step % perEpoch) * batch;
    return order.subarray(first, first + batch);
  };
}
