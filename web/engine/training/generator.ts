// torch's random numbers on the CPU: the Mersenne Twister (Matsumoto and Nishimura 1998), and how torch 2.13 makes uniform
// and normal numbers of its draws (ATen/core/DistributionsHelper.h, ATen/native/cpu/DistributionTemplates.h).

import { logarithm, sineAndCosine } from './float32-math.ts';

const STATE = 624;
const SHIFT = 397;
/** From so many elements on, torch draws normal numbers in float32 and in groups of that size. */
const GROUP = 16;

export class TorchGenerator {
  readonly #state = new Uint32Array(STATE);
  #at = STATE;
  /** The second of the two normal numbers that the last draw in float64 made. */
  #spare: number | null = null;

  /** As `torch.manual_seed(seed)`. Of the seed, the generator reads the lower 32 bits, as an array of them stores. */
  constructor(seed: number) {
    const state = this.#state;
    state[0] = seed;
    for (let i = 1; i < STATE; i++) {
      const before = state[i - 1] ?? 0;
      state[i] = Math.imul(1812433253, before ^ (before >>> 30)) + i;
    }
  }

  /** 32 random bits. */
  draw(): number {
    if (this.#at === STATE) this.#renew();
    let bits = this.#state[this.#at] ?? 0;
    this.#at += 1;
    bits ^= bits >>> 11;
    bits ^= (bits << 7) & 0x9d2c5680;
    bits ^= (bits << 15) & 0xefc60000;
    return (bits ^ (bits >>> 18)) >>> 0;
  }

  #renew(): void {
    const state = this.#state;
    for (let i = 0; i < STATE; i++) {
      const joined = ((state[i] ?? 0) & 0x80000000) | ((state[(i + 1) % STATE] ?? 0) & 0x7fffffff);
      const far = state[(i + SHIFT) % STATE] ?? 0;
      state[i] = far ^ (joined >>> 1) ^ (joined & 1 ? 0x9908b0df : 0);
    }
    this.#at = 0;
  }

  /** A float32 in [0, 1), of 24 bits. */
  #single(): number {
    return (this.draw() & 0xffffff) / 2 ** 24;
  }

  /** A float64 in [0, 1), of 53 bits. */
  #double(): number {
    const high = this.draw() & 0x1fffff;
    return (high * 2 ** 32 + this.draw()) / 2 ** 53;
  }

  /** As `Tensor.uniform_(low, high)` in float32. */
  uniform(size: number, low: number, high: number): Float32Array {
    const [from, to] = [Math.fround(low), Math.fround(high)];
    const span = Math.fround(to - from);
    return new Float32Array(size).map(() => this.#single() * span + from);
  }

  /** As `Tensor.normal_(mean, deviation)` in float32. */
  normal(size: number, mean: number, deviation: number): Float32Array {
    if (size < GROUP) return new Float32Array(size).map(() => this.#normalDouble() * deviation + mean);
    const values = new Float32Array(size).map(() => this.#single());
    for (let at = 0; at + GROUP <= size; at += GROUP) toNormal(values.subarray(at), mean, deviation);
    if (size % GROUP > 0) {
      // The last group overlaps the one before, and is drawn once more.
      const last = values.subarray(size - GROUP);
      for (let i = 0; i < GROUP; i++) last[i] = this.#single();
      toNormal(last, mean, deviation);
    }
    return values;
  }

  /** A standard normal number (Box and Muller 1958), which come in pairs. */
  #normalDouble(): number {
    const spare = this.#spare;
    this.#spare = null;
    if (spare !== null) return spare;
    const [turn, part] = [this.#double(), this.#double()];
    const radius = Math.sqrt(-2 * Math.log1p(-part));
    this.#spare = radius * Math.sin(2 * Math.PI * turn);
    return radius * Math.cos(2 * Math.PI * turn);
  }
}

const TURN = Math.fround(2 * Math.PI);

/** Makes normal numbers of the first 16 uniform ones. Intermediate values are float32, as in torch. */
function toNormal(values: Float32Array, mean: number, deviation: number): void {
  const half = GROUP / 2;
  const [offset, scale] = [Math.fround(mean), Math.fround(deviation)];
  for (let i = 0; i < half; i++) {
    const part = Math.fround(1 - (values[i] ?? 0));
    const radius = Math.fround(Math.sqrt(Math.fround(-2 * logarithm(part))));
    const [sine, cosine] = sineAndCosine(Math.fround(TURN * (values[i + half] ?? 0)));
    values[i] = Math.fround(radius * cosine) * scale + offset;
    values[i + half] = Math.fround(radius * sine) * scale + offset;
  }
}
