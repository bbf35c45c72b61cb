/** Makes the loss surface of a real network: trains it twice, lays the plane, and has the loss computed there. */
import { initialize } from '../../../engine/training/index.ts';
import { errorMessage } from '../../../shared/errors.ts';
import { nextTask } from '../../../shared/next-task.ts';
import { drawnDigits } from '../../data/drawn-digits.ts';
import { fetchPictures } from '../../data/picture-files.ts';
import { OPTIMIZERS, type OptimizerName, PICTURE_RATES } from '../../network/optimizers.ts';
import type { SampledSurface, SurfaceRun } from '../surface.ts';
import { CELLS, type GridReply, type GridRequest } from './grid-protocol.ts';
import { buildNetwork, type Digits, gatherDigits, HIDDEN, scaleOf } from './network.ts';
import { PerceptronLoss } from './perceptron-loss.ts';
import { makePlane, type Plane, project } from './plane.ts';
import { planeSurface, viewOf } from './plane-surface.ts';
import { type Run, trainRun } from './run.ts';

export interface LossPlaneOptions {
  /** The optimizers of the two runs. */
  readonly optimizers: readonly [OptimizerName, OptimizerName];
  readonly steps: number;
  readonly seed: number;
}

export interface LossPlaneEvents {
  /** How far it is, as a sentence. */
  onProgress(text: string): void;
  /** Coarse surfaces come first. */
  onSurface(surface: SampledSurface): void;
  onFailed(reason: string): void;
}

let digits: Promise<Digits> | null = null;

/** MNIST's first digits, or drawn ones where nobody has fetched MNIST. Rejects where it is there and cannot be read. */
function fetchDigits(): Promise<Digits> {
  const asked = digits ?? gatherOnce();
  digits = asked;
  asked.catch(() => {
    // Another try may go better.
    digits = null;
  });
  return asked;
}

async function gatherOnce(): Promise<Digits> {
  const task = (await fetchPictures('mnist')) ?? drawnDigits();
  return gatherDigits(task.name, task.train, nextTask);
}

export class LossPlane {
  readonly #stop = new AbortController();
  #worker: Worker | null = null;
  #isDone = false;

  constructor(
    readonly options: LossPlaneOptions,
    readonly events: LossPlaneEvents,
  ) {
    this.#make().catch(error => {
      if (this.#stop.signal.aborted) return;
      events.onFailed(errorMessage(error));
      // The other run need not go on.
      this.destroy();
    });
  }

  /** Whether its finest surface is told. */
  get isDone(): boolean {
    return this.#isDone;
  }

  destroy(): void {
    this.#stop.abort();
    this.#worker?.terminate();
  }

  async #make(): Promise<void> {
    const { options, events } = this;
    const { signal } = this.#stop;
    events.onProgress('The digits are being fetched.');
    const own = await fetchDigits();
    signal.throwIfAborted();
    const model = await initialize(buildNetwork(own), { seed: options.seed });
    const labels = options.optimizers.map(
      name => OPTIMIZERS.find(([one]) => one === name)?.[1].split(',')[0] ?? name,
    );
    const done = [0, 0];
    const isSame = options.optimizers[0] === options.optimizers[1];
    const runs = await Promise.all(
      options.optimizers.map((optimizer, i) =>
        trainRun({
          model,
          digits: own,
          optimizer,
          rate: PICTURE_RATES[optimizer],
          steps: options.steps,
          // The same optimizer with the same batches would end at the same place.
          seed: options.seed + (isSame ? i : 0),
          signal,
          onStep: step => {
            done[i] = step;
            const told = labels.map((label, j) => `${label} ${done[j]}`).join(', ');
            events.onProgress(`Two runs learn ${own.name}: steps of ${told}, of ${options.steps}.`);
          },
        }),
      ),
    );
    const [first, second] = runs;
    if (first && second) this.#computeSurface(own, scaleOf(model), [first, second], labels);
  }

  #computeSurface(
    own: Digits,
    scale: GridRequest['scale'],
    [first, second]: readonly [Run, Run],
    labels: readonly string[],
  ): void {
    const { events } = this;
    const end = ({ weights }: Run) => weights.at(-1) ?? new Float32Array();
    const plane = makePlane(first.weights[0] ?? new Float32Array(), end(first), end(second));
    const view = viewOf(plane);
    const shadows = [first, second].map((run, i) => projectRun(plane, run, labels[i] ?? ''));
    const about = describe(own, plane, shadows);
    let loss: PerceptronLoss | null = null;
    const worker = new Worker(new URL('./grid-worker.ts', import.meta.url), { type: 'module' });
    this.#worker = worker;
    worker.addEventListener('error', () => events.onFailed('The worker that computes the loss broke off.'));
    worker.addEventListener('message', ({ data }: MessageEvent<GridReply>) => {
      if (data.kind === 'failed') events.onFailed(data.reason);
      else if (data.kind === 'network') loss = new PerceptronLoss(data.network);
      else if (loss) {
        const { columns, rows } = data.grid;
        const isLast = columns === CELLS.columns;
        events.onProgress(isLast ? about : `${about} The map has ${columns} × ${rows} cells so far.`);
        events.onSurface(planeSurface(data.grid, view, shadows, loss));
        if (!isLast) return;
        this.#isDone = true;
        worker.terminate();
      }
    });
    const request: GridRequest = {
      plane: { origin: plane.origin, axes: plane.axes },
      digits: { pixels: own.pixels, labels: own.labels },
      scale,
      view,
    };
    worker.postMessage(request);
  }
}

interface Shadow extends SurfaceRun {
  /** The farthest that the run is from the plane, in the length of weights. */
  readonly away: number;
}

function projectRun(plane: Plane, { weights }: Run, label: string): Shadow {
  const projected = weights.map(one => project(plane, one));
  return {
    label,
    points: Float64Array.from(projected.flatMap(({ place }) => place)),
    away: Math.max(...projected.map(({ away }) => away)),
  };
}

function describe({ name, side }: Digits, plane: Plane, shadows: readonly Shadow[]): string {
  const told = shadows.map(({ label, away }, i) => {
    const far = Math.hypot(...(plane.ends[i] ?? [0, 0]));
    return `${label} ends ${far.toPrecision(2)} from the start and was up to ${away.toPrecision(2)} off the plane`;
  });
  return `${name}, and a perceptron of ${side * side} pixels, ${HIDDEN} hidden units and 10 scores. ${told.join('; ')}.`;
}
