/** Classes of one's own: named, gathered by holding a button, or read from a folder. */
import { makeElement } from '../../shared/dom.ts';
import type { Examples, Picture, Task } from '../data/examples.ts';
import { makeButton } from '../shell/controls.ts';
import { makeFilesButton } from '../shell/files.ts';
import { readPicture, sortFolder } from './picture-reader.ts';

interface OwnClass {
  name: string;
  readonly train: Picture[];
  readonly test: Picture[];
  readonly row: HTMLElement;
  readonly count: HTMLElement;
}

const MIN_PICTURES = 5;
const MAX_PICTURES = 300;
const GATHER_MS = 100;
const TEST_EVERY = 5;

export class OwnClasses {
  readonly element = makeElement('div', 'own-classes');
  readonly #list = makeElement('div', 'own-list');
  #classes: OwnClass[] = [];
  #timer = 0;

  /** `grab` gives a picture of the camera, which it opens if need be. `onChange` is told that the task is another one, and the
   * picture that came, if one did. */
  constructor(
    readonly grab: () => Promise<Picture | null>,
    readonly onChange: (picture: Picture | null) => void,
    readonly say: (sentence: string) => void,
  ) {
    const choices = makeElement('div', 'choices');
    choices.append(
      makeButton('Add a class', () => this.#add(`Class ${this.#classes.length + 1}`)),
      ...makeFilesButton('Open a folder…', { webkitdirectory: true }, files => void this.#openFolder(files)),
      makeButton('Forget all', () => this.#forget()),
    );
    this.element.append(this.#list, choices);
    this.#add('Class 1');
    this.#add('Class 2');
  }

  /** The task of the pictures that were gathered. Throws where they are too few. */
  task(change: (picture: Picture) => Picture): Task {
    const full = this.#classes.filter(({ train, test }) => train.length + test.length > 0);
    const few = full.find(({ train, test }) => train.length < MIN_PICTURES - 1 || test.length === 0);
    if (full.length < 2 || few) {
      throw new Error(
        `Gather at least ${MIN_PICTURES} pictures of each of two classes, by the camera or from a folder; then press Play.`,
      );
    }
    const examples = (split: 'train' | 'test'): Examples => {
      const all = full.flatMap((own, label) =>
        own[split].map(picture => ({ picture: change(picture), label })),
      );
      return {
        count: all.length,
        label: index => all[index]?.label ?? 0,
        picture: index => all[index]?.picture as Picture,
      };
    };
    return {
      name: 'Classes of your own',
      note: '',
      classes: full.map(({ name }) => name),
      train: examples('train'),
      test: examples('test'),
    };
  }

  #add(name: string): OwnClass {
    const row = makeElement('div', 'own-class');
    const input = makeElement('input');
    Object.assign(input, { type: 'text', value: name });
    input.setAttribute('aria-label', 'Name of the class');
    const count = makeElement('span', 'hint');
    const made: OwnClass = { name, train: [], test: [], row, count };
    input.addEventListener('change', () => {
      made.name = input.value.trim() || name;
      this.onChange(null);
    });
    row.append(input, count, this.#makeHold(made));
    this.#list.append(row);
    this.#classes.push(made);
    this.#showCount(made);
    return made;
  }

  /** Gathers as long as it is held, by a pointer or by a key. */
  #makeHold(own: OwnClass): HTMLButtonElement {
    const hold = makeButton('Hold to gather', () => undefined);
    const begin = () => {
      if (this.#timer === 0) this.#gather(own, hold);
    };
    const end = () => {
      window.clearTimeout(this.#timer);
      this.#timer = 0;
      hold.removeAttribute('data-held');
    };
    hold.addEventListener('pointerdown', event => {
      hold.setPointerCapture(event.pointerId);
      begin();
    });
    for (const name of ['pointerup', 'pointercancel', 'blur', 'keyup'] as const) {
      hold.addEventListener(name, end);
    }
    hold.addEventListener('keydown', ({ key }) => (key === ' ' || key === 'Enter') && begin());
    hold.addEventListener('contextmenu', event => event.preventDefault());
    return hold;
  }

  #gather(own: OwnClass, hold: HTMLElement): void {
    hold.dataset.held = '';
    this.#timer = window.setTimeout(async () => {
      const timer = this.#timer;
      const picture = await this.grab();
      if (picture && !this.#take(own, picture)) {
        this.say(`A class has at most ${MAX_PICTURES} pictures.`);
        return;
      }
      // The button may have been let go meanwhile.
      if (timer !== 0 && timer === this.#timer) this.#gather(own, hold);
    }, GATHER_MS);
  }

  /** Whether there was room for it. */
  #take(own: OwnClass, picture: Picture, isTest?: boolean): boolean {
    const count = own.train.length + own.test.length;
    if (count >= MAX_PICTURES) return false;
    const toTest = isTest ?? count % TEST_EVERY === TEST_EVERY - 1;
    (toTest ? own.test : own.train).push(picture);
    this.#showCount(own);
    this.onChange(picture);
    return true;
  }

  #showCount({ train, test, count }: OwnClass): void {
    count.textContent = `${train.length} to learn from, ${test.length} to test on`;
  }

  async #openFolder(files: readonly File[]): Promise<void> {
    const sorted = sortFolder(files);
    if (sorted.length === 0) {
      this.say('This folder has no folders with pictures in them: make one for each class.');
      return;
    }
    this.#forget();
    const hasTest = sorted.some(({ isTest }) => isTest);
    const classes = new Map<string, OwnClass>();
    let [taken, unread] = [0, 0];
    for (const { file, className, isTest } of sorted) {
      const own = classes.get(className) ?? this.#add(className);
      classes.set(className, own);
      const picture = await readPicture(file).catch(() => null);
      if (!picture) unread++;
      else if (this.#take(own, picture, hasTest ? isTest : undefined)) taken++;
    }
    const surplus = sorted.length - unread - taken;
    this.say(
      [
        `${taken} pictures of ${classes.size} classes: press Play.`,
        ...(surplus > 0 ? [`${surplus} are left out: a class has at most ${MAX_PICTURES}.`] : []),
        ...(unread > 0 ? [`${unread} files could not be read.`] : []),
      ].join(' '),
    );
  }

  #forget(): void {
    for (const { row } of this.#classes) row.remove();
    this.#classes = [];
    this.onChange(null);
  }
}
