// A backend that survives the loss of its device. A copy of the state is kept, and the steps since then; a new backend
// gets the copy and computes these steps again. All that a step depends on is kept with it or follows from its number, so
// the same adapter comes to the same bits.

import { EngineError, messageOf } from '../error.ts';
import type { Tensors, TrainingBackend } from './backend.ts';

/** Milliseconds to wait before each recovery within a minute. One more loss is final. */
export const RECOVERY_DELAYS: readonly number[] = [0, 1000];
const LOSS_WINDOW_MS = 60_000;
/** A call may fail on a lost device a little before the loss is reported. */
const LOSS_NOTICE_MS = 100;

/** What a step was computed from. */
export interface StepRecord {
  /** Gives the same batch at each call. */
  readonly batch: () => Tensors | Promise<Tensors>;
  readonly scalars: readonly number[];
  /** Memory that the batch takes as long as the record is kept. */
  readonly bytes: number;
}

export interface Snapshot {
  /** How many steps it has seen. */
  readonly steps: number;
  readonly state: Tensors;
}

export interface RecoveryOptions {
  readonly make: (onLost: (reason: string) => void) => Promise<TrainingBackend>;
  /** Empty if losses are only reported. */
  readonly delays: readonly number[];
  /** Called once when the device is lost for good. */
  readonly onLost: (reason: string) => void;
}

/** A backend, and its loss, however early that comes. */
interface Active {
  readonly backend: TrainingBackend;
  /** What waits for the backend now, and fails with the loss. */
  readonly waiting: Set<(error: unknown) => void>;
  readonly lose: (reason: string) => void;
  /** Why the backend is lost. */
  reason: string | null;
  /** The number of the step whose loss is read next. */
  nextLoss: number;
}

const DESTROYED = 'The trainer was destroyed.';
const LOST = 'The GPU was lost for good; the weights are kept.';

const wait = (milliseconds: number): Promise<void> =>
  new Promise(resolve => setTimeout(resolve, milliseconds));

export class RecoveringBackend {
  /** How often the device was lost and all steps were computed again. */
  recoveries = 0;
  #snapshot: Snapshot;
  /** Their `bytes` are those of all up to each. */
  #since: StepRecord[] = [];
  #active: Active;
  #losses: number[] = [];
  /** Why it is over; empty until then. */
  #end = '';
  /** The number of the step whose loss is told next. */
  #told = 0;

  static async create(options: RecoveryOptions, initial: Tensors): Promise<RecoveringBackend> {
    const active = await activate(options, 0);
    const made = new RecoveringBackend(options, active, { steps: 0, state: initial });
    try {
      await made.#onBackend(backend => backend.write(initial));
    } catch (error) {
      made.destroy();
      throw error;
    }
    return made;
  }

  private constructor(
    readonly options: RecoveryOptions,
    active: Active,
    snapshot: Snapshot,
  ) {
    this.#active = active;
    this.#snapshot = snapshot;
  }

  get backend(): TrainingBackend {
    return this.#active.backend;
  }

  /** The last state that is known to be good. */
  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Whether the device is lost for good, or the backend destroyed. */
  get isOver(): boolean {
    return this.#end !== '';
  }

  /** How many steps were given. */
  get steps(): number {
    return this.#snapshot.steps + this.keptSteps;
  }

  /** Memory of the batches that are kept. */
  get keptBytes(): number {
    return this.#since.at(-1)?.bytes ?? 0;
  }

  get keptSteps(): number {
    return this.#since.length;
  }

  async step(record: StepRecord): Promise<void> {
    const inputs = await record.batch();
    const number = this.steps;
    await this.#recovered();
    const active = this.#active;
    this.#since.push({ ...record, bytes: this.keptBytes + record.bytes });
    try {
      await orLoss(active, active.backend.step(inputs, record.scalars, number));
    } catch (error) {
      if (!(await isLost(active))) {
        this.#since.pop();
        throw error;
      }
      // The recovery computes this step too.
      await this.#recovered();
    }
  }

