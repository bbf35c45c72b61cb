/**
 * Full screen: only the painting, without a cursor, and the display stays awake. Where a browser has no full
 * screen for pages (iPhones), the painting fills the page.
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

  /** Shows the button that leaves full screen: a phone has no Escape key. */
  #showLeaveButton(): void {
    this.#leaveButton.hidden = false;
    window.clearTimeout(this.#hideTimer);
    this.#hideTimer = window.setTimeout(() => {
      this.#leaveButton.hidden = true;
    }, LEAVE_SHOWN_MS);
  }

  async #requestWakeLock(): Promise<void> {
    const lock = (await navigator.wakeLock?.request('screen').catch(() => null)) ?? null;
    const unused = this.isOn ? this.#wakeLock : lock; // the lock may come after the visitor has left, or be the second one
    if (this.isOn) this.#wakeLock = lock;
    void unused?.release().catch(() => undefined);
  }
}
