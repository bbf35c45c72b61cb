/** The tab Descent: optimizers race over surfaces. All paths are computed at once; playing moves along them. */
import { makeElement } from '../../shared/dom.ts';
import { fetchCarsOrDrawn } from '../data/pairs.ts';
import { type PairTable, rangeOf, toUnit } from '../data/table.ts';
import { CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton, makeSelect } from '../shell/controls.ts';
import { formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT, SURFACE_ABOUT, SURFACES } from './about.ts';
import { CloudView } from './cloud-view.ts';
import { type Controls, makeControls } from './controls.ts';
import { type HeatMapContent, HeatMapView } from './heat-map-view.ts';
import { type LineSurface, lineSurface } from './line-surface.ts';
import { colorOf, MapView, type Trail } from './map-view.ts';
import { makePath } from './path.ts';
import { RacerList } from './racer-list.ts';
import { RACERS, type Racer, type RacerName } from './racers.ts';
import { makeSettings, rateName, rateOf } from './settings.ts';
import { beale, himmelblau, type Point, ravine, rosenbrock, type Surface, saddle } from './surface.ts';

/** Steps a second, of play and of slow motion. */
const [RATE, SLOW_RATE] = [30, 3];
/** Around this rate is the heat map, where no theory says which is stable. */
const STABLE = { saddle: 0.5, beale: 0.02, rosenbrock: 0.002, himmelblau: 0.03 } as const;

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
  readonly #surfaceText = makeElement('p', 'hint');
  readonly #controls: Controls;
  #table: PairTable | null = null;
  #cars: LineSurface | null = null;
  #surface: Surface = ravine(this.settings.values.k);
  #trails: readonly Trail[] = [];
  #step: number;
  #begin = { time: 0, step: 0 };
  #isPlaying = false;
  #isSlow = false;
  #isDue = false;

  constructor(readonly host: Host) {
    this.#step = this.settings.values.steps;
    this.#map = new MapView(
      () => ({ surface: this.#surface, start: this.#start, trails: this.#trails, step: this.#step }),
      start => this.settings.set({ start }),
    );
    this.#racers = new RacerList(
      () => ({
        who: this.settings.values.who,
        rateOf: racer => rateOf(this.settings, racer),
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
    this.#cloud = new CloudView(() => ({ ...this.#common, start: this.#start }));
    this.#controls = makeControls(this.settings);
    this.element = this.#layOut();
    this.settings.listen(names => {
      if (names.has('on') || names.has('k')) this.#setSurface();
      this.#request();
    });
    void fetchCarsOrDrawn().then(table => this.#useTable(table));
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
        this.#map.element,
        this.#surfaceText,
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
    return this.settings.values.start ?? this.#surface.start;
  }

  get #common() {
    const { batch, noise, seed } = this.settings.values;
    return { surface: this.#surface, batch, noise, seed };
  }

  #useTable(table: PairTable): void {
    this.#table = table;
    const [x, y] = [rangeOf(table.x), rangeOf(table.y)];
    this.#cars = lineSurface({
      x: table.x.map(one => toUnit(x, one)),
      y: table.y.map(one => toUnit(y, one)),
    });
    this.#setSurface();
    this.#request();
  }

  #setSurface(): void {
    const { on, k } = this.settings.values;
    if (on === 'ravine') this.#surface = ravine(k);
    else if (on !== 'cars') this.#surface = FIXED[on];
    else if (this.#cars) this.#surface = this.#cars;
    const table = this.#table;
    const source =
      on === 'cars' && table
        ? ` Here: ${table.name.toLowerCase()}, ${table.x.length} examples, ${table.xName} and ${table.yName} brought to 0…1.`
        : '';
    this.#surfaceText.textContent = SURFACE_ABOUT[on].what + source;
    this.#controls.show(on);
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
      this.#isDue = false;
      this.#compute();
    });
  }

  #compute(): void {
    const { values } = this.settings;
    const begin = performance.now();
    this.#trails = RACERS.filter(({ name }) => values.who.includes(name)).map(racer => ({
      racer,
      path: makePath({
        ...this.#common,
        optimizer: racer.make(values.m),
        rate: rateOf(this.settings, racer),
        start: this.#start,
        steps: values.steps,
        sample: racer.sample,
      }),
    }));
    const seconds = (performance.now() - begin) / 1000;
    const steps = this.#trails.length * values.steps;
    this.host.setChip('CPU, float64', seconds > 0 ? Math.round(steps / seconds / 1000) * 1000 : null);
    if (!this.#isPlaying) this.#step = values.steps;
    this.#step = Math.min(this.#step, values.steps);
    this.#racers.show();
    this.#draw();
    this.#heatMap.update();
    this.#cloud.view.request();
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

  #heatMapContent(): HeatMapContent {
    const { on, form, m } = this.settings.values;
    const { curvature } = this.#surface;
    const racer = RACERS.find(({ name }) => name === form) as Racer;
    return {
      surface: this.#surface,
      start: this.#start,
      form,
      stable: curvature ? 2 / curvature.most : STABLE[on as keyof typeof STABLE],
      rate: rateOf(this.settings, racer),
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
