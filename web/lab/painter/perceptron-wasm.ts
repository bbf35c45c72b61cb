/** The steps of `Perceptron` on two hidden units at a time, as a WebAssembly module that is written here: the same formulas
 * in float64, in vectors of two. Where a site forbids WebAssembly, the loops of `Perceptron` go on. */
import type { Pixels, Squash } from './pixels.ts';

type Code = readonly number[];

/** The planes of hidden units: weights of x and y, biases, and weights to red, green and blue. */
const PLANES = 6;
const DOUBLE = 8;
const MEMORY_BYTES = 65_536;
/** Of a pixel: red, green, blue, and room. */
const COLOR_BYTES = 4 * DOUBLE;

const F64 = 0x7c;
const I32 = 0x7f;
const V128 = 0x7b;

/** Locals of the function: parameters, then others. */
const [X, COUNT, HEIGHT, RATE, ROW, COLOR] = [0, 1, 2, 3, 4, 5];
const [XX, YY, RATES, POWER, WHOLE, REST, SQUARE, ACTIVATION, CHANGE, RED_GREEN, BLUE] = [
  6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
];
/** Three each; of sums two times three, so that one need not wait for the other. */
const [ERRORS, STEPS, SUMS] = [17, 20, 23];
const VECTORS = 23;

/** An unsigned number as LEB128. */
function leb(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest > 0 ? low | 0x80 : low);
  } while (rest > 0);
  return bytes;
}

const bytesOf = (value: number): number[] => [...new Uint8Array(Float64Array.of(value).buffer)];
const get = (local: number): Code => [0x20, local];
const set = (local: number, value: Code): Code => [...value, 0x21, local];
const simd = (opcode: number, ...operands: Code[]): Code => [...operands.flat(), 0xfd, ...leb(opcode)];
const splat = (value: Code): Code => simd(0x14, value);
const add = (...terms: Code[]): Code => terms.reduce((a, b) => simd(0xf0, a, b));
const sub = (a: Code, b: Code): Code => simd(0xf1, a, b);
const mul = (a: Code, b: Code): Code => simd(0xf2, a, b);
const div = (a: Code, b: Code): Code => simd(0xf3, a, b);
const min = (a: Code, b: Code): Code => simd(0xf4, a, b);
const max = (a: Code, b: Code): Code => simd(0xf5, a, b);
const pair = (a: number, b = a): Code => [0xfd, 0x0c, ...bytesOf(a), ...bytesOf(b)];
/** 1 where the first is larger, else 0. */
const larger = (a: Code, b: Code): Code => simd(0x4e, simd(0x4a, a, b), pair(1));
const ALIGN = 3;
const load = (at: number): Code => [0x41, 0, 0xfd, 0x00, ALIGN, ...leb(at)];
const store = (at: number, value: Code): Code => [0x41, 0, ...value, 0xfd, 0x0b, ALIGN, ...leb(at)];
const lane = (value: Code, which: 0 | 1): Code => [...value, 0xfd, 0x21, which];
/** The lower halves of two pairs, and the upper ones. */
const shuffle = (a: Code, b: Code, first: 0 | 8): Code => [
  ...[...a, ...b, 0xfd, 0x0d],
  ...Array.from({ length: 16 }, (_, i) => first + i + (i < 8 ? 0 : 8)),
];
/** The sum of the first pair, and that of the second. */
const sums = (a: Code, b: Code): Code => add(shuffle(a, b, 0), shuffle(a, b, 8));

/** The Taylor series of 2 ** x, to 1e-8 for half a power. */
const SERIES = [1, 1, 2, 6, 24, 120, 720, 5040].map((factorial, i) => Math.LN2 ** i / factorial);
/** Powers of two beyond which the logistic function is 0 or 1, to 1e-17. */
const REACH = 57;
/** Added to a whole number n, it leaves n + 1023 in the lowest bits: the exponent of 2 ** n. */
const EXPONENT = 2 ** 52 + 1023;

