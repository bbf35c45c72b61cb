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
  /** Shows a painter in place of the one before, and destroys that. If it is cancelled, it destroys the new one. False says
   * that the new one is not shown: then the next weights get another. */
  readonly show: (painter: P | Painter, isCancelled: () => boolean) => unknown;
  /** Whether a painter that shares weights is still shown. Once it is not, the next weights get another. Default: it is,
   * until `show` gets the next one. */
  readonly isShown?: ((painter: Painter) => boolean) | undefined;
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
  /** The painter that was shown last, and what it shares; null if it shares nothing. */
  #sharing: { readonly painter: Painter; readonly shared: SharedState | null } | null = null;
  /** What the look cannot share, or what was lost. */
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
    if (this.#isSharing) this.options.onChange?.();
    else if (this.#isBusy) this.#isBehind ||= isLast;
    else if (isLast || performance.now() >= this.#dueAt) {
      this.start().catch((error: unknown) => {
        if (!this.#isOver) this.options.onError?.(error);
      });
    }
  }

  /** Whether the weights of now are those of the painter that is shown. */
  get #isSharing(): boolean {
    const { painter, shared } = this.#sharing ?? {};
    if (!painter || shared === this.#refused || shared !== this.leader.shared()) return false;
    return this.options.isShown?.(painter) !== false;
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
      if (this.#isOver) return sharing?.destroy();
      const painter = sharing ?? (await options.make(look, file));
      const isShown = await options.show(painter, () => this.#isOver);
      if (isShown !== false) this.#sharing = sharing && { painter: sharing, shared };
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
    // It may be lost before it is shown.
    this.#refused = shared;
    this.follow(true);
  }

  /** What is shown stays. */
  stop(): void {
    this.#isOver = true;
  }
}
