/** Reads out how a run goes, so seldom that a screen reader can say other things. */
import { getElement } from '../../shared/dom.ts';

const INTERVAL_MS = 10_000;

/** `status` gives a sentence, or null for silence. */
export function announceOften(status: () => string | null): void {
  window.setInterval(() => {
    const sentence = status();
    if (sentence !== null) getElement('announcer').textContent = sentence;
  }, INTERVAL_MS);
}