/** 1 / (1 + exp(-x)) of a pair: a whole power of two, and a series for the rest. What it computes first, and its value. */
function logistic(x: Code): [before: Code, value: Code] {
  const before = [
    ...set(POWER, min(max(mul(x, pair(-Math.LOG2E)), pair(-REACH)), pair(REACH))),
    ...set(WHOLE, simd(0x94, get(POWER))),
    ...set(REST, sub(get(POWER), get(WHOLE))),
    ...set(SQUARE, mul(get(REST), get(REST))),
  ];
  // Four terms at a time, in a tree: a processor computes its branches at once (Estrin 1960).
  const two = (i: number) => add(pair(SERIES[i] ?? 0), mul(pair(SERIES[i + 1] ?? 0), get(REST)));
  const four = (i: number) => add(two(i), mul(two(i + 2), get(SQUARE)));
  const series = add(four(0), mul(four(4), mul(get(SQUARE), get(SQUARE))));
  const power: Code = [...add(get(WHOLE), pair(EXPONENT)), 0x41, 52, 0xfd, ...leb(0xcb)];
  return [before, div(pair(1), add(pair(1), mul(series, power)))];
}

/** What a hidden pair answers, and its derivative by that answer. */
function squashCode(squash: Squash, state: Code): [before: Code, value: Code, slope: Code] {
  const made = get(ACTIVATION);
  if (squash === 'sigmoid') return [...logistic(state), mul(made, sub(pair(1), made))];
  if (squash === 'tanh') {
    const [before, value] = logistic(add(state, state));
    return [before, sub(add(value, value), pair(1)), sub(pair(1), mul(made, made))];
  }
  if (squash === 'relu') return [[], max(state, pair(0)), larger(made, pair(0))];
  return [[], squash === 'step' ? larger(state, pair(0)) : state, pair(1)];
}

interface Layout {
  /** Bytes of a plane. */
  readonly plane: number;
  /** Where biases of the output, activations and colours begin. */
  readonly biases: number;
  readonly activations: number;
  readonly colors: number;
}

function layoutOf(hidden: number): Layout {
  const plane = 2 * DOUBLE * Math.ceil(hidden / 2);
  const biases = PLANES * plane;
  return { plane, biases, activations: biases + 4 * DOUBLE, colors: biases + 4 * DOUBLE + plane };
}

/** The step on one pixel. */
function stepCode(hidden: number, squash: Squash): Code {
  const { plane, biases, activations, colors } = layoutOf(hidden);
  const code: number[] = [];
  const emit = (...parts: Code[]) => {
    for (const part of parts) code.push(...part);
  };
  const three = [0, 1, 2] as const;
  const pairs = Array.from({ length: plane / 16 }, (_, i) => 16 * i);
  for (const c of [0, 1, 2, 3, 4, 5]) emit(set(SUMS + c, pair(0)));
  pairs.forEach((at, i) => {
    const state = add(add(load(2 * plane + at), mul(get(XX), load(at))), mul(get(YY), load(plane + at)));
    const [before, value] = squashCode(squash, state);
    // The last pair of an odd number has only one unit.
    const isHalf = at + 16 === plane && hidden % 2 === 1;
    emit(before, set(ACTIVATION, isHalf ? mul(value, pair(1, 0)) : value));
    emit(store(activations + at, get(ACTIVATION)));
    for (const c of three) {
      const sum = SUMS + c + 3 * (i % 2);
      emit(set(sum, add(get(sum), mul(get(ACTIVATION), load((3 + c) * plane + at)))));
    }
  });
  const whole = (c: number) => add(get(SUMS + c), get(SUMS + c + 3));
  for (const [local, at, first, second] of [
    [RED_GREEN, 0, 0, 1],
    [BLUE, 16, 2, 2],
  ] as const) {
    const [before, value] = logistic(add(load(biases + at), sums(whole(first), whole(second))));
    const color: Code = [...get(COLOR), 0xfd, 0x00, ALIGN, ...leb(colors + at)];
    emit(before, set(local, sub(color, value)));
    emit(store(biases + at, add(load(biases + at), mul(get(RATES), get(local)))));
  }
  for (const c of three) {
    emit(set(ERRORS + c, splat(lane(get(c < 2 ? RED_GREEN : BLUE), c === 1 ? 1 : 0))));
    emit(set(STEPS + c, mul(get(RATES), get(ERRORS + c))));
  }
  for (const at of pairs) {
    emit(set(ACTIVATION, load(activations + at)));
    for (const c of three) {
      const own = (3 + c) * plane + at;
      emit(store(own, add(load(own), mul(get(STEPS + c), get(ACTIVATION)))));
    }
    const asked = add(...three.map(c => mul(get(ERRORS + c), load((3 + c) * plane + at))));
    const [, , slope] = squashCode(squash, []);
    emit(set(CHANGE, mul(mul(get(RATES), slope), asked)));
    emit(
      store(at, add(load(at), mul(get(CHANGE), get(XX)))),
      store(plane + at, add(load(plane + at), mul(get(CHANGE), get(YY)))),
      store(2 * plane + at, add(load(2 * plane + at), get(CHANGE))),
    );
  }
  return code;
}

