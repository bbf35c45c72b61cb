/** The loss of a perceptron on a plane of its weights, and its slope. On the plane the weights are w₀ + x e₁ + y e₂, so what
 * the hidden layer sums is linear in x and y as well: three products with the examples are made once, and a place then costs
 * only the second layer. That is what makes thousands of places affordable. */

/** A vector, and how it changes along the plane's two axes. */
export type Linear = readonly [at: Float32Array, alongX: Float32Array, alongY: Float32Array];

export interface PlanePerceptron {
  readonly hidden: number;
  readonly classes: number;
  /** The class of each example. */
  readonly labels: Uint8Array;
  /** What hidden units sum, before ReLU: examples x hidden. */
  readonly sums: Linear;
  /** Of the second layer: classes x hidden, and classes. */
  readonly weight: Linear;
  readonly bias: Linear;
}

const resolve = ([at, alongX, alongY]: Linear, x: number, y: number): Float64Array =>
  Float64Array.from(at, (value, i) => value + x * (alongX[i] ?? 0) + y * (alongY[i] ?? 0));

export class PerceptronLoss {
  readonly count: number;
  readonly #hidden: Float64Array;
  readonly #shares: Float64Array;
  /** Of the place that was last asked for. */
  #place: readonly [x: number, y: number] = [Number.NaN, Number.NaN];
  #weight: Float64Array = new Float64Array();
  #bias: Float64Array = new Float64Array();
  /** There: the slopes of single examples, as far as they are known. Clouds of batches ask for the same ones often. */
  readonly #slopes: Float64Array;
  readonly #isKnown: Uint8Array;

  constructor(readonly network: PlanePerceptron) {
    this.count = network.labels.length;
    this.#hidden = new Float64Array(network.hidden);
    this.#shares = new Float64Array(network.classes);
    this.#slopes = new Float64Array(2 * this.count);
    this.#isKnown = new Uint8Array(this.count);
  }

  /** The mean cross-entropy over all examples. */
  value(x: number, y: number): number {
    this.#moveTo(x, y);
    let sum = 0;
    for (let example = 0; example < this.count; example++) sum += this.#runExample(example);
    return sum / this.count;
  }

  /** Writes the two derivatives of the mean over the chosen examples to `out`, at `at` and `at` + 1. */
  gradient(x: number, y: number, chosen: ArrayLike<number>, out: Float64Array, at: number): void {
    this.#moveTo(x, y);
    const slopes = this.#slopes;
    let [alongX, alongY] = [0, 0];
    for (let i = 0; i < chosen.length; i++) {
      const example = chosen[i] ?? 0;
      if (this.#isKnown[example] === 0) this.#computeSlope(example);
      alongX += slopes[2 * example] ?? 0;
      alongY += slopes[2 * example + 1] ?? 0;
    }
    out[at] = alongX / chosen.length;
    out[at + 1] = alongY / chosen.length;
  }

  #moveTo(x: number, y: number): void {
    if (x === this.#place[0] && y === this.#place[1]) return;
    this.#place = [x, y];
    this.#weight = resolve(this.network.weight, x, y);
    this.#bias = resolve(this.network.bias, x, y);
    this.#isKnown.fill(0);
  }

  /** Computes the hidden units and the shares of classes (softmax) of an example. Returns its cross-entropy. */
  #runExample(example: number): number {
    const { sums, hidden, classes, labels } = this.network;
    const [at, alongX, alongY] = sums;
    const [x, y] = this.#place;
    const units = this.#hidden;
    const shares = this.#shares;
    const weight = this.#weight;
    const bias = this.#bias;
    for (let unit = 0, i = example * hidden; unit < hidden; unit++, i++) {
      const sum = (at[i] ?? 0) + x * (alongX[i] ?? 0) + y * (alongY[i] ?? 0);
      units[unit] = sum > 0 ? sum : 0;
    }
    let most = Number.NEGATIVE_INFINITY;
    for (let c = 0, i = 0; c < classes; c++) {
      let score = bias[c] ?? 0;
      for (let unit = 0; unit < hidden; unit++, i++) score += (weight[i] ?? 0) * (units[unit] ?? 0);
      shares[c] = score;
      if (score > most) most = score;
    }
    const own = shares[labels[example] ?? 0] ?? 0;
    let sum = 0;
    for (let c = 0; c < classes; c++) {
      const power = Math.exp((shares[c] ?? 0) - most);
      shares[c] = power;
      sum += power;
    }
    for (let c = 0; c < classes; c++) shares[c] = (shares[c] ?? 0) / sum;
    return Math.log(sum) + most - own;
  }

  /** By the chain rule: how far scores are wrong, times how scores change along each axis, by the second layer's own change and
   * through the hidden units that are not cut off. */
  #computeSlope(example: number): void {
    this.#runExample(example);
    const { sums, weight, bias, hidden, classes, labels } = this.network;
    const [, sumX, sumY] = sums;
    const [, weightX, weightY] = weight;
    const [, biasX, biasY] = bias;
    const answers = this.#hidden;
    const own = this.#weight;
    const shares = this.#shares;
    const label = labels[example] ?? 0;
    let alongX = 0;
    let alongY = 0;
    for (let c = 0, i = 0; c < classes; c++) {
      const wrong = (shares[c] ?? 0) - (c === label ? 1 : 0);
      let byX = biasX[c] ?? 0;
      let byY = biasY[c] ?? 0;
      for (let unit = 0, j = example * hidden; unit < hidden; unit++, i++, j++) {
        const answer = answers[unit] ?? 0;
        if (answer <= 0) continue;
        const factor = own[i] ?? 0;
        byX += (weightX[i] ?? 0) * answer + factor * (sumX[j] ?? 0);
        byY += (weightY[i] ?? 0) * answer + factor * (sumY[j] ?? 0);
      }
      alongX += wrong * byX;
      alongY += wrong * byY;
    }
    this.#slopes[2 * example] = alongX;
    this.#slopes[2 * example + 1] = alongY;
    this.#isKnown[example] = 1;
  }
}
