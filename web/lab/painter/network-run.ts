/** The run of a network that the engine trains: its weights are drawn by the seed, and may be edited while it learns. */
import { type Plan, Session } from '../network/session.ts';
import { randomNumbers } from '../numbers/random.ts';
import { formatCount } from '../shell/format.ts';
import type { Host } from '../shell/tab.ts';
import { themeColor } from '../shell/theme.ts';
import type { Scene } from './draw-protocol.ts';
import { WHOLE } from './drawer.ts';
import { placesOf } from './evaluate.ts';
import {
  type Activation,
  buildModel,
  drawWeights,
  gridName,
  gridNames,
  type Kind,
  learnedLayers,
  makeNetwork,
  namesOf,
  outputLayer,
  outputName,
  type PixelNetwork,
} from './network.ts';
import { painterOptimizer } from './optimizer.ts';
import { type Pixels, planesOf } from './pixels.ts';
import { type Losses, quarterOf, type Run } from './run.ts';
import { type PainterValues, rateOf, sizeOf } from './settings.ts';

/** How a run is set; perceptrons also with activations that the tab has side by side alone. */
export type RunValues = Omit<PainterValues, 'act'> & { readonly act: Activation };

/** It stops by itself after so many steps. */
export const MAX_STEPS = 1e6;
/** Of a torn hole, in the picture's -1 to 1. */
const HOLE = 0.3;
/** The loss of now is a mean of so many steps. */
const RECENT = 20;

export class NetworkRun implements Run {
  readonly unit = 'step';
  network: PixelNetwork = { inputs: 2, grids: [], layers: [] };
  weights = new Map<string, Float32Array>();
  #session: Session | null = null;
  #isSlow = false;
  #wounds = 0;

  constructor(
    readonly host: Host,
    readonly values: () => RunValues,
    readonly pixels: () => Pixels,
    readonly onProgress: () => void,
  ) {}

  get scene(): Scene | null {
    return this.network.layers.length > 0
      ? { network: this.network, weights: this.weights, latent: [0, 0] }
      : null;
  }

  /** Of all steps so far. */
  get losses(): readonly number[] {
    return this.#session?.losses ?? [];
  }

  get place(): string {
    return `Step ${formatCount(this.losses.length)}`;
  }

  get curves(): readonly Losses[] {
    return [{ values: this.losses, color: themeColor('accent') }];
  }

  get loss(): number {
    const last = this.losses.slice(-RECENT);
    return last.reduce((sum, loss) => sum + loss, 0) / last.length;
  }

  begin(): void {
    const values = this.values();
    this.network = makeNetwork({ kind: values.net as Kind, act: values.act, ...sizeOf(values) });
    this.weights = drawWeights(this.network, values.seed);
    const plan = this.#makePlan();
    if (this.#session) this.#session.restart(plan);
    else {
      this.#session = new Session(plan, this.host, {
        onProgress: (_, weights) => {
          for (const [name, own] of weights) if (this.weights.has(name)) this.weights.set(name, own);
          this.onProgress();
        },
      });
      this.#session.setSlow(this.#isSlow);
    }
    this.onProgress();
  }

  play(): void {
    this.#session?.play();
  }

  pause(): void {
    this.#session?.pause();
  }

  close(): void {
    this.#session?.close();
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#session?.setSlow(isSlow);
  }

  step(): void {
    this.#session?.step();
  }

  /** So many steps, then it rests; for runs that take turns. */
  async advance(steps: number): Promise<void> {
    await this.#session?.advance(steps);
  }

  follow(names: ReadonlySet<string>): void {
    if (!['opt', 'lr', 'batch', 'frozen'].some(name => names.has(name))) return;
    this.#change(names.size === 1 && names.has('lr'));
  }

  /** The rate alone needs no new trainer. */
  #change(isRate: boolean): void {
    const session = this.#session;
    if (!session) return;
    session.change(isRate ? { ...session.plan, rate: rateOf(this.values()) } : this.#makePlan());
  }

  /** Nothing goes into these units, and nothing comes out. */
  tear(layer: number, units: readonly number[]): void {
    this.#takeOut(layer, units);
    this.#change(false);
    this.onProgress();
  }

  /** Grids lose all around a place; other networks a quarter of their hidden units. */
  damage(at: readonly [number, number] | null): void {
    const { grids, layers } = this.network;
    if (grids.length > 0) this.#tearHole(at ?? this.#somewhere());
    else {
      layers.slice(0, -1).forEach(({ isFixed, to }, i) => {
        if (!isFixed) this.#takeOut(i, quarterOf(to, this.#wounds));
      });
      this.#wounds += 1;
    }
    this.#change(false);
    this.onProgress();
  }

  #takeOut(index: number, units: readonly number[]): void {
    const { layers } = this.network;
    const [own, next] = [layers[index], layers[index + 1]];
    if (!own || !next) return;
    const [weight, bias] = namesOf(own).map(name => this.#edit(name));
    const out = this.#edit(namesOf(next)[0] ?? '');
    for (const unit of units) {
      weight?.fill(0, unit * own.from, (unit + 1) * own.from);
      bias?.fill(0, unit, unit + 1);
      for (let o = 0; o < next.to; o++) out[o * next.from + unit] = 0;
    }
  }

  /** A place that the seed chooses, another each time. */
  #somewhere(): readonly [number, number] {
    const random = randomNumbers(this.values().seed, 5, this.#wounds++);
    return [1.2 * random() - 0.6, 1.2 * random() - 0.6];
  }

  #tearHole([x, y]: readonly [number, number]): void {
    for (const side of this.network.grids) {
      const table = this.#edit(gridName(side));
      for (let i = 0; i < table.length; i++) {
        const node = i % (side * side);
        const [column, row] = [node % side, Math.floor(node / side)];
        const apart = Math.hypot((2 * column) / (side - 1) - 1 - x, (2 * row) / (side - 1) - 1 - y);
        if (apart < HOLE) table[i] = 0;
      }
    }
  }

  /** A copy to change, for the trainer has the other. */
  #edit(name: string): Float32Array {
    const copy = (this.weights.get(name) ?? new Float32Array()).slice();
    this.weights.set(name, copy);
    return copy;
  }

  /** A plan whose model has the weights as they are. */
  #makePlan(): Plan {
    const values = this.values();
    const { network } = this;
    let picture = this.pixels();
    const { width, height } = picture;
    const isWhole = values.batch === 'all';
    const side = isWhole ? width : Number(values.batch);
    const xy = isWhole ? placesOf(network, WHOLE, width, height, [0, 0]) : null;
    const frozen = new Set(values.frozen);
    const learned = [
      ...(frozen.has('grids') ? [] : gridNames(network)),
      ...learnedLayers(network)
        .filter(({ name }) => !frozen.has(name))
        .flatMap(namesOf),
    ];
    const output = outputName(network);
    return {
      model: buildModel(network, this.weights, side, side),
      parameters: learned.length > 0 ? learned : namesOf(outputLayer(network)),
      loss: 'mse',
      optimizer: painterOptimizer(values.opt),
      rate: rateOf(values),
      batch: 1,
      ...(isWhole ? {} : { pixels: { coordinates: 'xy', width, height } }),
      seed: values.seed,
      steps: MAX_STEPS,
      makeBatch: () => {
        const now = this.pixels();
        // Another network may want a picture of other sides by now.
        if (now.width === width) picture = now;
        return { ...(xy && { xy }), [output]: planesOf(picture) };
      },
    };
  }
}
