/** The tab Painter: networks of a place paint a picture, and pictures that are bred. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { nextTask } from '../../shared/next-task.ts';
import { CurvePlot } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeAbout } from '../shell/explain.ts';
import { formatCount } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import type { CardHost } from './card-host.ts';
import { likenessText, makeCurves, makeKey, psnrOf } from './curves.ts';
import { Drawer } from './drawer.ts';
import { LayersView } from './layers-view.ts';
import { countParameters, type PixelNetwork } from './network.ts';
import { makeNetworkCard } from './network-card.ts';
import { saveNetwork } from './network-file.ts';
import { makePaintingCard, type PaintingCard } from './painting-card.ts';
import { Runs } from './runs.ts';
import { makeSettings, type PainterSettings, pythonCommand, sideOf } from './settings.ts';
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
  readonly #runs: Runs;
  readonly #brush = makeElement('input');
  /** What only some modes have. */
  readonly #only: (readonly [element: HTMLElement, isShown: () => boolean])[] = [];
  readonly #starting: Promise<void>;
  #isStarted = false;
  #isShown = false;
  #shownLayers = '';

  constructor(readonly host: Host) {
    const { settings } = this;
    this.#brush.type = 'color';
    this.#brush.value = '#ffcf5c';
    this.#target = new Target(
      sideOf(settings.values),
      () => this.#brush.value,
      () => this.#runs.shown === this.#runs.sideBySide && this.#runs.sideBySide.retarget(),
    );
    this.#runs = new Runs({
      host,
      settings,
      pixels: () => this.#target.pixels,
      drawer: this.#drawer,
      onProgress: () => this.#show(),
      onMove: () => this.#painting.request(),
      fail: error => this.#fail(error),
    });
    const cards: CardHost = {
      settings,
      showOnly: (element, isShown) => this.#showOnly(element, isShown),
      fail: error => this.#fail(error),
    };
    this.#painting = makePaintingCard(
      cards,
      this.#drawer,
      () => this.#runs.shown.scene,
      at => this.#runs.shown.damage?.(at),
      this.#makeWalls(),
    );
    this.#psnr = new CurvePlot('Likeness', ABOUT.psnr, () => makeCurves(this.#runs.shown, true));
    this.#loss = new CurvePlot('Loss', ABOUT.loss, () => makeCurves(this.#runs.shown, false));
    this.element = this.#layOut(cards);
    settings.listen(names => this.#follow(names));
    this.#starting = this.#start();
  }

  /** Once the page has read the address; in parts, so that no task is long. */
  async #start(): Promise<void> {
    await nextTask();
    this.#drawSource();
    await nextTask();
    this.#isStarted = true;
    this.#begin();
  }

  #layOut(cards: CardHost): HTMLElement {
    const bench = makeBench('painter', { data: 'Picture and network', network: 'Painting' });
    const isLearned = () => this.settings.values.net !== 'cppn';
    bench.data.append(
      makeTargetCard(cards, this.#target, this.#brush, () => this.#drawSource()),
      makeNetworkCard(cards),
    );
    bench.network.append(this.#painting.element, this.#layers.element);
    const children = makeCard('Its children', ABOUT.children, this.#runs.breeding.wall.element);
    bench.curves.append(this.#showOnly(children, () => this.#isNet('cppn')));
    this.#psnr.card.append(this.#showOnly(makeKey(), () => this.#isNet('activations', 'synaptic')));
    for (const card of [this.#psnr.card, this.#loss.card, makeTrainingCard(cards)]) {
      bench.curves.append(this.#showOnly(card, isLearned));
    }
    return bench.element;
  }

  #isNet(...nets: PainterSettings['values']['net'][]): boolean {
    return nets.includes(this.settings.values.net);
  }

  /** The same network with five activations, in the two modes that have them. */
  #makeWalls(): HTMLElement[] {
    const { activations, sideBySide } = this.#runs;
    return (
      [
        ['activations', ABOUT.activations, activations.wall],
        ['synaptic', ABOUT.wall, sideBySide.wall],
      ] as const
    ).map(([net, about, wall]) => {
      const element = makeElement('div', 'side-by-side');
      const head = makeElement('span', 'control-head', 'Five activations');
      head.append(makeAbout('Five activations', about, head));
      element.append(head, wall.element);
      return this.#showOnly(element, () => this.#isNet(net));
    });
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
      this.#runs.shown.follow(names);
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

  #begin(): void {
    this.#shownLayers = '';
    this.#runs.begin();
  }

  /** Everything that follows the weights. */
  #show(): void {
    const run = this.#runs.shown;
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
      const run = this.#runs.shown;
      this.#layers.show(network, {
        scene: () => this.#runs.shown.scene,
        isFrozen: name => this.settings.values.frozen.includes(name),
        freeze: this.#runs.canFreeze ? (name, isFrozen) => this.#freeze(name, isFrozen) : null,
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
    if (this.#isStarted) this.#runs.shown.play();
    else this.#runs.setPlaying(true);
  }

  pause(): void {
    if (this.#isStarted) this.#runs.shown.pause();
    else this.#runs.setPlaying(false);
  }

  leave(): void {
    this.#isShown = false;
    this.#target.stopCamera();
  }

  enter(): void {
    this.#isShown = true;
    if (this.#isStarted && this.settings.values.source === 'camera') this.#drawSource();
  }

  setSlow(isSlow: boolean): void {
    this.#runs.setSlow(isSlow);
  }

  step(): void {
    void this.#starting.then(() => {
      this.#runs.shown.pause();
      this.#runs.shown.step();
    });
  }

  reset(): void {
    void this.#starting.then(() => {
      if (this.#runs.shown === this.#runs.breeding) this.settings.set({ path: [] });
      this.#begin();
    });
  }

  python(): string | null {
    return pythonCommand(this.settings.values);
  }

  status(): string | null {
    const likeness = psnrOf(this.#runs.shown.loss);
    if (!Number.isFinite(likeness)) return null;
    return `${this.#runs.shown.place}. The likeness is ${likeness.toFixed(1)} decibels.`;
  }

  plot(): HTMLCanvasElement {
    return this.#psnr.view.canvas;
  }

  async save() {
    await this.#starting;
    const { scene } = this.#runs.shown;
    if (!scene) throw new Error('There is no network yet.');
    const bytes = await saveNetwork(scene);
    return { bytes, name: 'limner-lab-painting.onnx' };
  }
}
