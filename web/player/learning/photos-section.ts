/** Photos, and frames of the camera, from which the look goes on learning to paint. */
import { getElement, makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { detectFileKind } from '../sources/file.ts';
import { makeButton, makeFileButton } from './elements.ts';
import type { Example, Size } from './example.ts';
import { openPhoto, photoExample, takeFrame } from './frames.ts';
import { type BaseLook, countOf, type Section, type SectionParts } from './section.ts';
import { fineTuning, type LearningTask } from './task.ts';
import { makeThumbnail } from './thumbnail.ts';

/** Of larger numbers, each is seldom seen; and they are kept in memory. */
const MAX_PHOTOS = 200;
/** Frames that follow each other sooner are nearly the same. */
const GATHER_MS = 250;
/** Frames keep what is around the look's picture, so that it can be shifted. */
const FRAME_SCALE = 1.15;

export class PhotosSection implements Section {
  readonly element = makeElement('div', 'learn-section');
  readonly advice = 'Add photos, or gather frames, for the look to learn from.';
  readonly #examples: Example[] = [];
  readonly #strip = makeElement('div', 'strip');
  readonly #count = makeElement('p', 'facts');
  readonly #clear: HTMLButtonElement;
  readonly #gather: HTMLButtonElement;
  #timer = 0;
  #gathered = 0;

  constructor(readonly parts: SectionParts) {
    const buttons = makeElement('div', 'choices');
    const add = makeFileButton('Add photos…', 'image/*', true, files => void this.#addFiles(files));
    this.#gather = makeButton('Hold to gather', () => undefined, 'hold');
    this.#gather.title = 'Gathers frames of what is painted while you hold it';
    this.#clear = makeButton('Remove', () => this.#removeAll(), 'quiet');
    buttons.append(...add, this.#gather);
    const row = makeElement('div', 'strip-row');
    row.append(this.#count, this.#clear);
    this.element.append(
      makeElement('p', 'hint', 'The look learns to paint these as they are.'),
      buttons,
      this.#strip,
      row,
    );
    this.#strip.dataset.empty = 'Drop pictures here';
    // It scrolls, by the keyboard too.
    Object.assign(this.#strip, { tabIndex: 0, role: 'group', ariaLabel: 'Pictures to learn from' });
    this.#bindHold();
    this.#bindDrops();
    this.#show();
  }

  get examples(): string {
    return countOf(this.#examples.length, 'picture', 'pictures');
  }

  makeTask({ info, bytes, title }: BaseLook): LearningTask {
    const texts = () => ({ name: title, from: `Fine-tuned in the page on ${this.examples}` });
    const size = { width: info.width, height: info.height };
    return fineTuning({ bytes, size, texts }, this.#examples, true);
  }

  async #addFiles(files: readonly File[]): Promise<void> {
    const size = this.#lookSize();
    if (!size) return;
    const pictures = files.filter(file => detectFileKind(file) === 'picture');
    const failures: string[] = [];
    for (const file of pictures) {
      try {
        this.#add(await openPhoto(file, size));
      } catch (error) {
        failures.push(errorMessage(error));
      }
    }
    const said = [
      this.#full(),
      failures[0] ?? '',
      failures.length > 1 ? `${failures.length} files failed.` : '',
    ];
    this.parts.notifications.inform(
      [`${this.examples || 'No pictures'} to learn from.`, ...said].filter(Boolean).join(' '),
    );
    this.#show();
    this.parts.onChange();
  }

  #full(): string {
    return this.#examples.length >= MAX_PHOTOS ? `More than ${MAX_PHOTOS} are not kept.` : '';
  }

  #add(picture: HTMLCanvasElement): void {
    if (this.#examples.length >= MAX_PHOTOS) return;
    this.#examples.push(photoExample(picture));
    this.#strip.prepend(makeThumbnail(picture));
  }

  #lookSize(): Size | null {
    const look = this.parts.baseLook();
    if (!look) this.parts.notifications.inform('Choose a look first.');
    return look?.info ?? null;
  }

  /** The button gathers while it is held: by a pointer, or by the space bar. */
  #bindHold(): void {
    const button = this.#gather;
    button.addEventListener('pointerdown', event => {
      if (event.button === 0) this.#startGathering();
    });
    button.addEventListener('keydown', event => {
      if ((event.key === ' ' || event.key === 'Enter') && !event.repeat) this.#startGathering();
    });
    for (const kind of ['pointerup', 'pointercancel', 'pointerleave', 'keyup', 'blur']) {
      button.addEventListener(kind, () => this.#stopGathering());
    }
    button.addEventListener('contextmenu', event => event.preventDefault()); // a long touch opens it
  }

  #startGathering(): void {
    if (this.#timer) return;
    this.#gathered = 0;
    this.#gather.classList.add('held');
    const gather = () => {
      const size = this.#lookSize();
      const { source, isMirrored } = this.parts.renderLoop;
      const around = size && {
        width: Math.round(size.width * FRAME_SCALE),
        height: Math.round(size.height * FRAME_SCALE),
      };
      const frame = around && takeFrame(source, isMirrored, around);
      if (!frame) return;
      this.#add(frame);
      this.#gathered += 1;
      this.#show();
    };
    this.#timer = window.setInterval(gather, GATHER_MS);
    gather();
  }

  #stopGathering(): void {
    if (!this.#timer) return;
    window.clearInterval(this.#timer);
    this.#timer = 0;
    this.#gather.classList.remove('held');
    const said = `${countOf(this.#gathered, 'frame', 'frames') || 'No frame'} gathered. ${this.#full()}`;
    this.parts.notifications.inform(said.trim());
    this.parts.onChange();
  }

  #removeAll(): void {
    this.#examples.length = 0;
    this.#strip.replaceChildren();
    this.parts.notifications.inform('The pictures to learn from were removed.');
    this.#show();
    this.parts.onChange();
  }

  #show(): void {
    this.#count.textContent = this.examples || 'No pictures yet';
    this.#clear.disabled = this.#examples.length === 0;
  }

  /** Pictures that are dropped on the panel are to be learned from, and not to be painted. */
  #bindDrops(): void {
    const overlay = getElement('drop');
    this.element.addEventListener('dragover', event => {
      event.preventDefault();
      event.stopPropagation();
      overlay.hidden = true;
    });
    this.element.addEventListener('drop', event => {
      event.preventDefault();
      event.stopPropagation();
      void this.#addFiles([...(event.dataTransfer?.files ?? [])]);
    });
  }
}
