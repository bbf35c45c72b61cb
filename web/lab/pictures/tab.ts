/** The tab Pictures: CIFAR-10, drawn shapes, or classes of one's own, by the camera or from a folder. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { CameraView } from '../classifier/camera-view.ts';
import type { InputForm } from '../classifier/input-form.ts';
import { makeSettings, pythonCommand } from '../classifier/settings.ts';
import { ClassifierTab } from '../classifier/tab.ts';
import { drawnShapes } from '../data/drawn-shapes.ts';
import type { Picture, Task } from '../data/examples.ts';
import { dataFiles } from '../data/files.ts';
import { fetchPictures, hasPictures } from '../data/picture-files.ts';
import type { ShownLayer } from '../network/model-layers.ts';
import { makeCard } from '../shell/bench.ts';
import { makeButton, makeCheck } from '../shell/controls.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import { Extractor, fetchExtractor } from './extractor.ts';
import { OwnClasses } from './own-classes.ts';
import { halve, OWN_SIDE, pictureOf } from './picture-reader.ts';

/** A few pictures are seen often. */
const OWN = { batch: 16, epochs: 20 } as const;

export const makePicturesTab = async (host: Host): Promise<Tab> =>
  new PicturesTab(
    host,
    await hasPictures('cifar10'),
    (await dataFiles()).includes('squeezenet/features.onnx'),
  );

class PicturesTab extends ClassifierTab {
  readonly #camera = new CameraView(
    () => this.#look(),
    sentence => this.host.say(sentence),
  );
  readonly #own: OwnClasses;
  readonly #ownCard: HTMLElement;
  #extractor: Extractor | null = null;
  #fetching: Promise<Extractor | null> | null = null;
  /** Pictures or classes are others since the task was made. */
  #isStale = true;
  #isLooking = false;

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
        if (picture && this.#hasFeatures) void this.#extractor?.features(picture).catch(() => undefined);
      },
      sentence => this.host.say(sentence),
    );
    const sources = makeElement('div', 'choices');
    if (hasCifar) sources.append(makeButton('CIFAR-10', () => settings.set({ data: 'cifar10' })));
    sources.append(
      makeButton('Drawn shapes', () => settings.set({ data: 'drawn' })),
      makeButton('Classes of your own', () => settings.set({ data: 'own', ...OWN })),
    );
    const data = makeCard('Pictures', ABOUT.data, sources, this.source, this.grid.view.canvas);
    const choices = makeElement('div', 'choices');
    choices.append(
      makeButton('Another test picture', () => this.showNext()),
      this.#camera.element,
    );
    const live = makeCard(
      'Asked now',
      ABOUT.live,
      this.seen.view.canvas,
      this.said,
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
    // Whoever needs it says why it could not be fetched.
    if (this.#hasFeatures) void this.#fetchExtractor().catch(() => undefined);
  }

  async #fetchExtractor(): Promise<Extractor | null> {
    this.#fetching ??= fetchExtractor();
    try {
      this.#extractor = await this.#fetching;
    } catch (error) {
      // Another try may go better.
      this.#fetching = null;
      throw error;
    }
    return this.#extractor;
  }

  protected async fetchTask(isCurrent: () => boolean): Promise<Task> {
    const { data } = this.settings.values;
    if (data === 'own') return this.#fetchOwn(isCurrent);
    return this.fetchOnce(data, data === 'cifar10' ? fetchCifar : async () => drawnShapes());
  }

  async #fetchOwn(isCurrent: () => boolean): Promise<Task> {
    const hasFeatures = this.#hasFeatures;
    const task = this.#own.task(hasFeatures ? picture => picture : halve);
    this.#isStale = false;
    if (!hasFeatures) return task;
    const extractor = await this.#fetchExtractor();
    const all = [task.train, task.test].flatMap(({ count, picture }) =>
      Array.from({ length: count }, (_, i) => picture(i)),
    );
    for (const [i, picture] of all.entries()) {
      if (!isCurrent()) break;
      this.source.textContent = `SqueezeNet looks at picture ${i + 1} of ${all.length}…`;
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

  override play(): void {
    this.#rebuildStale();
    super.play();
  }

  override step(): void {
    this.#rebuildStale();
    super.step();
  }

  #rebuildStale(): void {
    if (this.#isStale && this.settings.values.data === 'own') this.rebuild();
  }

  async #grab(): Promise<Picture | null> {
    if (!(await this.#camera.open())) return null;
    const frame = this.#camera.grab(OWN_SIDE);
    return frame && pictureOf(frame);
  }

  #look(): void {
    const { side = OWN_SIDE } = this.task?.train.picture(0) ?? {};
    const frame = this.#camera.grab(side);
    if (frame) this.ask(pictureOf(frame), 'what the camera sees');
  }

  protected override showPicture(picture: Picture): void {
    const extractor = this.form?.isPictures === false ? this.#extractor : null;
    if (!extractor) super.showPicture(picture);
    // Frames come faster than they are looked at.
    else if (!this.#isLooking) void this.#lookThrough(extractor, picture);
  }

  async #lookThrough(extractor: Extractor, picture: Picture): Promise<void> {
    this.#isLooking = true;
    try {
      this.showValues(await extractor.look(picture));
      super.showPicture(picture);
    } catch (error) {
      this.host.say(errorMessage(error));
    } finally {
      this.#isLooking = false;
    }
  }

  python(): string | null {
    return this.task?.name.startsWith('CIFAR-10') && this.settings.values.data === 'cifar10'
      ? pythonCommand(this.settings, 'pictures')
      : null;
  }
}

const fetchCifar = async (): Promise<Task> => (await fetchPictures('cifar10')) ?? drawnShapes();