const section = (id: number, content: Code): Code => [id, ...leb(content.length), ...content];
const named = (text: string): Code => [text.length, ...Array.from(text, letter => letter.charCodeAt(0))];

/** A module with `memory` and `column(x, count, height, rate)`: steps on the pixels of a column, from above. */
function moduleCode(hidden: number, squash: Squash): Uint8Array<ArrayBuffer> {
  const body = [
    2,
    ...[2, I32],
    ...[VECTORS, V128],
    ...set(XX, splat(get(X))),
    ...set(RATES, splat(get(RATE))),
    ...[0x03, 0x40],
    // y = row / height
    ...set(YY, splat([...get(ROW), 0xb7, ...get(HEIGHT), 0xa3])),
    ...stepCode(hidden, squash),
    ...set(COLOR, [...get(COLOR), 0x41, COLOR_BYTES, 0x6a]),
    ...[...get(ROW), 0x41, 1, 0x6a, 0x22, ROW, ...get(COUNT), 0x49, 0x0d, 0],
    ...[0x0b, 0x0b],
  ];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 4, F64, I32, F64, F64, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...named('memory'), 2, 0, ...named('column'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  );
}

type Column = (x: number, count: number, height: number, rate: number) => void;

export class FastPerceptron {
  readonly #memory: Float64Array;
  readonly #column: Column;
  readonly #layout: Layout;

  /** Throws where WebAssembly or its vectors are missing or forbidden. */
  constructor(
    readonly hidden: number,
    squash: Squash,
  ) {
    const module = new WebAssembly.Module(moduleCode(hidden, squash));
    const { memory, column } = new WebAssembly.Instance(module).exports;
    this.#memory = new Float64Array((memory as WebAssembly.Memory).buffer);
    this.#column = column as Column;
    this.#layout = layoutOf(hidden);
  }

  /** The most pixels of a column that fit into its memory. */
  get maxRows(): number {
    return Math.floor((MEMORY_BYTES - this.#layout.colors) / COLOR_BYTES);
  }

  /** Steps on the pixels of a column, from above. `numbers` are those of a `Perceptron`, which are changed. */
  learn(numbers: Float64Array, { width, height, colors }: Pixels, column: number, rate: number): void {
    const memory = this.#memory;
    const { plane, biases, colors: first } = this.#layout;
    const [units, end] = [plane / DOUBLE, this.hidden * PLANES];
    for (let unit = 0; unit < this.hidden; unit++) {
      for (let p = 0; p < PLANES; p++) memory[p * units + unit] = numbers[unit * PLANES + p] ?? 0;
    }
    memory.set(numbers.subarray(end), biases / DOUBLE);
    for (let y = 0, at = first / DOUBLE; y < height; y++, at += COLOR_BYTES / DOUBLE) {
      const pixel = 3 * (y * width + column);
      memory[at] = colors[pixel] ?? 0;
      memory[at + 1] = colors[pixel + 1] ?? 0;
      memory[at + 2] = colors[pixel + 2] ?? 0;
    }
    this.#column(column / width, height, height, rate);
    for (let unit = 0; unit < this.hidden; unit++) {
      for (let p = 0; p < PLANES; p++) numbers[unit * PLANES + p] = memory[p * units + unit] ?? 0;
    }
    for (let c = 0; c < 3; c++) numbers[end + c] = memory[biases / DOUBLE + c] ?? 0;
  }
}
