/** Asks the worker of the perceptrons. */
import type { Scene } from './draw-protocol.ts';
import { asNetwork } from './perceptron-network.ts';
import type { PerceptronOrder, PerceptronProgress } from './perceptron-protocol.ts';
import { OUTPUTS, type Pixels, SQUASHES, type Squash, UNIT } from './pixels.ts';

export interface PerceptronOptions {
  readonly hidden: number;
  readonly seed: number;
  readonly rate: number;
}

export class PerceptronClient {
  /** Begun when perceptrons are: most visitors see none. */
  #worker: Worker | null = null;
  #hidden = 0;
  #side = 1;
  progress: PerceptronProgress = { steps: 0, numbers: [], losses: [], rate: null };

  constructor(readonly onProgress: () => void) {}

  #start(): Worker {
    const worker = new Worker(new URL('./perceptron-worker.ts', import.meta.url), { type: 'module' });
    worker.addEventListener('message', ({ data }: MessageEvent<PerceptronProgress>) => {
      this.progress = data;
      this.onProgress();
    });
    return worker;
  }

  /** Before there are perceptrons, nothing can be asked of them. */
  #order(order: PerceptronOrder): void {
    if (order.kind === 'begin') this.#worker ??= this.#start();
    this.#worker?.postMessage(order);
  }

  begin(options: PerceptronOptions, pixels: Pixels): void {
    this.#hidden = options.hidden;
    this.#side = pixels.width;
    this.#order({ kind: 'begin', plan: { ...options, squashes: SQUASHES }, pixels });
  }

  setRate(rate: number): void {
    this.#order({ kind: 'change', rate });
  }

  setPixels(pixels: Pixels): void {
    this.#order({ kind: 'pixels', pixels });
  }

  tear(unit: number): void {
    this.#order({ kind: 'tear', unit });
  }

  run(isSlow: boolean): void {
    this.#order({ kind: 'run', isSlow });
  }

  pause(): void {
    this.#order({ kind: 'pause' });
  }

  step(): void {
    this.#order({ kind: 'step' });
  }

  scene(squash: Squash): Scene | null {
    const numbers = this.progress.numbers[SQUASHES.indexOf(squash)];
    // After a change of units, until the worker has begun with them.
    if (numbers?.length !== UNIT * this.#hidden + OUTPUTS) return null;
    return { ...asNetwork(numbers, this.#hidden, squash, this.#side), latent: [0, 0] };
  }
}
