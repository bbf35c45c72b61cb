/** The tab Painter: networks of a place paint a picture, and pictures that are bred. */
import { makeElement, saveFile } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { OPTIMIZERS, TRAINING_ABOUT } from '../network/optimizers.ts';
import { type Curve, CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { type Bench, makeBench, makeCard } from '../shell/bench.ts';
import { makeButton, makeInteger, makeSelect, makeSlider } from '../shell/controls.ts';
import { bindDrop, makeFileButton } from '../shell/files.ts';
import { formatCount, formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { themeColor } from '../shell/theme.ts';
import { ABOUT, DRIVE_NAMES, MODE_ABOUT, MODE_NAMES } from './about.ts';
import { CHILDREN, makeCppn, weightsOfPath } from './cppn.ts';
import type { Scene } from './draw-protocol.ts';
import { Drawer } from './drawer.ts';
import { LatentDrive } from './drive.ts';
import { LayersView } from './layers-view.ts';
import { countParameters } from './network.ts';
import { NetworkRun, saveNetwork } from './network-run.ts';
import { bindLook, type Look, PaintingView, viewOf } from './painting-view.ts';
import { PerceptronRun } from './perceptron-run.ts';
import { SQUASHES, type Squash } from './pixels.ts';
import { MAX, makeSettings, RATES, rateOf, sideOf, sizeOf } from './settings.ts';
import { exportedShader } from './shader.ts';
import { Target } from './target.ts';
import { Wall } from './wall.ts';

const PNG_SIDE = 4096;
/** Points of a curve, at most; and steps whose errors are averaged for each. */
const POINTS = 400;
const SLOW = 0.2;
/** Of the five activations, apart for all eyes. */
const SQUASH_STYLES: Readonly<Record<Squash, { name: string; color: string; dash: readonly number[] }>> = {
  sigmoid: { name: 'Logistic', color: '#d98a00', dash: [] },
  tanh: { name: 'tanh', color: '#3f9bd8', dash: [7, 3] },
  relu: { name: 'ReLU', color: '#1f9e79', dash: [2, 3] },
  step: { name: 'Step', color: '#d0592a', dash: [9, 3, 2, 3] },
  identity: { name: 'Identity', color: '#c06fa0', dash: [4, 4] },
};

const psnrOf = (loss: number): number => -10 * Math.log10(Math.max(loss, 1e-9));

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
  #isBuilt = false;
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
      () => this.#perceptrons?.setPixels(this.#target.pixels),
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
    this.#drawSource();
    // Once the page has read the address.
    queueMicrotask(() => {
      if (!this.#isBuilt) this.#rebuild();
    });
  }

  #layOut(): HTMLElement {
    const bench = makeBench('painter', { data: 'Picture and network', network: 'Painting' });
    bench.data.append(this.#makeTargetCard(), this.#makeNetworkCard());
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
    painting.append(this.#makeZoom(), this.#makeKeep());
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
    this.#addCurves(bench);
    return bench.element;
  }

  #showOnly(element: HTMLElement, isShown: () => boolean): HTMLElement {
    this.#only.push([element, isShown]);
    element.hidden = !isShown();
    return element;
  }

  #makeTargetCard(): HTMLElement {
    const { settings } = this;
    const choices = makeElement('div', 'choices');
    const button = (label: string, onClick: () => void) => choices.append(makeButton(label, onClick));
    const openFile = (file: File) => void this.#target.drawFile(file).catch(error => this.#fail(error));
    const again = (source: 'still' | 'camera') => {
      if (settings.values.source === source) this.#drawSource();
      else settings.set({ source });
    };
    button('Still life', () => again('still'));
    choices.append(...makeFileButton('Open a picture…', 'image/*', openFile));
    button('Camera', () => again('camera'));
    const text = makeElement('input');
    Object.assign(text, { type: 'text', maxLength: MAX.text, value: settings.values.text });
    text.setAttribute('aria-label', 'A text to paint');
    text.addEventListener('input', () => settings.set({ text: text.value || ' ', source: 'text' }));
    settings.bind('text').listen(() => {
      if (text.value !== settings.values.text) text.value = settings.values.text;
    });
    this.#brush.setAttribute('aria-label', 'The colour of the brush');
    const row = makeElement('div', 'choices brush');
    row.append(text, this.#brush);
    const card = makeCard('Picture', ABOUT.target, this.#target.canvas, choices, row);
    bindDrop(card, openFile);
    return this.#showOnly(card, () => this.#mode !== 'cppn');
  }

  #makeNetworkCard(): HTMLElement {
    const { settings } = this;
    const controls = makeElement('div', 'controls');
    const size = (name: 'depth' | 'width', least: number, most: number) =>
      makeSlider(
        {
          ...settings.bind(name),
          usual: 0,
          get: () => sizeOf(settings.values)[name],
          listen: onChange => settings.listen(names => (names.has(name) || names.has('net')) && onChange()),
        },
        {
          label: name === 'depth' ? 'Hidden layers' : 'Units',
          about: ABOUT[name],
          least,
          most,
          isInteger: true,
        },
      );
    const bend = makeSelect(settings.bind('act'), {
      label: 'Bend',
      about: ABOUT.bend,
      choices: [
        ['tanh', 'tanh'],
        ['relu', 'ReLU'],
        ['sigmoid', 'Logistic'],
        ['sine', 'Sine'],
        ['identity', 'None'],
      ],
    });
    const isSynaptic = () => this.#mode === 'synaptic';
    controls.append(
      makeSelect(settings.bind('net'), { label: 'Network', about: ABOUT.network, choices: MODE_NAMES }),
      this.#hint,
      this.#showOnly(size('depth', 0, MAX.depth), () => !isSynaptic()),
      this.#showOnly(size('width', 1, MAX.width), () => !isSynaptic()),
      this.#showOnly(
        makeSlider(settings.bind('units'), {
          label: 'Units',
          about: ABOUT.width,
          least: 1,
          most: MAX.units,
          isInteger: true,
        }),
        isSynaptic,
      ),
      this.#showOnly(bend, () => this.#mode === 'mlp' || this.#mode === 'cppn'),
      makeInteger(settings.bind('seed'), {
        label: 'Seed',
        about: TRAINING_ABOUT.seed,
        least: 0,
        most: MAX.seed,
      }),
      this.#showOnly(this.#makeDrive(), () => this.#mode === 'cppn'),
    );
    return makeCard('Network', undefined, controls);
  }

  #makeDrive(): HTMLElement {
    const { settings } = this;
    const controls = makeElement('div', 'controls');
    const latent = (i: 0 | 1) =>
      makeSlider(
        {
          name: 'z',
          usual: 0,
          get: () => settings.values.z?.[i] ?? 0,
          set: value => {
            const [x, y] = settings.values.z ?? [0, 0];
            settings.set({ z: i === 0 ? [value, y] : [x, value], drive: 'hand' });
          },
          listen: onChange => settings.listen(names => names.has('z') && onChange()),
        },
        { label: `z${'₁₂'[i]}`, about: ABOUT.latent, least: -2, most: 2 },
      );
    controls.append(
      makeSelect(settings.bind('drive'), { label: 'Moved by', about: ABOUT.drive, choices: DRIVE_NAMES }),
      latent(0),
      latent(1),
    );
    return controls;
  }

  #makeZoom(): HTMLElement {
    const { settings } = this;
    return makeSlider(
      {
        ...settings.bind('zoom'),
        set: zoom => {
          const edge = 1 - 1 / zoom;
          const [x, y] = this.#look.at.map(one => Math.min(edge, Math.max(-edge, one)));
          settings.set({ zoom, at: zoom === 1 ? null : [x ?? 0, y ?? 0] });
        },
      },
      {
        label: 'Zoom',
        about: ABOUT.painting,
        least: 1,
        most: MAX.zoom,
        isLog: true,
        format: zoom => `${formatNumber(zoom)} ×`,
      },
    );
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

  #addCurves({ curves }: Bench): void {
    const { settings } = this;
    const key = makeElement('div', 'choices key');
    for (const { name, color } of Object.values(SQUASH_STYLES)) {
      const label = makeElement('span', 'hint', name);
      label.style.setProperty('--curve', color);
      key.append(label);
    }
    this.#psnr.card.append(this.#showOnly(key, () => this.#mode === 'synaptic'));
    const controls = makeElement('div', 'controls');
    const isTrained = () => this.#isTrained;
    controls.append(
      this.#showOnly(
        makeSelect(settings.bind('opt'), {
          label: 'Optimizer',
          about: TRAINING_ABOUT.optimizer,
          choices: OPTIMIZERS,
        }),
        isTrained,
      ),
      makeSlider(
        {
          ...settings.bind('lr'),
          usual: 0,
          get: () => rateOf(settings.values),
          listen: onChange =>
            settings.listen(names => (names.has('lr') || names.has('opt') || names.has('net')) && onChange()),
        },
        { label: 'Learning rate', about: TRAINING_ABOUT.rate, ...RATES, isLog: true },
      ),
      this.#showOnly(
        makeSelect(settings.bind('batch'), {
          label: 'Pixels of a step',
          about: ABOUT.pixels,
          choices: [
            ['32', '32 × 32'],
            ['64', '64 × 64'],
            ['128', '128 × 128'],
            ['all', 'The whole picture'],
          ],
        }),
        isTrained,
      ),
    );
    for (const card of [this.#psnr.card, this.#loss.card, makeCard('Training', undefined, controls)]) {
      curves.append(this.#showOnly(card, () => this.#mode !== 'cppn'));
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
    for (const [element, isShown] of this.#only) element.hidden = !isShown();
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
    this.#isBuilt = true;
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
    this.host.setChip('CPU, float64, pixel by pixel', rate);
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
    const style = (values: readonly number[]) => {
      const { means, steps } = meansOf(values);
      return { values: isLikeness ? means.map(psnrOf) : means, steps };
    };
    const isSynaptic = this.#mode === 'synaptic';
    const curves: Curve[] = isSynaptic
      ? this.#perceptrons.progress.losses.map((losses, i) => {
          const { color, dash } = SQUASH_STYLES[SQUASHES[i] ?? 'sigmoid'];
          return { ...style(losses), color, dash };
        })
      : [{ ...style(this.#isTrained ? this.#network.losses : []), color: themeColor('accent'), width: 2.5 }];
    return {
      curves,
      steps: Math.max(10, ...curves.map(({ steps }) => (steps?.[steps.length - 1] ?? 0) + 1)),
      xName: isSynaptic ? 'sweep' : 'step',
      yName: isLikeness ? 'decibels' : 'loss',
      isLinear: isLikeness,
    };
  }

  play(): void {
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
    this.pause();
    if (this.#isTrained) this.#network.session?.step();
    else if (this.#mode === 'synaptic') this.#perceptrons.step();
    else {
      this.#seconds += 0.5;
      this.#painting.request();
    }
  }

  reset(): void {
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
    const scene = this.#scene;
    if (!scene) throw new Error('There is no network yet.');
    const bytes = await saveNetwork(scene);
    return { bytes, name: 'limner-lab-painting.onnx' };
  }
}

/** Means of equal parts of a run, at their last steps. */
function meansOf(values: readonly number[]): { means: number[]; steps: number[] } {
  const size = Math.max(1, Math.ceil(values.length / POINTS));
  const [means, steps]: [number[], number[]] = [[], []];
  for (let first = 0; first < values.length; first += size) {
    const part = values.slice(first, first + size);
    means.push(part.reduce((sum, value) => sum + value, 0) / part.length);
    steps.push(first + part.length - 1);
  }
  return { means, steps };
}
