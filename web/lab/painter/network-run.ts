/** The run of a network that the engine trains: its weights are drawn by the seed, and may be edited while it learns. */
import { adam, createTrainer, type OnnxModel } from '../../engine/training/index.ts';
import { optimizerOf } from '../network/optimizers.ts';
import { type Plan, Session } from '../network/session.ts';
import { randomNumbers } from '../numbers/random.ts';
import type { Host } from '../shell/tab.ts';
import type { Scene } from './draw-protocol.ts';
import {
  buildModel,
  drawWeights,
  GRID_CHANNELS,
  gridName,
  gridNames,
  type Kind,
  learnedLayers,
  makeNetwork,
  namesOf,
  type PixelNetwork,
} from './network.ts';
import type { Pixels } from './pixels.ts';
import { type PainterValues, rateOf, sizeOf } from './settings.ts';

/** It stops by itself after so many steps. */
const MAX_STEPS = 1e6;
/** Gradients of nodes of a grid are small: the usual epsilon would slow them. */
const ADAM = adam({ epsilon: 1e-15 });
/** Of a torn hole, in the picture's -1 to 1. */
const HOLE = 0.3;

type Numbers = Map<string, Float32Array>;

export class NetworkRun {
  network: PixelNetwork = { inputs: 2, grids: [], layers: [] };
  weights: Numbers = new Map();
  #session: Session | null = null;
  #edits = 0;

  constructor(
    readonly host: Host,
    readonly values: () => PainterValues,
    readonly pixels: () => Pixels,
    readonly onProgress: () => void,
  ) {}

  get session(): Session | null {
    return this.#session;
  }

  get losses(): readonly number[] {
    return this.#session?.losses ?? [];
  }

  get scene(): Scene {
    return { network: this.network, weights: this.weights, latent: [0, 0] };
  }

  /** Begins anew, with the network of the settings. */
  rebuild(): void {
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
    }
  }

  /** Goes on with other settings of the training. The rate alone needs no new trainer. */
  change(isRate: boolean): void {
    const session = this.#session;
    if (!session) return;
    session.change(isRate ? { ...session.plan, rate: rateOf(this.values()) } : this.#makePlan());
  }

  /** Takes a unit out of a hidden layer: nothing goes in, and nothing comes out. */
  tear(index: number, unit: number): void {
    const { layers } = this.network;
    const [own, next] = [layers[index], layers[index + 1]];
    if (!own || !next) return;
    this.#edit(own.name, weights => weights.fill(0, unit * own.from, (unit + 1) * own.from), 'weight');
    this.#edit(own.name, bias => bias.fill(0, unit, unit + 1), 'bias');
    this.#edit(
      next.name,
      weights => {
        for (let o = 0; o < next.to; o++) weights[o * next.from + unit] = 0;
        return weights;
      },
      'weight',
    );
    this.change(false);
  }

  /** Empties all grids around a place that the seed chooses. */
  tearHole(): void {
    const random = randomNumbers(this.values().seed, 5, this.#edits++);
    const [x, y] = [1.2 * random() - 0.6, 1.2 * random() - 0.6];
    for (const side of this.network.grids) {
      const table = this.weights.get(gridName(side))?.slice();
      if (!table) continue;
      for (let i = 0; i < table.length; i++) {
        const node = i % (side * side);
        const [column, row] = [node % side, Math.floor(node / side)];
        const apart = Math.hypot((2 * column) / (side - 1) - 1 - x, (2 * row) / (side - 1) - 1 - y);
        if (apart < HOLE) table[i] = 0;
      }
      this.weights.set(gridName(side), table);
    }
    this.change(false);
  }

  #edit(layer: string, change: (values: Float32Array) => Float32Array, part: 'weight' | 'bias'): void {
    const name = `${layer}.${part}`;
    const values = this.weights.get(name)?.slice();
    if (values) this.weights.set(name, change(values));
  }

  /** A plan whose model has the weights as they are. */
  #makePlan(): Plan {
    const values = this.values();
    const { network } = this;
    const side = values.batch === 'all' ? this.pixels().width : Number(values.batch);
    const frozen = new Set(values.frozen);
    const learned = [
      ...(frozen.has('grids') ? [] : gridNames(network)),
      ...learnedLayers(network)
        .filter(({ name }) => !frozen.has(name))
        .flatMap(namesOf),
    ];
    const output = outputOf(network);
    return {
      model: buildModel(network, this.weights, side, side),
      parameters: learned.length > 0 ? learned : namesOf(network.layers.at(-1) ?? missing()),
      loss: 'mse',
      optimizer: values.opt === 'adam' ? ADAM : optimizerOf(values.opt),
      rate: rateOf(values),
      batch: 1,
      seed: values.seed,
      steps: MAX_STEPS,
      makeBatch: step => {
        const { xy, colors } = makeBatch(
          this.pixels(),
          side,
          values.batch === 'all' ? null : [values.seed, step],
        );
        return { xy, [output]: colors };
      },
    };
  }
}

/** The network as a file that takes places of any number. */
export async function saveNetwork({ network, weights }: Scene): Promise<Uint8Array> {
  const model: OnnxModel = buildModel(network, weights, 'height', 'width');
  const trainer = await createTrainer(model, {
    loss: 'mse',
    optimizer: ADAM,
    learningRate: 0,
    parameters: namesOf(network.layers.at(-1) ?? missing()),
    dims: { height: 8, width: 8 },
    backend: 'cpu',
  });
  const bytes = await trainer.save();
  trainer.destroy();
  return bytes;
}

const missing = (): never => {
  throw new Error('The network has no layer.');
};

/** The name of the model's output. */
function outputOf({ layers }: PixelNetwork): string {
  const { name, act } = layers.at(-1) ?? missing();
  return act === 'identity' ? name : `${name} ${act}`;
}

/** Places and colours of side x side pixels: drawn at random by the keys, or all of the picture. */
export function makeBatch(
  { width, height, colors }: Pixels,
  side: number,
  keys: readonly number[] | null,
): { xy: Float32Array; colors: Float32Array } {
  const count = side * side;
  const all = width * height;
  const random = keys && randomNumbers(...keys);
  const [xy, made] = [new Float32Array(2 * count), new Float32Array(3 * count)];
  for (let i = 0; i < count; i++) {
    const pixel = random ? Math.floor(random() * all) : i;
    xy[i] = (2 * (pixel % width) + 1) / width - 1;
    xy[count + i] = (2 * Math.floor(pixel / width) + 1) / height - 1;
    for (let c = 0; c < 3; c++) made[c * count + i] = colors[3 * pixel + c] ?? 0;
  }
  return { xy, colors: made };
}

/** Numbers of the grids, for the card that shows them. */
export const gridNumbers = ({ grids }: PixelNetwork): number =>
  grids.reduce((sum, side) => sum + GRID_CHANNELS * side * side, 0);
