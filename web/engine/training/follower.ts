// Lets a painting follow a training. Where both are on one device of WebGPU, a painter shares the weights of the training,
// so that every step is seen. Elsewhere, now and then, a painter of a file with the newest weights takes the place of the
// one before.

import type { Canvas, Painter, Precision } from '../painter.ts';
import type { SharedState } from '../webgpu/runtime/shared-state.ts';

/** Between two painters of files, at least. */
const INTERVAL_MS = 500;
/** The part of the time that making them may take. */
const SHARE = 0.2;

/** A look as it was read, of whatever kind. */
export interface FollowedLook {
  readonly info: Painter['info'];
}

/** What paints, of whatever kind. */
export interface Followed {
  destroy(): void;
}

export interface FollowOptions<L extends FollowedLook, P extends Followed> {
  /** Gives the look as a file with the newest weights. Default: the trainer's `save`. */
  readonly write?: (() => Promise<Uint8Array>) | undefined;
  readonly read: (file: Uint8Array) => Promise<L>;
  /** Makes a painter of such a file. */
  readonly make: (look: L, file: Uint8Array) => Promise<P>;
  /** Gives a new canvas for a painter that shares the weights of the training; null if painting is not to be on the
   * training's device. */
  readonly shareOn: (device: GPUDevice) => Canvas | null;
  /** Of a painter that shares weights: as for `createPainter`. */
  readonly precision?: Precision | undefined;
  /** Shows a painter in place of the one before, and destroys that. If it is cancelled, it destroys the new one. */
  readonly show: (painter: P | Painter, isCancelled: () => boolean) => unknown;
  /** Called after each step that the painter which is shown shares: what it paints is another painting now. */
  readonly onChange?: (() => void) | undefined;
  /** Gets what went wrong. What was painted before stays. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Milliseconds between two painters of files, at least. Default: 500. */
  readonly every?: number | undefined;
}

/** What a follower needs of a trainer. */
export interface Leader {
  readonly save: () => Promise<Uint8Array>;
  /** The state that painters may share, if there is one now. */
  readonly shared: () => SharedState | null;
}

/** Lets one painting follow a training. */
export class Follower<L extends FollowedLook, P extends Followed> {
  #isOver = false;
  #isBusy = false;
  /** Whether the last weights came while it was busy. */
  #isBehind = false;
  #dueAt = 0;
  /** What the painter shares that is shown. */
  #shared: SharedState | null = null;
  /** What the look cannot share. */
  #refused: SharedState | null = null;

  constructor(
    readonly leader: Leader,
    readonly options: FollowOptions<L, P>,
  ) {}

  get isOver(): boolean {
    return this.#isOver;
  }

  /** Shows the newest weights, if it is time to; the last ones in any case. Where that fails, the painter stays that was
   * there before. */
  follow(isLast: boolean): void {
    if (this.#isOver) return;
    if (this.#shared && this.#shared === this.leader.shared()) {
      this.options.onChange?.();
      return;
    }
    if (this.#isBusy) this.#isBehind ||= isLast;
    else if (isLast || performance.now() >= this.#dueAt) {
      this.start().catch((error: unknown) => {
        if (!this.#isOver) this.options.onError?.(error);
      });
    }
  }

  /** Shows the weights of now. */
  async start(): Promise<void> {
    this.#isBusy = true;
    try {
      await this.#paint();
    } finally {
      const isBehind = this.#isBehind;
      this.#isBusy = this.#isBehind = false;
      if (isBehind) this.follow(true);
    }
  }

  async #paint(): Promise<void> {
    const { leader, options } = this;
    let begin = performance.now();
    try {
      const file = await (options.write ?? leader.save)();
      // It waited for the step before.
      begin = performance.now();
      const look = await options.read(file);
      if (this.#isOver) return;
      const shared = leader.shared();
      const sharing = shared && (await this.#share(shared, look.info, file));
      const painter = sharing ?? (await options.make(look, file));
      await options.show(painter, () => this.#isOver);
      this.#shared = sharing ? shared : null;
    } finally {
      const now = performance.now();
      this.#dueAt = now + Math.max(options.every ?? INTERVAL_MS, (now - begin) / SHARE);
    }
  }

  /** A painter with the weights of the training; null if there can be none. */
  async #share(shared: SharedState, info: Painter['info'], file: Uint8Array): Promise<Painter | null> {
    const canvas = shared === this.#refused ? null : this.options.shareOn(shared.state.device);
    if (!canvas) return null;
    const { precision } = this.options;
    const onLost = (reason: string) => this.#handleLoss(shared, reason);
    try {
      const { createSharedPainter } = await import('./shared-painter.ts');
      const made = await createSharedPainter(info, file, shared, { canvas, precision, onLost });
      if (!made) this.#refused = shared;
      return made;
    } catch {
      // A painter of the file may do with less.
      this.#refused = shared;
      return null;
    }
  }

  /** The training recovers as it gives its weights. */
  #handleLoss(shared: SharedState, reason: string): void {
    if (this.#isOver) this.options.onError?.(new Error(reason));
    if (this.#shared !== shared) return;
    this.#shared = null;
    this.follow(true);
  }

  /** What is shown stays. */
  stop(): void {
    this.#isOver = true;
  }
}
