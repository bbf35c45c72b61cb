/** The tab Descent: optimizers race over surfaces. All paths are computed at once; playing moves along them. */
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { nextTask } from '../../shared/next-task.ts';
import { fetchCarsOrDrawn } from '../data/pairs.ts';
import { type PairTable, rangeOf, toUnit } from '../data/table.ts';
import { CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton, makeSelect } from '../shell/controls.ts';
import { makeAbout } from '../shell/explain.ts';
import { formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT, SURFACE_ABOUT, SURFACES } from './about.ts';
import { CloudView } from './cloud-view.ts';
import { type Controls, makeControls } from './controls.ts';
import { type HeatMapContent, HeatMapView } from './heat-map-view.ts';
import { lineSurface } from './line-surface.ts';
import { colorOf, MapView, type Trail } from './map-view.ts';
import { walkPath } from './path.ts';
import type { LossPlane } from './plane/loss-plane.ts';
import { RacerList } from './racer-list.ts';
import { RACERS, type Racer, type RacerName } from './racers.ts';
import { makeSettings, rateName, rateOf } from './settings.ts';
import {
  beale,
  himmelblau,
  type Point,
  ravine,
  rosenbrock,
  type Surface,
  saddle,
  startOn,
} from './surface.ts';

/** Steps a second, of play and of slow motion. */
const [RATE, SLOW_RATE] = [30, 3];
/** Of the main thread, for paths, in one go. */
const SLICE_MS = 12;
/** Before the network is trained: a slider may be on its way. */
const PLANE_DELAY_MS = 300;

const FIXED = { saddle, beale, rosenbrock, himmelblau } as const;

export function makeDescentTab(host: Host): Tab {
  return new DescentTab(host);
}

class DescentTab implements Tab {
  readonly settings = makeSettings();
  readonly element: HTMLElement;
  readonly #map: MapView;
  readonly #racers: RacerList;
  readonly #losses: CurvePlot;
  readonly #heatMap: HeatMapView;
  readonly #cloud: CloudView;
  readonly #surfaceText = makeElement('p', 'hint surface');
  readonly #planeText = makeElement('p', 'hint plane');
  readonly #controls: Controls;
  #table: PairTable | null = null;
  #cars: Surface | null = null;
  /** Makes the surface of MNIST. */
  #plane: LossPlane | null = null;
  #planeTimer = 0;
  /** Null while it is not known. */
  #surface: Surface | null = null;
  #trails: readonly Trail[] = [];
  #step: number;
  #begin = { time: 0, step: 0 };
  #isPlaying = false;
  #isSlow = false;
  #isDue = false;
  /** One computation of paths after the other. */
  #computing: Promise<void> = Promise.resolve();

  constructor(readonly host: Host) {
    this.#step = this.settings.values.steps;
    this.#map = new MapView(
      () => ({ surface: this.#surface, start: this.#start, trails: this.#trails, step: this.#step }),
      start => this.settings.set({ start }),
    );
    this.#racers = new RacerList(
      () => ({
        who: this.settings.values.who,
        rateOf: racer => rateOf(this.settings, racer, this.#surface),
        lossOf: racer => this.#trails.find(trail => trail.racer === racer)?.path.losses[this.#step],
      }),
      (name, isIn) => this.#toggle(name, isIn),
      (name, rate) => this.settings.set({ [rateName(name)]: rate }),
    );
    this.#losses = new CurvePlot('Loss', ABOUT.loss, () => this.#curves());
    this.#heatMap = new HeatMapView(
      () => this.#heatMapContent(),
      (rate, m) => this.settings.set({ m, [rateName(this.settings.values.form)]: rate }),
    );
    this.#cloud = new CloudView(() => {
      const surface = this.#surface;
      return surface && { ...this.#common, surface, start: this.#start };
    });
    this.#controls = makeControls(this.settings);
    this.element = this.#layOut();
    this.settings.listen(names => {
      if (names.has('on') || names.has('k')) this.#setSurface();
      else if (['first', 'second', 'run', 'seed'].some(name => names.has(name as 'run')))
        this.#requestPlane();
      this.#request();
    });
    void fetchCarsOrDrawn(host.say).then(table => this.#useTable(table));
    this.#setSurface();
    this.#request();
  }

