/**
 * What the page says: news in a polite live region that fades, trouble in an assertive one that
 * stays until it is dismissed or solved. Everything is set as text.
 */
import { button, closePanels, element } from '../../shared/dom.ts';

export interface Remedy {
  label: string;
  run: () => void;
}

const STATUS_MS = 6000;

export class Speech {
  readonly #status = element('status');
  readonly #trouble = element('trouble');
  readonly #text = element('trouble-text');
  readonly #action = button('trouble-action');
  #remedy: Remedy | null = null;
  #fading = 0;

  constructor() {
    button('trouble-close').addEventListener('click', () => this.calm());
    this.#action.addEventListener('click', () => {
      const remedy = this.#remedy;
      this.calm();
      remedy?.run();
    });
  }

  /** News, read out politely. */
  say(sentence: string): void {
    this.#status.textContent = sentence;
    this.#status.classList.add('shown');
    window.clearTimeout(this.#fading);
    this.#fading = window.setTimeout(() => this.#status.classList.remove('shown'), STATUS_MS);
  }

  /** Something went wrong: a sentence, and at most one button that helps. */
  fail(sentence: string, remedy?: Remedy): void {
    this.#status.classList.remove('shown');
    closePanels();
    this.#remedy = remedy ?? null;
    this.#trouble.hidden = false;
    this.#text.textContent = sentence;
    this.#action.hidden = !remedy;
    this.#action.textContent = remedy?.label ?? '';
  }

  /** Takes the last trouble away. */
  calm(): void {
    this.#remedy = null;
    this.#text.textContent = '';
    this.#trouble.hidden = true;
  }
}