  /** Losses that were not told before, and the number of the step of the first. */
  async losses(): Promise<{ first: number; values: Float32Array }> {
    const values = await this.#onBackend(backend => backend.losses());
    const from = this.#active.nextLoss;
    this.#active.nextLoss += values.length;
    // Steps that were computed again have losses that were told.
    const known = Math.max(0, this.#told - from);
    this.#told = Math.max(this.#told, this.#active.nextLoss);
    return { first: from + known, values: values.subarray(known) };
  }

  /** Tensors of the state. */
  read(names: readonly string[]): Promise<Tensors> {
    return this.#onBackend(backend => backend.read(names));
  }

  finished(): Promise<void> {
    return this.#onBackend(backend => backend.finished());
  }

  /** Keeps the whole state; steps before it are never computed again. False, and nothing kept, if it is not finite. The losses
   * so far must be told. */
  async keep(): Promise<boolean> {
    const state = await this.read([...this.#snapshot.state.keys()]);
    if (!areFinite(state)) return false;
    this.#snapshot = { steps: this.steps, state };
    this.#since = [];
    return true;
  }

  /** Goes back to a state: by default to that of the last snapshot. */
  async rewind(to: Snapshot = this.#snapshot): Promise<void> {
    await this.#onBackend(backend => backend.losses());
    this.#snapshot = to;
    this.#since = [];
    this.#told = to.steps;
    await this.#onBackend(backend => backend.write(to.state));
    this.#active.nextLoss = to.steps;
  }

  destroy(): void {
    this.#end = DESTROYED;
    // What waits for the backend fails.
    this.#active.lose(DESTROYED);
    this.#active.backend.destroy();
  }

  /** Work that may be done again after a loss. */
  async #onBackend<T>(work: (backend: TrainingBackend) => Promise<T>): Promise<T> {
    for (;;) {
      await this.#recovered();
      const active = this.#active;
      try {
        const made = await orLoss(active, work(active.backend));
        // A lost context gives zeros, and some tell the loss later.
        if (active.reason === null) return made;
      } catch (error) {
        if (!(await isLost(active))) throw error;
      }
    }
  }

  /** Makes the backend anew if its device is lost. Throws if that is over. */
  async #recovered(): Promise<void> {
    while (this.#active.reason !== null && !this.#end) await this.#recover(this.#active.reason);
    if (this.#end) throw new EngineError(this.#end);
  }

  async #recover(reason: string): Promise<void> {
    this.#active.backend.destroy();
    const now = performance.now();
    this.#losses = [...this.#losses.filter(time => now - time < LOSS_WINDOW_MS), now];
    const delay = this.options.delays[this.#losses.length - 1];
    if (delay === undefined) {
      this.#end = LOST;
      this.options.onLost(reason);
      return;
    }
    await wait(delay);
    if (this.#end) return;
    try {
      const active = await activate(this.options, this.#snapshot.steps);
      if (this.#end) {
        active.backend.destroy();
        return;
      }
      this.#active = active;
      await orLoss(active, this.#replay(active.backend));
      this.recoveries++;
    } catch (error) {
      // It counts as another loss.
      this.#active.reason ??= messageOf(error);
    }
  }

  async #replay(backend: TrainingBackend): Promise<void> {
    const { steps, state } = this.#snapshot;
    await backend.write(state);
    for (const [i, { batch, scalars }] of this.#since.entries()) {
      await backend.step(await batch(), scalars, steps + i);
    }
  }
}

async function activate({ make }: RecoveryOptions, nextLoss: number): Promise<Active> {
  const active: Omit<Active, 'backend'> = {
    waiting: new Set(),
    reason: null,
    nextLoss,
    lose: reason => {
      active.reason ??= reason;
      for (const reject of active.waiting) reject(new EngineError(reason));
    },
  };
  return Object.assign(active, { backend: await make(active.lose) });
}

/** What the work comes to, unless the device is lost before. No promise of the loss is raced: it would keep all that ever
 * waited for it, each of thousands of steps a second. */
function orLoss<T>({ reason, waiting }: Active, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    if (reason !== null) reject(new EngineError(reason));
    waiting.add(reject);
    work.then(resolve, reject).finally(() => waiting.delete(reject));
  });
}

export const areFinite = (tensors: Tensors): boolean =>
  [...tensors.values()].every(values => values.every(Number.isFinite));

/** Whether a call failed because its device is lost. */
async function isLost(active: Active): Promise<boolean> {
  await orLoss(active, wait(LOSS_NOTICE_MS)).catch(() => undefined);
  return active.reason !== null;
}
