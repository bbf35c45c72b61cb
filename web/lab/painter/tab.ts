/** The tab Painter: networks of a place paint a picture, and pictures that are bred. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { nextTask } from '../../shared/next-task.ts';
import { CurvePlot } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { formatCount } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import { ActivationsRun } from './activations-run.ts';
import { Breeding } from './breeding.ts';
import type { CardHost } from './card-host.ts';
import { likenessText, makeCurves, makeKey, psnrOf } from './curves.ts';
import { Drawer } from './drawer.ts';
import { LayersView } from './layers-view.ts';
import { countParameters, type PixelNetwork } from './network.ts';
import { makeNetworkCard } from './network-card.ts';
import { saveNetwork } from './network-file.ts';
import { NetworkRun } from './network-run.ts';
import { makePaintingCard, type PaintingCard } from './painting-card.ts';
import type { Run } from './run.ts';
import { makeSettings, sideOf } from './settings.ts';
import { SideBySide } from './side-by-side.ts';
import { Target } from './target.ts';
import { makeTargetCard } from './target-card.ts';
import { makeTrainingCard } from './training-card.ts';

/** Settings that need a new beginning. */
const BEGINNING = ['net', 'depth', 'width', 'act', 'units', 'seed'];

export const makePainterTab = (host: Host): Tab => new PainterTab(host);

class PainterTab implements Tab {
  readonly playsAtOnce = true;
  readonly settings = makeSettings();
  readonly element: HTMLElement;
  readonly #drawer = new Drawer(error => this.#fail(error));
  readonly #target: Target;
  readonly #painting: PaintingCard;
  readonly #layers = new LayersView(this.#drawer);
  readonly #psnr: CurvePlot;
  readonly #loss: CurvePlot;
  readonly #trained: NetworkRun;
  readonly #activations: ActivationsRun;
  readonly #sideBySide: SideBySide;
  readonly #breeding: Breeding;
  readonly #brush = makeElement('input');
  /** What only some modes have. */
  readonly #only: (readonly [element: HTMLElement, isShown: () => boolean])[] = [];
  readonly #starting: Promise<void>;
  #isStarted = false;
  #isShown = false;
  #isPlaying = false;
  /** The one that began last. */
  #run: Run;
  #shownLayers = '';

