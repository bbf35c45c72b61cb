/**
 * Messages to the visitor: information in a polite live region that fades, alerts in an assertive one that
 * stays until it is dismissed. All of them are set as text, never as HTML.
 */
import { closePanels, getButton, getElement } from '../../shared/dom.ts';

export interface AlertAction {
  label: string;
  run: () => void;
}

const STATUS_SHOWN_MS = 6000;

export class Notifications {
  readonly #status = getElement('status');
  readonly #alertBox = getElement('alert');
  readonly #alertText = getElement('alert-text');
  readonly #actionButton = getButton('alert-action');
  #action: AlertAction | null = null;
  #fadeTimer = 0;

  constructor() {
    getButton('alert-close').addEventListener('click', () => this.clear());
    this.#actionButton.addEventListener('click', () => {
      const action = this.#action;
      this.clear();
      action?.run();
    });
  }

  /** Shows a message for a few seconds. */
  inform(message: string): void {
    this.#status.textContent = message;
    this.#status.classList.add('shown');
    window.clearTimeout(this.#fadeTimer);
    this.#fadeTimer = window.setTimeout(() => this.#status.classList.remove('shown'), STATUS_SHOWN_MS);
  }

  /** Shows an alert, with at most one button for what helps. */
  alert(message: string, action?: AlertAction): void {
    this.#status.classList.remove('shown');
    closePanels();
    this.#action = action ?? null;
    this.#alertBox.hidden = false;
    this.#alertText.textContent = message;
    this.#alertText.scrollTop = 0;
    this.#actionButton.hidden = !action;
    this.#actionButton.textContent = action?.label ?? '';
  }

  /** Removes the alert. */
  clear(): void {
    this.#action = null;
    this.#alertText.textContent = '';
    this.#alertBox.hidden = true;
  }
}
