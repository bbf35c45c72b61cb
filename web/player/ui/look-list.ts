/** The list of looks to choose from, and the bar that shows one arriving. */
import { button, element, make } from '../../shared/dom.ts';
import { megabytes } from '../../shared/format.ts';
import { type LookEntry, previewOf } from '../looks/look-index.ts';
import { creditOf } from './look-label.ts';

export class Shelf {
  readonly #list = element('look-list', HTMLUListElement);
  readonly #loading = element('loading');
  readonly #bar = element('loading-bar', HTMLProgressElement);
  readonly #text = element('loading-text');
  readonly #file = element('file-look', HTMLInputElement);
  readonly #buttons = new Map<string, HTMLButtonElement>();

  constructor(onFile: (file: File) => void) {
    button('look-open').addEventListener('click', () => this.#file.click());
    this.#file.addEventListener('change', () => {
      const file = this.#file.files?.[0];
      if (file) onFile(file);
      this.#file.value = '';
    });
  }

  /** Puts the looks up. */
  fill(looks: readonly LookEntry[], onChosen: (entry: LookEntry) => void): void {
    this.#buttons.clear();
    this.#list.replaceChildren(
      ...looks.map(entry => {
        const choice = make('button', 'look');
        choice.type = 'button';
        choice.setAttribute('aria-pressed', 'false');
        choice.append(this.#preview(entry), this.#words(entry));
        choice.addEventListener('click', () => onChosen(entry));
        this.#buttons.set(entry.file, choice);
        const item = make('li');
        item.append(choice);
        return item;
      }),
    );
  }

  /** Marks the look that paints; null where it came from a file of the visitor's. */
  mark(file: string | null): void {
    for (const [name, choice] of this.#buttons) choice.setAttribute('aria-pressed', String(name === file));
  }

  /** Shows what is on its way and how much of it has arrived: 0..1, null while that is unknown. */
  arriving(words: string, part: number | null): void {
    this.#loading.hidden = false;
    if (part === null) this.#bar.removeAttribute('value');
    else this.#bar.value = Math.round(part * 100);
    this.#text.textContent = words;
  }

  arrived(): void {
    this.#loading.hidden = true;
  }

  #preview(entry: LookEntry): HTMLElement {
    const address = previewOf(entry);
    const place = make('span', 'preview');
    if (!address) return place;
    const image = make('img');
    image.src = address;
    image.alt = '';
    image.loading = 'lazy';
    image.addEventListener('error', () => image.remove());
    place.append(image);
    return place;
  }

  #words(entry: LookEntry): HTMLElement {
    const words = make('span', 'words');
    const facts = [
      entry.size,
      entry.pixels > 0 ? `${entry.pixels} px` : '',
      entry.bytes > 0 ? megabytes(entry.bytes) : '',
    ];
    const made = [entry.author && `by ${entry.author}`, creditOf(entry)].filter(Boolean).join('. ');
    words.append(make('span', 'name', entry.name), make('span', 'facts', facts.filter(Boolean).join(' · ')));
    if (made) words.append(make('span', 'facts credit', made));
    return words;
  }
}

/** How much has arrived, where nobody knows of how much. */
export const sizeSoFar = (part: number | null, received: number): string =>
  part === null && received > 0 ? ` (${megabytes(received)})` : '';