  constructor(readonly host: Host) {
    const { settings } = this;
    this.#brush.type = 'color';
    this.#brush.value = '#ffcf5c';
    this.#target = new Target(
      sideOf(settings.values),
      () => this.#brush.value,
      () => this.#run === this.#sideBySide && this.#sideBySide.retarget(),
    );
    const pixels = () => this.#target.pixels;
    const show = (run: () => Run) => () => run() === this.#run && this.#show();
    this.#trained = new NetworkRun(
      this.#hostOf(() => this.#trained),
      () => settings.values,
      pixels,
      show(() => this.#trained),
    );
    this.#activations = new ActivationsRun(
      this.#hostOf(() => this.#activations),
      settings,
      pixels,
      this.#drawer,
      show(() => this.#activations),
    );
    this.#sideBySide = new SideBySide(
      this.#hostOf(() => this.#sideBySide),
      settings,
      pixels,
      this.#drawer,
      show(() => this.#sideBySide),
    );
    this.#breeding = new Breeding(
      this.#hostOf(() => this.#breeding),
      settings,
      this.#drawer,
      isOther => (isOther ? this.#show() : this.#painting.request()),
      error => this.#fail(error),
    );
    this.#run = this.#trained;
    const cards: CardHost = {
      settings,
      showOnly: (element, isShown) => this.#showOnly(element, isShown),
      fail: error => this.#fail(error),
    };
    this.#painting = makePaintingCard(
      cards,
      this.#drawer,
      () => this.#run.scene,
      at => this.#run.damage?.(at),
    );
    this.#psnr = new CurvePlot('Likeness', ABOUT.psnr, () => makeCurves(this.#run, true));
    this.#loss = new CurvePlot('Loss', ABOUT.loss, () => makeCurves(this.#run, false));
    this.element = this.#layOut(cards);
    settings.listen(names => this.#follow(names));
    this.#starting = this.#start();
  }

  /** The page, as a run may use it while it is the one that is shown. */
  #hostOf(run: () => Run): Host {
    const { host } = this;
    const isShown = () => run() === this.#run;
    return {
      setPlaying: isPlaying => {
        if (!isShown()) return;
        this.#isPlaying = isPlaying;
        host.setPlaying(isPlaying);
      },
      setChip: (backend, rate) => isShown() && host.setChip(backend, rate),
      say: sentence => host.say(sentence),
      update: () => host.update(),
      copy: (text, sentence) => host.copy(text, sentence),
    };
  }

  /** Once the page has read the address; in parts, so that no task is long. */
  async #start(): Promise<void> {
    await nextTask();
    this.#drawSource();
    await nextTask();
    this.#isStarted = true;
    this.#begin();
    if (this.#isPlaying) this.#run.play();
  }

  #layOut(cards: CardHost): HTMLElement {
    const bench = makeBench('painter', { data: 'Picture and network', network: 'Painting' });
    const { values } = this.settings;
    const isNet =
      (...nets: (typeof values.net)[]) =>
      () =>
        nets.includes(this.settings.values.net);
    const isLearned = () => this.settings.values.net !== 'cppn';
    bench.data.append(
      makeTargetCard(cards, this.#target, this.#brush, () => this.#drawSource()),
      makeNetworkCard(cards),
    );
    const bends = makeCard('Five activations', ABOUT.activations, this.#activations.wall.element);
    const synaptic = makeCard('Five activations', ABOUT.wall, this.#sideBySide.wall.element);
    bench.network.append(
      this.#painting.element,
      this.#showOnly(bends, isNet('activations')),
      this.#showOnly(synaptic, isNet('synaptic')),
      this.#layers.element,
    );
    const children = makeCard('Its children', ABOUT.children, this.#breeding.wall.element);
    bench.curves.append(this.#showOnly(children, isNet('cppn')));
    this.#psnr.card.append(this.#showOnly(makeKey(), isNet('activations', 'synaptic')));
    for (const card of [this.#psnr.card, this.#loss.card, makeTrainingCard(cards)]) {
      bench.curves.append(this.#showOnly(card, isLearned));
    }
    return bench.element;
  }

  #showOnly(element: HTMLElement, isShown: () => boolean): HTMLElement {
    this.#only.push([element, isShown]);
    element.hidden = !isShown();
    return element;
  }

  #follow(names: ReadonlySet<string>): void {
    for (const [element, isShown] of this.#only) element.hidden = !isShown();
    const isSharp = this.#resizeTarget();
    if (!this.#isStarted) return;
    if (names.has('source') || names.has('text') || !isSharp) this.#drawSource();
    if (BEGINNING.some(name => names.has(name))) this.#begin();
    else {
      this.#run.follow(names);
      if (names.has('pick')) this.#show();
      if (names.has('zoom') || names.has('at')) this.#painting.request();
    }
  }

  /** Whether the picture is as it should be then: one's own is scaled, a source is drawn again. */
  #resizeTarget(): boolean {
    const { isDrawn, side } = this.#target;
    this.#target.resize(sideOf(this.settings.values));
    return !isDrawn || this.#target.side === side;
  }

  #drawSource(): void {
    const { source, text } = this.settings.values;
    if (source === 'text') this.#target.drawText(text);
    else if (source === 'still') this.#target.drawStillLife();
    else if (this.#isShown) void this.#target.followCamera().catch(error => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.host.say(errorMessage(error));
  }

  /** Another network: the run begins anew, and plays on if one played. */
  #begin(): void {
    const { net } = this.settings.values;
    const others: Partial<Record<typeof net, Run>> = {
      activations: this.#activations,
      synaptic: this.#sideBySide,
      cppn: this.#breeding,
    };
    const run = others[net] ?? this.#trained;
    const isPlaying = this.#isPlaying;
    if (run !== this.#run) this.#run.pause();
    this.#run = run;
    this.#shownLayers = '';
    run.begin();
    if (isPlaying) run.play();
  }

  /** Everything that follows the weights. */
  #show(): void {
    const run = this.#run;
    this.#painting.request();
    const { scene } = run;
    if (scene) this.#showLayers(scene.network);
    this.#psnr.view.request();
    this.#loss.view.request();
    this.#painting.figures.textContent = [
      run.place,
      likenessText(run.loss),
      scene ? `${formatCount(countParameters(scene.network))} numbers` : '',
    ]
      .filter(Boolean)
      .join(' · ');
  }

  /** Cards of layers, when they are others, and what the units answer now. */
  #showLayers(network: PixelNetwork): void {
    const layers = JSON.stringify(network);
    if (layers !== this.#shownLayers) {
      this.#shownLayers = layers;
      const run = this.#run;
      this.#layers.show(network, {
        scene: () => this.#run.scene,
        isFrozen: name => this.settings.values.frozen.includes(name),
        freeze:
          run === this.#trained || run === this.#activations
            ? (name, isFrozen) => this.#freeze(name, isFrozen)
            : null,
        tear: run.tear ? (layer, units) => run.tear?.(layer, units) : null,
      });
    }
    this.#layers.request();
  }

  #freeze(name: string, isFrozen: boolean): void {
    const { frozen } = this.settings.values;
    this.settings.set({ frozen: isFrozen ? [...frozen, name] : frozen.filter(one => one !== name) });
  }

  play(): void {
    if (this.#isStarted) this.#run.play();
    else this.#setPlaying(true);
  }

  pause(): void {
    if (this.#isStarted) this.#run.pause();
    else this.#setPlaying(false);
  }

  leave(): void {
    this.#isShown = false;
    this.#target.stopCamera();
  }

  enter(): void {
    this.#isShown = true;
    if (this.#isStarted && this.settings.values.source === 'camera') this.#drawSource();
  }

  /** Before it has started: what shall be then. */
  #setPlaying(isPlaying: boolean): void {
    this.#isPlaying = isPlaying;
    this.host.setPlaying(isPlaying);
  }

  setSlow(isSlow: boolean): void {
    for (const run of [this.#trained, this.#activations, this.#sideBySide, this.#breeding]) {
      run.setSlow(isSlow);
    }
  }

  step(): void {
    void this.#starting.then(() => {
      this.#run.pause();
      this.#run.step();
    });
  }

  reset(): void {
    void this.#starting.then(() => {
      if (this.#run === this.#breeding) this.settings.set({ path: [] });
      this.#begin();
    });
  }

  python(): null {
    return null;
  }

  status(): string | null {
    const likeness = psnrOf(this.#run.loss);
    if (!Number.isFinite(likeness)) return null;
    return `${this.#run.place}. The likeness is ${likeness.toFixed(1)} decibels.`;
  }

  plot(): HTMLCanvasElement {
    return this.#psnr.view.canvas;
  }

  async save() {
    await this.#starting;
    const { scene } = this.#run;
    if (!scene) throw new Error('There is no network yet.');
    const bytes = await saveNetwork(scene);
    return { bytes, name: 'limner-lab-painting.onnx' };
  }
}