  #layOut(): HTMLElement {
    const { settings } = this;
    const bench = makeBench('descent', { data: 'Surface and racers', network: 'Map' });
    const usual = makeButton('Usual rates', () => this.#useUsualRates());
    bench.data.append(makeCard('Settings', undefined, this.#controls.element));
    bench.network.append(
      makeCard(
        'Map',
        ABOUT.map,
        makeSelect(settings.bind('on'), { label: 'Surface', about: ABOUT.surface, choices: SURFACES }),
        this.#controls.runs,
        this.#map.element,
        this.#surfaceText,
        this.#planeText,
      ),
      makeCard('Racers', ABOUT.rates, this.#racers.element, usual),
    );
    const form = makeSelect(settings.bind('form'), {
      label: 'Form',
      about: ABOUT.momentum,
      choices: [
        ['momentum', 'Momentum'],
        ['nesterov', 'Nesterov'],
      ],
    });
    bench.curves.append(
      this.#losses.card,
      makeCard('Steps to converge', ABOUT.heat, this.#heatMap.view.canvas, form),
      makeCard('Gradients of batches', ABOUT.cloud, this.#cloud.view.canvas),
    );
    return bench.element;
  }

  get #start(): Point {
    return this.#surface ? startOn(this.#surface, this.settings.values.start) : [0, 0];
  }

  get #common() {
    const { batch, noise, seed } = this.settings.values;
    return { batch, noise, seed };
  }

  #useTable(table: PairTable): void {
    this.#table = table;
    const [x, y] = [rangeOf(table.x), rangeOf(table.y)];
    this.#cars = lineSurface({
      x: table.x.map(one => toUnit(x, one)),
      y: table.y.map(one => toUnit(y, one)),
    });
    if (this.settings.values.on === 'cars') this.#setSurface();
    this.#request();
  }

