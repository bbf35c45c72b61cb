/** Pictures that nobody trained: networks of x, y, the distance from the middle and two more numbers, as deeplearn.js' demo
 * nn-art has them, bred by hand as in Picbreeder (Secretan et al. 2008). A picture is its seed and the children that were
 * picked, so that an address holds it. */
import { normal, randomNumbers } from '../numbers/random.ts';
import { type Activation, namesOf, type PixelLayer, type PixelNetwork } from './network.ts';

/** Standard deviations of first weights, as nn-art has them, and of a child's changes. */
const [FIRST, CHANGE] = [0.6, 0.18];
export const CHILDREN = 9;
const INPUTS = 5;

export function makeCppn(depth: number, width: number, act: Activation): PixelNetwork {
  const layer = (name: string, from: number, to: number, own: Activation): PixelLayer => ({
    name,
    from,
    to,
    act: own,
    factor: 1,
    isFixed: false,
  });
  const hidden = Array.from({ length: depth }, (_, i) =>
    layer(`hidden${i + 1}`, i === 0 ? INPUTS : width, width, act),
  );
  return { inputs: INPUTS, grids: [], layers: [...hidden, layer('colour', width, 3, 'sigmoid')] };
}

/** The first picture of a seed, changed as each picked child was. Child 0 is its parent, unchanged. */
export function weightsOfPath(
  network: PixelNetwork,
  seed: number,
  path: readonly number[],
): Map<string, Float32Array> {
  const weights = new Map<string, Float32Array>();
  const random = randomNumbers(seed, 60);
  for (const one of network.layers) {
    const [weight = '', bias = ''] = namesOf(one);
    weights.set(
      weight,
      Float32Array.from({ length: one.from * one.to }, () => FIRST * normal(random)),
    );
    weights.set(
      bias,
      Float32Array.from({ length: one.to }, () => FIRST * normal(random)),
    );
  }
  path.forEach((child, generation) => {
    if (child === 0) return;
    const changes = randomNumbers(seed, 61, generation, child);
    for (const values of weights.values()) {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? 0) + CHANGE * normal(changes);
    }
  });
  return weights;
}
