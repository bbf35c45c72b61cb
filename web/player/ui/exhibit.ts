/**
 * Full screen: the painting alone, no cursor, the display kept awake. Where a browser has no full
 * screen for pages (iPhones), the painting still fills the page.
 */
import { closePanels, getButton } from '../../shared/dom.ts';

const LEAVE_SHOWN_MS = 3000;

export class Exhibit {
  readonly #leaveButton = getButton('leave-button');
  #wakeLock: WakeLockSentinel | null = null;
  #hideTimer = 0;

  constructor() {
    this.#leaveButton.addEventListener('click', () => this.leave());
    document.addEventListener('fullscreenchange', () => {
      if (!document.fullscreenElement) this.leave();
    });
    document.addEventListener('keydown', event => {
      if (event.key === 'Escape' && this.isOn) this.leave();
    });
    document.addEventListener('pointerup', () => {
      if (this.isOn) this.#showLeaveButton();
    });
    document.addEventListener('visibilitychange', () => {
      if (this.isOn && !document.hidden) void this.#requestWakeLock();
    });
  }

  get isOn(): boolean {
    return document.body.classList.contains('exhibit');
  }

  toggle(): void {
    if (this.isOn) this.leave();
    else this.#enter();
  }

  leave(): void {
    document.body.classList.remove('exhibit');
    this.#leaveButton.hidden = true;
    void this.#wakeLock?.release().catch(() => undefined);
    this.#wakeLock = null;
    if (document.fullscreenElement) void document.exitFullscreen().catch(() => undefined);
  }

  #enter(): void {
    closePanels();
    document.body.classList.add('exhibit');
    void document.documentElement.requestFullscreen?.({ navigationUI: 'hide' }).catch(() => undefined);
    void this.#requestWakeLock();
  }

  /** A touch or a click shows the way out, as a phone has no Escape key. */
  #showLeaveButton(): void {
    this.#leaveButton.hidden = false;
    window.clearTimeout(this.#hideTimer);
    this.#hideTimer = window.setTimeout(() => {
      this.#leaveButton.hidden = true;
    }, LEAVE_SHOWN_MS);
  }

  async #requestWakeLock(): Promise<void> {
    const lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    const unused = this.isOn ? this.#wakeLock : lock; // it may come after leaving, or beside another
    if (this.isOn) this.#wakeLock = lock;
    void unused?.release().catch(() => undefined);
  }
}
