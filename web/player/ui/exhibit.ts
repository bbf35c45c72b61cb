/**
 * Full screen: the painting alone, no cursor, the display kept awake. Where a browser has no full
 * screen for pages (iPhones), the painting still fills the page.
 */
import { button, closePanels } from '../../shared/dom.ts';

const LEAVE_SHOWN_MS = 3000;

export class Exhibit {
  readonly #leaveButton = button('leave-button');
  #lock: WakeLockSentinel | null = null;
  #hiding = 0;

  constructor() {
    this.#leaveButton.addEventListener('click', () => this.leave());
    document.addEventListener('fullscreenchange', () => {
      if (!document.fullscreenElement) this.leave();
    });
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape' && this.on) this.leave();
    });
    document.addEventListener('pointerup', () => {
      if (this.on) this.#offerLeaving();
    });
    document.addEventListener('visibilitychange', () => {
      if (this.on && !document.hidden) void this.#stayAwake();
    });
  }

  get on(): boolean {
    return document.body.classList.contains('exhibit');
  }

  toggle(): void {
    if (this.on) this.leave();
    else this.#enter();
  }

  leave(): void {
    document.body.classList.remove('exhibit');
    this.#leaveButton.hidden = true;
    void this.#lock?.release().catch(() => undefined);
    this.#lock = null;
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  }

  #enter(): void {
    closePanels();
    document.body.classList.add('exhibit');
    void document.documentElement.requestFullscreen?.({ navigationUI: 'hide' }).catch(() => undefined);
    void this.#stayAwake();
  }

  /** A touch or a click shows the way out, as a phone has no Escape key. */
  #offerLeaving(): void {
    this.#leaveButton.hidden = false;
    window.clearTimeout(this.#hiding);
    this.#hiding = window.setTimeout(() => {
      this.#leaveButton.hidden = true;
    }, LEAVE_SHOWN_MS);
  }

  async #stayAwake(): Promise<void> {
    const lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    const spare = this.on ? this.#lock : lock; // it may come after leaving, or beside another
    if (this.on) this.#lock = lock;
    void spare?.release().catch(() => undefined);
  }
}
