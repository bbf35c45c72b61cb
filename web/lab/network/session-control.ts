/** Play, pause and step of a session whose network may still be being built: what is asked for meanwhile is shown at once,
 * and done when the network is there, unless it was taken back. */
import type { Host } from '../shell/tab.ts';
import { type Plan, Session, type SessionEvents } from './session.ts';

export class SessionControl {
  #session: Session | null = null;
  #state: 'building' | 'built' | 'failed' = 'building';
  #wanted: 'play' | 'step' | null = null;
  #isSlow = false;

  constructor(
    readonly host: Host,
    readonly events: Required<SessionEvents>,
  ) {}

  /** Null until the first network is built. */
  get session(): Session | null {
    return this.#session;
  }

  /** Whether the last network could not be built: it needs another try. */
  get isFailed(): boolean {
    return this.#state === 'failed';
  }

  /** Another network is being built. The run before goes on until then, if it is not paused, and tells nothing. */
  expect(): void {
    this.#state = 'building';
  }

  /** The network is built: its run begins, and does what was asked for. */
  begin(plan: Plan): void {
    this.#session ??= new Session(plan, this.host, {
      onProgress: (losses, weights) => {
        if (this.#state === 'built') this.events.onProgress(losses, weights);
      },
      onReset: () => {
        if (this.#state === 'built') this.events.onReset();
      },
    });
    this.#session.restart(plan);
    this.#session.setSlow(this.#isSlow);
    this.#state = 'built';
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted) this.#session[wanted]();
  }

  /** The network could not be built: nothing plays. */
  fail(): void {
    this.#state = 'failed';
    this.pause();
  }

  play(): void {
    if (this.#state === 'built') this.#session?.play();
    else {
      this.#wanted = 'play';
      this.host.setPlaying(true);
    }
  }

  pause(): void {
    this.#wanted = null;
    if (this.#session) this.#session.pause();
    else this.host.setPlaying(false);
  }

  step(): void {
    this.pause();
    if (this.#state === 'built') this.#session?.step();
    else this.#wanted = 'step';
  }

  /** Begins anew. A network that is being built does so by itself. */
  reset(): void {
    if (this.#state === 'built') this.#session?.restart();
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#session?.setSlow(isSlow);
  }
}
