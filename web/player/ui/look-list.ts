/** The list of looks to choose from, and the progress bar of the one that loads. */
import { bindFileInput, getElement, makeElement } from '../../shared/dom.ts';
import { formatFileSize } from '../../shared/format.ts';
import { type LookEntry, previewUrl } from '../looks/look-index.ts';
import { lookCredit, lookFacts } from './look-label.ts';

export class LookList {
  readonly #list = getElement('look-list', HTMLUListElement);
  readonly #loading = getElement('loading');
  readonly #progressBar = getElement('loading-bar', HTMLProgressElement);
  readonly #progressText = getElement('loading-text');
  readonly #buttons = new Map<string, HTMLButtonElement>();

  constructor(onFile: (file: File) => void) {
    bindFileInput('look-open', 'file-look', onFile);
  }

  /** Adds the looks that are not in the list yet. */
  addLooks(looks: readonly LookEntry[], onChosen: (entry: LookEntry) => void): void {
    for (const entry of looks) {
      if (this.#buttons.has(entry.file)) continue;
      const button = makeElement('button', 'look');
      button.type = 'button';
      button.setAttribute('aria-pressed', 'false');
      button.append(this.#makePreview(entry), this.#makeDescription(entry));
      button.addEventListener('click', () => onChosen(entry));
      this.#buttons.set(entry.file, button);
      const item = makeElement('li');
      item.append(button);
      this.#list.append(item);
    }
  }

  /** Marks the current look; null if it is a file of the visitor's. */
  select(file: string | null): void {
    for (const [name, button] of this.#buttons) button.setAttribute('aria-pressed', String(name === file));
  }

  /** Shows what loads and how much of it has arrived: 0..1, or null while that is unknown. */
  showProgress(text: string, fraction: number | null): void {
    this.#loading.hidden = false;
    if (fraction === null) this.#progressBar.removeAttribute('value');
    else this.#progressBar.value = Math.round(fraction * 100);
    this.#progressText.textContent = text;
  }

  hideProgress(): void {
    this.#loading.hidden = true;
  }

  #makePreview(entry: LookEntry): HTMLElement {
    const [url, moving] = [previewUrl(entry.preview), previewUrl(entry.moving)];
    const container = makeElement('picture', 'preview');
    if (!url) return container;
    if (moving) {
      const source = makeElement('source');
      source.media = '(prefers-reduced-motion: no-preference)';
      source.srcset = moving;
      source.type = 'image/webp';
      container.append(source);
    }
    const image = makeElement('img');
    image.src = url;
    image.alt = '';
    image.loading = 'lazy';
    image.addEventListener('error', () => image.remove());
    container.append(image);
    return container;
  }

  #makeDescription(entry: LookEntry): HTMLElement {
    const description = makeElement('span', 'description');
    const attribution = [entry.author && `by ${entry.author}`, lookCredit(entry)].filter(Boolean).join('. ');
    description.append(
      makeElement('span', 'name', entry.name),
      makeElement('span', 'facts', lookFacts(entry, entry.bytes)),
    );
    if (attribution) description.append(makeElement('span', 'facts credit', attribution));
    return description;
  }
}

/** The bytes that have arrived, where the total is unknown. */
export const receivedSize = (fraction: number | null, received: number): string =>
  fraction === null && received > 0 ? ` (${formatFileSize(received)})` : '';
