/** The tab Pictures: CIFAR-10, drawn shapes, or classes of one's own, by the camera or from a folder. */
import { makeElement } from '../../shared/dom.ts';
import { CameraView } from '../classifier/camera-view.ts';
import { PictureGrid } from '../classifier/picture-grid.ts';
import { makeSettings, pythonCommand } from '../classifier/settings.ts';
import { ClassifierTab, type InputForm } from '../classifier/tab.ts';
import { drawnShapes } from '../data/drawn-tasks.ts';
import type { Picture, Task } from '../data/examples.ts';
import { dataFiles } from '../data/files.ts';
import { fetchPictures, hasPictures } from '../data/picture-files.ts';
import type { ShownLayer } from '../network/model-layers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeCheck } from '../shell/controls.ts';
import { formatCount } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import { Extractor, fetchExtractor } from './extractor.ts';
import { OwnClasses } from './own-classes.ts';
import { halve, OWN_SIDE, pictureOf } from './picture-reader.ts';

const EXAMPLES = 40;

export const makePicturesTab = async (host: Host): Promise<Tab> =>
  new PicturesTab(
    host,
    await hasPictures('cifar10'),
    (await dataFiles()).includes('squeezenet/features.onnx'),
  );

class PicturesTab extends ClassifierTab {
  readonly #source = makeElement('p', 'hint');
  readonly #said = makeElement('p', 'hint');
  readonly #grid = new PictureGrid('Pictures to learn from', 40, () =>
    Array.from({ length: Math.min(EXAMPLES, this.task?.train.count ?? 0) }, (_, i) => ({
      picture: this.task?.train.picture(i) as Picture,
      text: this.task?.classes[this.task.train.label(i)] ?? '',
    })),
  );
  readonly #camera = new CameraView(
    () => this.#look(),
    sentence => this.host.say(sentence),
  );
  readonly #own: OwnClasses;
  readonly #ownCard: HTMLElement;
  #picture: Picture | null = null;
  readonly #seen = new PictureGrid('The picture that is shown', 96, () =>
    this.#picture ? [{ picture: this.#picture }] : [],
  );
  readonly #fetched: Partial<Record<string, Promise<Task>>> = {};
  #extractor: Extractor | null = null;
  /** Pictures came since the task was made. */
  #isStale = false;
  #nextTest = 0;

  constructor(
    host: Host,
    hasCifar: boolean,
    readonly hasExtractor: boolean,
  ) {
    super(host, 'pictures', makeSettings({ data: ['cifar10', 'drawn', 'own'], augment: true, epochs: 5 }));
    const { settings } = this;
    this.#own = new OwnClasses(
      () => this.#grab(),
      picture => {
        this.#isStale = true;
        if (this.#hasFeatures) void this.#extractor?.features(picture);
      },
      sentence => this.host.say(sentence),
    );
    const sources = makeElement('div', 'choices');
    if (hasCifar) sources.append(makeButton('CIFAR-10', () => settings.set({ data: 'cifar10' })));
    sources.append(
      makeButton('Drawn shapes', () => settings.set({ data: 'drawn' })),
      makeButton('Classes of your own', () => settings.set({ data: 'own' })),
    );
    const data = makeCard('Pictures', ABOUT.data, sources, this.#source, this.#grid.view.canvas);
    const choices = makeElement('div', 'choices');
    choices.append(
      makeButton('Another test picture', () => this.#showNext()),
      this.#camera.element,
    );
    const live = makeCard(
      'Asked now',
      ABOUT.live,
      this.#seen.view.canvas,
      this.#said,
      choices,
      this.bars.element,
    );
    this.#ownCard = makeCard('Your classes', ABOUT.own, this.#own.element);
    if (hasExtractor) {
      const check = { label: 'Look through SqueezeNet', about: ABOUT.features };
      this.#ownCard.append(makeCheck(settings.bind('features'), check));
    }
    settings.listen(names => {
      if (names.has('features') && settings.values.data === 'own') this.rebuild();
      if (names.has('data')) this.#showSource();
    });
    this.bench.data.append(data, this.#ownCard, live, this.panel.pictureCard);
    this.#showSource();
    this.rebuild();
  }

  get #hasFeatures(): boolean {
    const { data, features } = this.settings.values;
    return data === 'own' && features && this.hasExtractor;
  }

  protected override get canFlip(): boolean {
    return true;
  }

  #showSource(): void {
    this.#ownCard.hidden = this.settings.values.data !== 'own';
    if (this.#hasFeatures) void this.#fetchExtractor();
  }

  async #fetchExtractor(): Promise<Extractor | null> {
    const fetched = (await this.#extraction) ?? null;
    this.#extractor = fetched;
    return fetched;
  }

  #extracting: Promise<Extractor | null> | null = null;
  get #extraction(): Promise<Extractor | null> {
    this.#extracting ??= fetchExtractor();
    return this.#extracting;
  }

  protected async fetchTask(): Promise<Task> {
    const { data } = this.settings.values;
    if (data === 'own') return this.#fetchOwn();
    const found = this.#fetched[data] ?? (data === 'cifar10' ? fetchCifar() : Promise.resolve(drawnShapes()));
    this.#fetched[data] = found;
    return found;
  }

  async #fetchOwn(): Promise<Task> {
    const hasFeatures = this.#hasFeatures;
    const task = this.#own.task(hasFeatures ? picture => picture : halve);
    this.#isStale = false;
    if (!hasFeatures) return task;
    const extractor = await this.#fetchExtractor();
    const all = [task.train, task.test].flatMap(({ count, picture }) =>
      Array.from({ length: count }, (_, i) => picture(i)),
    );
    for (const [i, picture] of all.entries()) {
      this.#source.textContent = `SqueezeNet looks at picture ${i + 1} of ${all.length}…`;
      await extractor?.features(picture);
    }
    return task;
  }

  protected override formOf(task: Task): InputForm {
    const extractor = this.#extractor;
    if (!this.#hasFeatures || !extractor) return super.formOf(task);
    return {
      dims: [Extractor.count],
      write: (to, offset, picture) => to.set(extractor.known(picture), offset),
      isPictures: false,
    };
  }

  protected override frozenLayers(): readonly ShownLayer[] {
    return this.#hasFeatures ? (this.#extractor?.layers ?? []) : [];
  }

  protected describe({ name, note, train, test }: Task): void {
    const told = note ? ` (${note})` : '';
    this.#source.textContent = `${name}${told}: ${formatCount(train.count)} to learn from, ${formatCount(test.count)} to test on.`;
    this.#grid.view.request();
    this.#nextTest = 0;
    this.#showNext();
  }

  override play(): void {
    if (this.#isStale && this.settings.values.data === 'own') this.rebuild();
    super.play();
  }

  async #grab(): Promise<Picture | null> {
    if (!(await this.#camera.open())) return null;
    const frame = this.#camera.grab(OWN_SIDE);
    return frame && pictureOf(frame);
  }

  #look(): void {
    const { side = OWN_SIDE } = this.task?.train.picture(0) ?? {};
    const frame = this.#camera.grab(side);
    if (frame) this.#ask(pictureOf(frame), 'what the camera sees');
  }

  #isAsking = false;
  #ask(picture: Picture, text: string): void {
    this.#picture = picture;
    this.#said.textContent = `Shown: ${text}.`;
    this.#seen.view.request();
    const extractor = this.#hasFeatures ? this.#extractor : null;
    if (!extractor) {
      this.showPicture(picture);
    } else if (!this.#isAsking) {
      // Frames come faster than they are looked at.
      this.#isAsking = true;
      void extractor.look(picture).then(values => {
        this.#isAsking = false;
        this.showValues(values);
        this.showPicture(picture);
      });
    }
  }

  protected showTest(picture: Picture, label: number): void {
    this.#ask(picture, `a test picture of class ${this.task?.classes[label]}`);
  }

  #showNext(): void {
    const { test } = this.task ?? {};
    if (!test) return;
    const index = this.#nextTest++ % test.count;
    this.showTest(test.picture(index), test.label(index));
  }

  python(): string | null {
    return this.task?.name.startsWith('CIFAR-10') && this.settings.values.data === 'cifar10'
      ? pythonCommand(this.settings, 'pictures')
      : null;
  }
}

const fetchCifar = async (): Promise<Task> => (await fetchPictures('cifar10')) ?? drawnShapes();
