/** Synaptic.js' perceptron to the letter (Architect.Perceptron of version 1.1.4): a hidden layer, an output of sigmoids,
 * and one step for each pixel. Its errors are target minus output, without the derivative of the output; the weights of the
 * output change before the hidden layer asks for them. */
import { randomNumbers } from '../numbers/random.ts';
import { FastPerceptron } from './perceptron-wasm.ts';
import { INPUTS, OUTPUTS, type Pixels, type Squash, UNIT } from './pixels.ts';
import { sigmoid } from './sigmoid-table.ts';

/** Weights and biases begin in -0.1 to 0.1. */
const BOUND = 0.1;

/** The rate of a sweep over all pixels, from 0 on. */
export const rateOfSweep = (sweep: number, rate: number): number => rate / (1 + 0.0005 * sweep);

/** Null where there is no WebAssembly, or none is allowed. */
function makeFast(hidden: number, squash: Squash): FastPerceptron | null {
  try {
    return new FastPerceptron(hidden, squash);
  } catch {
    return null;
  }
}

export class Perceptron {
  /** Hidden units one after the other, then the biases of red, green and blue. */
  readonly numbers: Float64Array;
  readonly #activations: Float64Array;
  readonly #slopes: Float64Array;
  readonly #fast: FastPerceptron | null = null;

  constructor(
    readonly hidden: number,
    readonly squash: Squash,
    seed = 0,
    isFast = true,
  ) {
    if (isFast) this.#fast = makeFast(hidden, squash);
    const random = randomNumbers(seed, 15);
    this.numbers = Float64Array.from({ length: hidden * UNIT + OUTPUTS }, () => BOUND * (2 * random() - 1));
    this.#activations = new Float64Array(hidden);
    this.#slopes = new Float64Array(hidden);
  }

  /** Steps on the pixels of a column, from above, as the inner loop of the seed does. */
  learnColumn(pixels: Pixels, column: number, rate: number): void {
    const { width, height, colors } = pixels;
    if (this.#fast && height <= this.#fast.maxRows) {
      this.#fast.learn(this.numbers, pixels, column, rate);
      return;
    }
    for (let y = 0; y < height; y++) {
      const pixel = 3 * (y * width + column);
      this.step(
        column / width,
        y / height,
        colors[pixel] ?? 0,
        colors[pixel + 1] ?? 0,
        colors[pixel + 2] ?? 0,
        rate,
      );
    }
  }

  /** The mean of squared errors of all colours, of every `stride`th pixel. */
  errorOf({ width, height, colors }: Pixels, stride: number): number {
    let [sum, count] = [0, 0];
    for (let pixel = 0; pixel < width * height; pixel += stride) {
      const made = this.activate((pixel % width) / width, Math.floor(pixel / width) / height);
      for (let c = 0; c < OUTPUTS; c++) sum += ((colors[3 * pixel + c] ?? 0) - (made[c] ?? 0)) ** 2;
      count += OUTPUTS;
    }
    return sum / count;
  }

  /** The colour of a place. */
  activate(x: number, y: number): [red: number, green: number, blue: number] {
    this.#activate(x, y);
    const end = this.hidden * UNIT;
    const sum = (c: number) => {
      let state = this.numbers[end + c] ?? 0;
      for (let j = 0; j < this.hidden; j++) {
        state += (this.#activations[j] ?? 0) * (this.numbers[j * UNIT + INPUTS + 1 + c] ?? 0);
      }
      return sigmoid(state);
    };
    return [sum(0), sum(1), sum(2)];
  }

  /** One step on one place and its colour. */
  step(x: number, y: number, red: number, green: number, blue: number, rate: number): void {
    const { numbers, hidden } = this;
    const [activations, slopes] = [this.#activations, this.#slopes];
    const end = hidden * UNIT;
    this.#activate(x, y);
    let r = numbers[end] ?? 0;
    let g = numbers[end + 1] ?? 0;
    let b = numbers[end + 2] ?? 0;
    for (let j = 0, at = 3; j < hidden; j++, at += UNIT) {
      const activation = activations[j] ?? 0;
      r += activation * (numbers[at] ?? 0);
      g += activation * (numbers[at + 1] ?? 0);
      b += activation * (numbers[at + 2] ?? 0);
    }
    r = red - sigmoid(r);
    g = green - sigmoid(g);
    b = blue - sigmoid(b);
    const [byRed, byGreen, byBlue] = [rate * r, rate * g, rate * b];
    numbers[end] = (numbers[end] ?? 0) + byRed;
    numbers[end + 1] = (numbers[end + 1] ?? 0) + byGreen;
    numbers[end + 2] = (numbers[end + 2] ?? 0) + byBlue;
    for (let j = 0, at = 0; j < hidden; j++, at += UNIT) {
      const activation = activations[j] ?? 0;
      const toRed = (numbers[at + 3] ?? 0) + byRed * activation;
      const toGreen = (numbers[at + 4] ?? 0) + byGreen * activation;
      const toBlue = (numbers[at + 5] ?? 0) + byBlue * activation;
      numbers[at + 3] = toRed;
      numbers[at + 4] = toGreen;
      numbers[at + 5] = toBlue;
      const change = rate * (slopes[j] ?? 0) * (r * toRed + g * toGreen + b * toBlue);
      numbers[at] = (numbers[at] ?? 0) + change * x;
      numbers[at + 1] = (numbers[at + 1] ?? 0) + change * y;
      numbers[at + 2] = (numbers[at + 2] ?? 0) + change;
    }
  }

  /** Takes a hidden unit out: all of its numbers are zero. */
  tear(unit: number): void {
    this.numbers.fill(0, unit * UNIT, (unit + 1) * UNIT);
  }

  /** Computes the hidden units and their derivatives. That of a step is 1, as synaptic has it. */
  #activate(x: number, y: number): void {
    const { numbers, hidden, squash } = this;
    const [activations, slopes] = [this.#activations, this.#slopes];
    if (squash === 'sigmoid') {
      for (let j = 0, at = 0; j < hidden; j++, at += UNIT) {
        const value = sigmoid((numbers[at + 2] ?? 0) + x * (numbers[at] ?? 0) + y * (numbers[at + 1] ?? 0));
        activations[j] = value;
        slopes[j] = value * (1 - value);
      }
      return;
    }
    for (let j = 0, at = 0; j < hidden; j++, at += UNIT) {
      const state = (numbers[at + 2] ?? 0) + x * (numbers[at] ?? 0) + y * (numbers[at + 1] ?? 0);
      if (squash === 'tanh') {
        const value = 2 * sigmoid(2 * state) - 1;
        activations[j] = value;
        slopes[j] = 1 - value * value;
      } else {
        const isOn = state > 0;
        activations[j] = squash === 'identity' ? state : isOn ? (squash === 'relu' ? state : 1) : 0;
        slopes[j] = isOn || squash !== 'relu' ? 1 : 0;
      }
    }
  }
}
