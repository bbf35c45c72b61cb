/** The tab Painter: networks of a place paint a picture, and pictures that are bred. */
import { makeElement, saveFile } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { formatCount } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { themeColor } from '../shell/theme.ts';
import { ABOUT, MODE_ABOUT } from './about.ts';
import { type CardHost, makeNetworkCard, makeTargetCard, makeTrainingCard, makeZoom } from './cards.ts';
import { CHILDREN, makeCppn, weightsOfPath } from './cppn.ts';
import { makeCurves, makeKey, psnrOf, SQUASH_STYLES } from './curves.ts';
import type { Scene } from './draw-protocol.ts';
import { Drawer } from './drawer.ts';
import { LatentDrive } from './drive.ts';
import { LayersView } from './layers-view.ts';
import { countParameters } from './network.ts';
import { NetworkRun, saveNetwork } from './network-run.ts';
import { bindLook, type Look, PaintingView, viewOf } from './painting-view.ts';
import { PerceptronRun } from './perceptron-run.ts';
import { SQUASHES } from './pixels.ts';
import { MAX, makeSettings, rateOf, sideOf, sizeOf } from './settings.ts';
import { exportedShader } from './shader.ts';
import { Target } from './target.ts';
import { Wall } from './wall.ts';

const PNG_SIDE = 4096;
const SLOW = 0.2;
const nextTask = (): Promise<void> => new Promise(resolve => setTimeout(resolve));

export const makePainterTab = (host: Host): Tab => new PainterTab(host);

class PainterTab implements Tab {
  readonly settings = makeSettings();
  readonly element: HTMLElement;
  readonly #drawer = new Drawer();
  readonly #target: Target;
  readonly #painting: PaintingView;
  readonly #bends = new Wall(this.#drawer, 'bends');
  readonly #children = new Wall(this.#drawer, 'children');
  readonly #layers = new LayersView(this.#drawer);
  readonly #psnr: CurvePlot;
  readonly #loss: CurvePlot;
  readonly #network: NetworkRun;
  readonly #perceptrons: PerceptronRun;
  readonly #drive = new LatentDrive();
  readonly #brush = makeElement('input');
  readonly #figures = makeElement('p', 'hint figures');
  readonly #hint = makeElement('p', 'hint');
  /** What only some modes have. */
  readonly #only: (readonly [element: HTMLElement, isShown: () => boolean])[] = [];
  #isPlaying = false;
  #isSlow = false;
  readonly #starting: Promise<void>;
  #isStarted = false;
  #bred: Scene | null = null;
  #seconds = 0;
  /** Units of the perceptrons whose layers are shown. */
  #layersOf = 0;

