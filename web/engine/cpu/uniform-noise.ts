// Uniform random numbers, the same bits as on GPUs.

import type { UniformNoise } from '../graph/ir/operation.ts';
import { philox, toUnit } from '../graph/ir/philox.ts';
import { LANES } from '../graph/ir/tensor.ts';
import type { Reals } from './arrays.ts';

export function compileUniformNoise(
  { stream, seed, step, output }: UniformNoise,
  live: Reals,
  to: Reals,
): () => void {
  const [n, channels, height, width] = output.shape;
  const [plane, blocks] = [height * width, Math.ceil(channels / LANES)];
  return () => {
    const [key, time] = [Math.trunc(live[seed] ?? 0), Math.trunc(live[step] ?? 0)];
    for (let place = 0; place < n * blocks * plane; place++) {
      const words = philox([place, time, stream, 0], [key, 0]);
      const [image, block] = [Math.floor(place / plane / blocks), Math.floor(place / plane) % blocks];
      for (let lane = 0; lane < Math.min(LANES, channels - block * LANES); lane++) {
        const at = (image * channels + block * LANES + lane) * plane + (place % plane);
        to[at] = toUnit(words[lane] ?? 0);
      }
    }
  };
}