  #setSurface(): void {
    const { on, k } = this.settings.values;
    if (on === 'ravine') this.#surface = ravine(k);
    else if (on === 'cars') this.#surface = this.#cars;
    else if (on !== 'mnist') this.#surface = FIXED[on];
    this.#requestPlane();
    const table = this.#table;
    const source =
      on === 'cars' && table
        ? ` Here: ${table.name.toLowerCase()}, ${table.x.length} examples, ${table.xName} and ${table.yName} brought to 0…1.`
        : '';
    const about = SURFACE_ABOUT[on];
    this.#surfaceText.textContent = about.what + source;
    this.#surfaceText.append(' ', makeAbout('this surface', about));
    this.#controls.show(on);
  }

  /** Begins the plane of MNIST anew, or ends it where another surface is shown. */
  #requestPlane(): void {
    this.#stopPlane();
    this.#planeText.textContent = '';
    if (this.settings.values.on !== 'mnist') return;
    this.#surface = null;
    this.#planeTimer = window.setTimeout(
      () => void this.#makePlane().catch(error => this.#fail(error)),
      PLANE_DELAY_MS,
    );
  }

  #stopPlane(): void {
    window.clearTimeout(this.#planeTimer);
    this.#planeTimer = 0;
    this.#plane?.destroy();
    this.#plane = null;
  }

  async #makePlane(): Promise<void> {
    const timer = this.#planeTimer;
    const { LossPlane } = await import('./plane/loss-plane.ts');
    // Another plane, or none, may be wanted by now.
    if (timer !== this.#planeTimer) return;
    const { first, second, run, seed } = this.settings.values;
    this.#plane = new LossPlane(
      { optimizers: [first, second], steps: run, seed },
      {
        onProgress: text => {
          this.#planeText.textContent = text;
        },
        onSurface: surface => {
          this.#surface = surface;
          this.#request();
        },
        onFailed: reason => {
          this.#planeText.textContent = reason;
          this.host.say(reason);
        },
      },
    );
  }

  #toggle(name: RacerName, isIn: boolean): void {
    const { who } = this.settings.values;
    this.settings.set({
      who: RACERS.map(racer => racer.name).filter(one => (one === name ? isIn : who.includes(one))),
    });
  }

  #useUsualRates(): void {
    this.settings.set(Object.fromEntries(RACERS.map(({ name }) => [rateName(name), null])));
  }

  /** Computes all paths, and draws all, in the next frame. */
  #request(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#computing = this.#computing
        .then(() => {
          this.#isDue = false;
          return this.#compute();
        })
        .catch(error => this.#fail(error));
    });
  }

  #fail(error: unknown): void {
    this.host.say(errorMessage(error));
  }

  async #compute(): Promise<void> {
    const { values } = this.settings;
    const surface = this.#surface;
    this.#trails = surface ? await this.#walkPaths(surface) : [];
    if (!this.#isPlaying) this.#step = values.steps;
    this.#step = Math.min(this.#step, values.steps);
    this.#racers.show();
    this.#draw();
    this.#heatMap.update();
    this.#cloud.view.request();
  }

  /** Nearly always within one task. */
  async #walkPaths(surface: Surface): Promise<Trail[]> {
    const { who, m, steps } = this.settings.values;
    const trails: Trail[] = [];
    let [milliseconds, begin] = [0, performance.now()];
    for (const racer of RACERS.filter(({ name }) => who.includes(name))) {
      const walk = walkPath({
        ...this.#common,
        surface,
        optimizer: racer.make(m),
        rate: rateOf(this.settings, racer, surface),
        start: this.#start,
        steps,
        sample: racer.sample,
      });
      let result = walk.next();
      while (!result.done) {
        if (performance.now() - begin > SLICE_MS) {
          milliseconds += performance.now() - begin;
          await nextTask();
          begin = performance.now();
        }
        result = walk.next();
      }
      trails.push({ racer, path: result.value });
    }
    milliseconds += performance.now() - begin;
    const count = trails.length * steps;
    this.host.setChip('CPU, float64', milliseconds > 0 ? Math.round(count / milliseconds) * 1000 : null);
    return trails;
  }

  #draw(): void {
    this.#map.request();
    this.#losses.view.request();
    this.#racers.showLosses();
  }

  #curves(): CurvePlotContent {
    return {
      curves: this.#trails.map(({ racer, path }) => ({
        values: path.losses,
        color: colorOf(racer),
        dash: racer.dash,
      })),
      until: this.#step,
      steps: this.settings.values.steps,
      least: 1e-6,
      xName: 'step',
      yName: 'loss above the minimum',
    };
  }

  #heatMapContent(): HeatMapContent | null {
    const { form, m } = this.settings.values;
    const surface = this.#surface;
    if (!surface) return null;
    const racer = RACERS.find(({ name }) => name === form) as Racer;
    return {
      surface,
      start: this.#start,
      form,
      rate: rateOf(this.settings, racer, surface),
      momentum: m,
    };
  }

  play(): void {
    const { steps } = this.settings.values;
    if (this.#step >= steps) this.#step = 0;
    this.#isPlaying = true;
    this.#begin = { time: performance.now(), step: this.#step };
    this.host.setPlaying(true);
    this.#tick();
  }

  #tick(): void {
    requestAnimationFrame(now => {
      if (!this.#isPlaying) return;
      const rate = this.#isSlow ? SLOW_RATE : RATE;
      const { time, step } = this.#begin;
      const { steps } = this.settings.values;
      const next = Math.min(steps, step + Math.floor((Math.max(0, now - time) / 1000) * rate));
      if (next !== this.#step) {
        this.#step = next;
        this.#draw();
      }
      if (next >= steps) this.pause();
      else this.#tick();
    });
  }

  pause(): void {
    this.#isPlaying = false;
    this.host.setPlaying(false);
  }

  leave(): void {
    if (!this.#plane?.isDone) this.#stopPlane();
  }

  enter(): void {
    if (!this.#plane) this.#requestPlane();
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#begin = { time: performance.now(), step: this.#step };
  }

  step(): void {
    this.pause();
    const { steps } = this.settings.values;
    this.#step = this.#step >= steps ? 1 : this.#step + 1;
    this.#draw();
  }

  reset(): void {
    this.pause();
    this.#step = 0;
    this.#draw();
  }

  python(): null {
    return null;
  }

  status(): string | null {
    const losses = this.#trails.map(
      ({ racer, path }) => `${racer.label} ${formatNumber(path.losses[this.#step] ?? 0)}`,
    );
    return `Step ${this.#step}. Loss: ${losses.join(', ')}.`;
  }

  plot(): HTMLCanvasElement {
    return this.#losses.view.canvas;
  }
}
