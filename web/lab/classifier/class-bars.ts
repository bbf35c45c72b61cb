/** A bar for each class: how sure the network is, or how many of its pictures are found. */
import { makeElement } from '../../shared/dom.ts';

export class ClassBars {
  readonly element = makeElement('ul', 'class-bars');
  #bars: readonly { readonly bar: HTMLProgressElement; readonly text: HTMLElement }[] = [];

  constructor(readonly title: string) {}

  setClasses(classes: readonly string[]): void {
    const rows = classes.map(name => {
      const row = makeElement('li');
      const bar = makeElement('progress');
      bar.max = 1;
      bar.value = 0;
      bar.setAttribute('aria-label', `${this.title}: ${name}`);
      const text = makeElement('span', 'share', '–');
      row.append(makeElement('span', 'class-name', name), bar, text);
      return { row, bar, text };
    });
    this.#bars = rows;
    this.element.replaceChildren(...rows.map(({ row }) => row));
  }

  /** Shares of 0..1; null where nothing is known. The most is marked where `isChoice`. */
  show(shares: readonly (number | null)[], isChoice: boolean): void {
    const most = Math.max(...shares.map(share => share ?? 0));
    this.#bars.forEach(({ bar, text }, i) => {
      const share = shares[i] ?? null;
      bar.value = share ?? 0;
      text.textContent = share === null ? '–' : `${(100 * share).toFixed(share < 0.9995 ? 1 : 0)} %`;
      bar.parentElement?.classList.toggle('most', isChoice && share === most && most > 0);
    });
  }
}