  constructor(readonly host: Host) {
    const { settings } = this;
    this.#brush.type = 'color';
    this.#brush.value = '#ffcf5c';
    this.#target = new Target(
      sideOf(settings.values),
      () => this.#brush.value,
      () => this.#mode === 'synaptic' && this.#perceptrons.setPixels(this.#target.pixels),
    );
    this.#network = new NetworkRun(
      host,
      () => settings.values,
      () => this.#target.pixels,
      () => this.#show(),
    );
    this.#perceptrons = new PerceptronRun(() => this.#showPerceptrons());
    this.#painting = new PaintingView(
      'The painting of the network',
      this.#drawer,
      () => this.#scene,
      () => this.#look,
    );
    this.#psnr = new CurvePlot('Likeness', ABOUT.psnr, () => this.#curves(true));
    this.#loss = new CurvePlot('Loss', ABOUT.loss, () => this.#curves(false));
    this.element = this.#layOut();
    settings.listen(names => this.#follow(names));
    this.#starting = this.#start();
  }

  /** Once the page has read the address; in parts, so that no task is long. */
  async #start(): Promise<void> {
    await nextTask();
    this.#drawSource();
    await nextTask();
    this.#isStarted = true;
    this.#rebuild();
  }

  #layOut(): HTMLElement {
    const bench = makeBench('painter', { data: 'Picture and network', network: 'Painting' });
    const cards: CardHost = {
      settings: this.settings,
      showOnly: (element, isShown) => this.#showOnly(element, isShown),
      fail: error => this.#fail(error),
    };
    bench.data.append(
      makeTargetCard(cards, this.#target, this.#brush, () => this.#drawSource()),
      makeNetworkCard(cards, this.#hint),
    );
    const painting = makeCard(
      'Painting',
      ABOUT.painting,
      bindLook(
        this.#painting.view,
        () => this.#look,
        MAX.zoom,
        look => this.settings.set(look),
      ),
    );
    painting.firstElementChild?.append(this.#figures);
    this.#figures.className = 'figure figures';
    painting.append(makeZoom(cards), this.#makeKeep());
    bench.network.append(
      painting,
      this.#showOnly(
        makeCard('Five ways to bend', ABOUT.wall, this.#bends.element),
        () => this.#mode === 'synaptic',
      ),
      this.#layers.element,
    );
    bench.curves.append(
      this.#showOnly(
        makeCard('Its children', ABOUT.children, this.#children.element),
        () => this.#mode === 'cppn',
      ),
    );
    this.#psnr.card.append(this.#showOnly(makeKey(), () => this.#mode === 'synaptic'));
    for (const card of [this.#psnr.card, this.#loss.card, makeTrainingCard(cards)]) {
      bench.curves.append(this.#showOnly(card, () => this.#mode !== 'cppn'));
    }
    return bench.element;
  }

  #showOnly(element: HTMLElement, isShown: () => boolean): HTMLElement {
    this.#only.push([element, isShown]);
    element.hidden = !isShown();
    return element;
  }

  #makeKeep(): HTMLElement {
    const choices = makeElement('div', 'choices');
    const png = makeButton('Picture, 4K', () => void this.#savePng(png));
    const glsl = makeButton('Shader (GLSL)', () => this.#saveShader());
    const whole = makeButton('All of it', () => this.settings.set({ zoom: 1, at: null }));
    choices.append(whole, png, glsl);
    return choices;
  }

  async #savePng(button: HTMLButtonElement): Promise<void> {
    const scene = this.#scene;
    if (!scene) return;
    const label = button.textContent;
    button.disabled = true;
    try {
      const blob = await this.#drawer.png(scene, viewOf(this.#look), PNG_SIDE, part => {
        button.textContent = `${Math.round(100 * part)} %`;
      });
      saveFile(blob, 'limner-painting.png');
    } catch (error) {
      this.#fail(error);
    } finally {
      button.disabled = false;
      button.textContent = label;
    }
  }

  #saveShader(): void {
    const scene = this.#scene;
    if (!scene) return;
    try {
      const text = exportedShader(scene.network, scene.weights, scene.latent);
      saveFile(new Blob([text], { type: 'text/plain' }), 'limner-painting.glsl');
    } catch (error) {
      this.#fail(error);
    }
  }

  get #mode() {
    return this.settings.values.net;
  }

  get #isTrained(): boolean {
    return this.#mode !== 'cppn' && this.#mode !== 'synaptic';
  }

  get #look(): Look {
    const { zoom, at } = this.settings.values;
    return { zoom, at: at ?? [0, 0] };
  }

  get #scene(): Scene | null {
    const { net, pick } = this.settings.values;
    if (net === 'synaptic') return this.#perceptrons.scene(pick);
    return net === 'cppn' ? this.#bred && { ...this.#bred, latent: this.#latent } : this.#network.scene;
  }

  get #latent() {
    const { drive, z } = this.settings.values;
    return this.#drive.at(drive, this.#seconds, z ?? [0, 0]);
  }

  #follow(names: ReadonlySet<string>): void {
    const has = (...some: string[]) => some.some(name => names.has(name));
    for (const [element, isShown] of this.#only) element.hidden = !isShown();
    if (!this.#isStarted) {
      if (has('net')) this.#target.resize(sideOf(this.settings.values));
      return;
    }
    if (has('net')) this.#target.resize(sideOf(this.settings.values));
    if (has('source', 'text')) this.#drawSource();
    if (has('net', 'depth', 'width', 'act', 'units', 'seed')) this.#rebuild();
    else {
      if (this.#isTrained && has('opt', 'lr', 'batch', 'frozen')) {
        this.#network.change(names.size === 1 && has('lr'));
      }
      if (this.#mode === 'synaptic' && has('lr')) this.#perceptrons.setRate(rateOf(this.settings.values));
      if (has('path')) this.#breed();
      if (has('pick')) this.#show();
      if (has('zoom', 'at', 'z')) this.#painting.request();
    }
    if (has('drive')) void this.#drive.open(this.settings.values.drive).catch(error => this.#fail(error));
  }

  #drawSource(): void {
    const { source, text } = this.settings.values;
    if (source === 'text') this.#target.drawText(text);
    else if (source === 'still') this.#target.drawStillLife();
    else void this.#target.followCamera().catch(error => this.#fail(error));
  }

  #fail(error: unknown): void {
    this.host.say(errorMessage(error));
  }

  /** Another network: the run begins anew. */
  #rebuild(): void {
    const { values } = this.settings;
    this.#hint.textContent = MODE_ABOUT[values.net];
    const isPlaying = this.#isPlaying || (this.#network.session?.isPlaying ?? false);
    if (!this.#isTrained) this.#network.session?.pause();
    if (values.net !== 'synaptic') this.#perceptrons.pause();
    if (values.net === 'cppn') this.#breed();
    else if (values.net === 'synaptic') {
      const { units: hidden, seed } = values;
      this.#layersOf = 0;
      this.#perceptrons.begin({ hidden, seed, rate: rateOf(values) }, this.#target.pixels);
      this.#showWall();
    } else {
      this.#isPlaying = false;
      this.#network.rebuild();
      this.#network.session?.setSlow(this.#isSlow);
      this.#showLayers();
      this.#show();
    }
    for (const [element, isShown] of this.#only) element.hidden = !isShown();
    if (isPlaying) this.play();
  }

  #showLayers(): void {
    const scene = this.#scene;
    if (!scene) return;
    this.#layers.show(scene.network, {
      scene: () => this.#scene,
      isFrozen: name => this.settings.values.frozen.includes(name),
      freeze: this.#isTrained ? (name, isFrozen) => this.#freeze(name, isFrozen) : null,
      tear: this.#mode === 'cppn' ? null : (layer, unit) => this.#tear(layer, unit),
    });
    this.#layers.request();
  }

  #freeze(name: string, isFrozen: boolean): void {
    const { frozen } = this.settings.values;
    this.settings.set({ frozen: isFrozen ? [...frozen, name] : frozen.filter(one => one !== name) });
  }

  #tear(layer: number, unit: number): void {
    if (this.#mode === 'synaptic') this.#perceptrons.tear(unit);
    else {
      if (layer < 0) this.#network.tearHole();
      else this.#network.tear(layer, unit);
      this.#show();
    }
  }

  /** Draws the bred picture of the address, and its children. */
  #breed(): void {
    const { values } = this.settings;
    const { depth, width } = sizeOf(values);
    const network = makeCppn(Math.max(1, depth), width, values.act);
    const scene = (path: readonly number[]): Scene => ({
      network,
      weights: weightsOfPath(network, values.seed, path),
      latent: this.#latent,
    });
    this.#bred = scene(values.path);
    this.#children.show(
      Array.from({ length: CHILDREN }, (_, child) => ({
        name: child === 0 ? 'The parent itself' : `Child ${child}`,
        scene: () => scene([...values.path, child]),
      })),
      null,
      child => this.settings.set({ path: [...values.path, child] }),
    );
    this.#showLayers();
    this.#show();
  }

  #showWall(): void {
    const { pick } = this.settings.values;
    this.#bends.show(
      SQUASHES.map(squash => ({
        name: SQUASH_STYLES[squash].name,
        scene: () => this.#perceptrons.scene(squash),
      })),
      SQUASHES.indexOf(pick),
      index => this.settings.set({ pick: SQUASHES[index] ?? 'sigmoid' }),
    );
  }

  #showPerceptrons(): void {
    if (this.#mode !== 'synaptic') return;
    const { rate } = this.#perceptrons.progress;
    if (this.#scene && this.#layersOf !== this.settings.values.units) {
      this.#layersOf = this.settings.values.units;
      this.#showLayers();
    }
    this.host.setChip('CPU, float64', rate);
    this.#show();
  }

  /** Everything that follows the weights. */
  #show(): void {
    const { net, pick, path } = this.settings.values;
    this.#painting.request();
    this.#layers.request();
    if (net === 'synaptic') this.#bends.request(SQUASHES.indexOf(pick));
    this.#psnr.view.request();
    this.#loss.view.request();
    const scene = this.#scene;
    const numbers = scene ? `${formatCount(countParameters(scene.network))} numbers` : '';
    if (net === 'cppn') this.#figures.textContent = `Generation ${path.length} · ${numbers}`;
    else {
      const steps = net === 'synaptic' ? this.#perceptrons.progress.steps : this.#network.losses.length;
      const likeness = this.#likeness;
      const decibels = Number.isFinite(likeness) ? ` · ${likeness.toFixed(1)} dB` : '';
      this.#figures.textContent = `Step ${formatCount(steps)}${decibels} · ${numbers}`;
    }
  }

  /** Of the last steps, or of the last sweep. */
  get #likeness(): number {
    if (this.#mode === 'synaptic') {
      const { losses } = this.#perceptrons.progress;
      return psnrOf(losses[SQUASHES.indexOf(this.settings.values.pick)]?.at(-1) ?? Number.NaN);
    }
    const last = this.#network.losses.slice(-20);
    return psnrOf(last.reduce((sum, loss) => sum + loss, 0) / last.length);
  }

  #curves(isLikeness: boolean): CurvePlotContent {
    if (this.#mode !== 'synaptic') {
      const runs = [{ values: this.#network.losses, color: themeColor('accent') }];
      return makeCurves(runs, 'step', isLikeness);
    }
    const runs = this.#perceptrons.progress.losses.map((values, i) => ({
      ...SQUASH_STYLES[SQUASHES[i] ?? 'sigmoid'],
      values,
    }));
    return makeCurves(runs, 'sweep', isLikeness);
  }

  play(): void {
    if (!this.#isStarted) {
      void this.#starting.then(() => this.play());
      return;
    }
    if (this.#isTrained) this.#network.session?.play();
    else {
      this.#isPlaying = true;
      this.host.setPlaying(true);
      if (this.#mode === 'synaptic') this.#perceptrons.run(this.#isSlow);
      else this.#tick(performance.now());
    }
  }

  /** The bred picture moves. */
  #tick(before: number): void {
    requestAnimationFrame(now => {
      if (!this.#isPlaying || this.#mode !== 'cppn') return;
      this.#seconds += (Math.max(0, now - before) / 1000) * (this.#isSlow ? SLOW : 1);
      this.#painting.request();
      this.#tick(now);
    });
  }

  pause(): void {
    this.#isPlaying = false;
    this.#network.session?.pause();
    this.#perceptrons.pause();
    this.host.setPlaying(false);
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#network.session?.setSlow(isSlow);
    if (this.#isPlaying && this.#mode === 'synaptic') this.#perceptrons.run(isSlow);
  }

  step(): void {
    if (!this.#isStarted) {
      void this.#starting.then(() => this.step());
      return;
    }
    this.pause();
    if (this.#isTrained) this.#network.session?.step();
    else if (this.#mode === 'synaptic') this.#perceptrons.step();
    else {
      this.#seconds += 0.5;
      this.#painting.request();
    }
  }

  reset(): void {
    if (!this.#isStarted) {
      void this.#starting.then(() => this.reset());
      return;
    }
    this.#seconds = 0;
    if (this.#mode === 'cppn') this.settings.set({ path: [] });
    this.#rebuild();
  }

  python(): null {
    return null;
  }

  status(): string | null {
    const likeness = this.#likeness;
    if (this.#mode === 'cppn' || !Number.isFinite(likeness)) return null;
    return `${this.#figures.textContent}. The likeness is ${likeness.toFixed(1)} decibels.`;
  }

  plot(): HTMLCanvasElement {
    return this.#psnr.view.canvas;
  }

  async save() {
    await this.#starting;
    const scene = this.#scene;
    if (!scene) throw new Error('There is no network yet.');
    const bytes = await saveNetwork(scene);
    return { bytes, name: 'limner-lab-painting.onnx' };
  }
}
