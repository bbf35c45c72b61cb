/** The tab Descent: optimizers race over surfaces. All paths are computed at once; playing moves along them. */
import { errorMessage } from '../../shared/errors.ts';
import { nextTask } from '../../shared/next-task.ts';
import { CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton, makeSelect } from '../shell/controls.ts';
import { formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT, SURFACES } from './about.ts';
import { CloudView } from './cloud-view.ts';
import { type Controls, makeControls } from './controls.ts';
import { CurrentSurface } from './current-surface.ts';
import { type HeatMapContent, HeatMapView } from './heat-map-view.ts';
import { colorOf, MapView, type Trail } from './map-view.ts';
import { walkPath } from './path.ts';
import { Playback } from './playback.ts';
import { RacerList } from './racer-list.ts';
import { RACERS, type Racer, type RacerName } from './racers.ts';
import { makeSettings, pythonCommand, rateName, rateOf } from './settings.ts';
import { type Point, type Surface, startOn } from './surface.ts';

/** Of the main thread, for paths, in one go. */
const SLICE_MS = 12;
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
  readonly #current: CurrentSurface;
  readonly #playback: Playback;
  readonly #controls: Controls;
  #trails: readonly Trail[] = [];
  #isDue = false;
  /** One computation of paths after the other. */
  #computing: Promise<void> = Promise.resolve();

  constructor(readonly host: Host) {
    this.#playback = new Playback(
      () => this.settings.values.steps,
      host.setPlaying,
      () => this.#draw(),
    );
    this.#current = new CurrentSurface(this.settings, host.say, () => {
      this.#request();
      host.update();
    });
    this.#map = new MapView(
      () => ({ surface: this.#surface, start: this.#start, trails: this.#trails, step: this.#playback.at }),
      start => this.settings.set({ start }),
    );
    this.#racers = new RacerList(
      () => ({
        who: this.settings.values.who,
        rateOf: racer => rateOf(this.settings, racer, this.#surface),
        lossOf: racer => this.#trails.find(trail => trail.racer === racer)?.path.losses[this.#playback.at],
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
    this.#controls.show(this.settings.values.on);
    this.settings.listen(names => {
      if (names.has('on')) this.#controls.show(this.settings.values.on);
      this.#request();
    });
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
        this.#current.text,
        this.#current.planeText,
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

  get #surface(): Surface | null {
    return this.#current.surface;
  }

  get #start(): Point {
    return this.#surface ? startOn(this.#surface, this.settings.values.start) : [0, 0];
  }

  get #common() {
    const { batch, noise, seed } = this.settings.values;
    return { batch, noise, seed };
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
    const surface = this.#surface;
    this.#trails = surface ? await this.#walkPaths(surface) : [];
    this.#playback.follow();
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
      until: this.#playback.at,
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
    this.#playback.play();
  }

  pause(): void {
    this.#playback.pause();
  }

  leave(): void {
    this.#current.leave();
  }

  enter(): void {
    this.#current.enter();
  }

  setSlow(isSlow: boolean): void {
    this.#playback.setSlow(isSlow);
  }

  step(): void {
    this.#playback.step();
  }

  reset(): void {
    this.#playback.reset();
  }

  python(): string | null {
    return this.#current.isShared ? pythonCommand(this.settings, this.#surface) : null;
  }

  status(): string | null {
    const losses = this.#trails.map(
      ({ racer, path }) => `${racer.label} ${formatNumber(path.losses[this.#playback.at] ?? 0)}`,
    );
    return `Step ${this.#playback.at}. Loss: ${losses.join(', ')}.`;
  }

  plot(): HTMLCanvasElement {
    return this.#losses.view.canvas;
  }
}
