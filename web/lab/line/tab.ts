/** The tab Line: a network of one number learns to predict another, such as miles per gallon by horsepower. */
import { createTrainer, initialize, type OnnxModel } from '../../engine/training/index.ts';
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { fetchCarsOrDrawn } from '../data/pairs.ts';
import { drawTable, type PairTable, rangeOf, readCsv, toUnit, withPoint } from '../data/table.ts';
import { epochOrder, stepsPerEpoch } from '../network/batches.ts';
import { LayerCards } from '../network/layer-card.ts';
import { optimizerOf } from '../network/optimizers.ts';
import type { Plan, Session, Weights } from '../network/session.ts';
import { SessionControl } from '../network/session-control.ts';
import { type Curve, CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { bindDrop, makeFileButton } from '../shell/files.ts';
import { formatCount, formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { themeColor } from '../shell/theme.ts';
import { ABOUT } from './about.ts';
import { makeLineTrainingCard, makeNetworkCard } from './controls.ts';
import { epochMeans } from './epoch-means.ts';
import { type LayerState, makeLayers } from './layer-views.ts';
import {
  activationsOf,
  buildModel,
  type DenseLayer,
  layersOf,
  learnedNames,
  meanSquaredError,
} from './network.ts';
import { ScatterView } from './scatter-view.ts';
import { makeSettings, pythonCommand, rateOf } from './settings.ts';

/** Places of x at which the network is drawn. */
const PLACES = Float64Array.from({ length: 120 }, (_, i) => i / 119);
/** Runs that are kept to compare. */
const DASHES = [
  [7, 4],
  [2, 4],
  [9, 3, 2, 3],
] as const;

/** The experiments of the seed with cars: each is a change of settings, and a new run. */
const FIGURES = [
  ['A line', { hidden: 0, epochs: 50 }],
  ['Twice as long', { hidden: 0, epochs: 100 }],
  ['50 sigmoids', { hidden: 1, units: 50, act: 'sigmoid', epochs: 100 }],
  ['Twice 50 sigmoids', { hidden: 2, units: 50, act: 'sigmoid', epochs: 100 }],
] as const;

interface KeptRun {
  readonly losses: Float64Array;
  readonly fitted: Float64Array;
}

export const makeLineTab = async (host: Host): Promise<Tab> =>
  new LineTab(host, await fetchCarsOrDrawn(host.say));

class LineTab implements Tab {
  readonly settings = makeSettings();
  readonly element: HTMLElement;
  readonly #scatter: ScatterView;
  readonly #layerCards = new LayerCards();
  readonly #plot: CurvePlot;
  readonly #figures = makeElement('p', 'hint figures');
  readonly #source = makeElement('p', 'hint');
  readonly #control: SessionControl;
  #table: PairTable;
  /** One's own table, or drawn points with further ones; it is in no address. */
  #own: PairTable | null = null;
  #layers: readonly DenseLayer[] = [];
  #state: LayerState = { weights: new Map(), answers: [] };
  #order: (step: number) => Uint32Array = () => new Uint32Array();
  #kept: readonly KeptRun[] = [];
  #isSlow = false;
  #building: Promise<void> = Promise.resolve();

  constructor(
    readonly host: Host,
    readonly cars: PairTable,
  ) {
    this.#table = cars;
    this.#control = new SessionControl(host, {
      onProgress: (losses, weights) => this.#show(losses, weights),
      onReset: () => this.#showStart(),
    });
    this.#scatter = new ScatterView(
      () => ({ table: this.#table, curves: this.#fittedCurves(), chosen: this.#chosen() }),
      (x, y) => this.#useOwn(withPoint(this.#table, x, y)),
    );
    this.#plot = new CurvePlot('Loss', ABOUT.loss, () => this.#curves());
    this.element = this.#layOut();
    this.settings.listen(names => {
      if (names.has('data')) this.#own = null;
      const isOther = ['data', 'hidden', 'units', 'act', 'seed'].some(name => names.has(name as 'data'));
      if (isOther) this.#rebuild();
      else this.#change();
    });
    this.#rebuild();
  }

  #layOut(): HTMLElement {
    const { settings } = this;
    const bench = makeBench('line');
    const open = makeFileButton(
      'Open a table…',
      '.csv,.tsv,.txt,text/csv',
      file => void this.#openTable(file),
    );
    const sources = makeElement('div', 'choices');
    sources.append(
      makeButton(this.cars.name, () => this.#useData('cars')),
      makeButton('Draw points', () => this.#useData('drawn')),
      ...open,
    );
    const data = makeCard('Examples', ABOUT.data, this.#scatter.view.canvas, this.#source, sources);
    bindDrop(data, file => void this.#openTable(file));
    const figures = makeElement('div', 'choices');
    for (const [name, part] of FIGURES) {
      figures.append(
        makeButton(name, () => {
          settings.set(part);
          this.play();
        }),
      );
    }
    bench.data.append(data, makeCard('Experiments', ABOUT.figures, figures));
    bench.network.append(makeNetworkCard(this.settings), this.#layerCards.element);
    const keep = makeButton('Keep this run to compare', () => this.#keep());
    const clear = makeButton('Forget kept runs', () => this.#forget());
    const kept = makeElement('div', 'choices');
    kept.append(keep, clear);
    this.#plot.card.append(this.#figures, kept);
    bench.curves.append(
      this.#plot.card,
      makeLineTrainingCard(this.settings, () => this.play()),
    );
    return bench.element;
  }

  #useData(data: 'cars' | 'drawn'): void {
    if (this.#own && this.settings.values.data === data) {
      this.#own = null;
      this.#rebuild();
    } else this.settings.set({ data });
  }

  #useOwn(table: PairTable): void {
    this.#own = table;
    this.#rebuild();
    this.host.update();
  }

  async #openTable(file: File): Promise<void> {
    try {
      this.#useOwn(readCsv(await file.text(), file.name));
    } catch (error) {
      this.host.say(errorMessage(error));
    }
  }

  /** Another network, or other examples: the run begins anew. */
  #rebuild(): void {
    const { data, seed } = this.settings.values;
    this.#table = this.#own ?? (data === 'cars' ? this.cars : drawTable());
    this.#layers = layersOf(this.settings.values);
    const { name, x, skipped } = this.#table;
    const left = skipped > 0 ? ` ${skipped} rows without one of the two are left out.` : '';
    this.#source.textContent = `${name}: ${formatCount(x.length)} examples.${left}`;
    this.#state = { weights: new Map(), answers: [] };
    this.#layerCards.show(makeLayers(this.#layers, () => this.#state));
    const model = buildModel(this.#layers, rangeOf(this.#table.x), rangeOf(this.#table.y));
    const layers = this.#layers;
    const isCurrent = () => layers === this.#layers;
    this.#control.expect();
    this.#building = initialize(model, { seed }).then(
      drawn => {
        if (!isCurrent()) return;
        this.#show([], weightsOf(drawn, layers));
        this.#control.begin(this.#makePlan(drawn));
      },
      error => {
        if (!isCurrent()) return;
        this.host.say(errorMessage(error));
        this.#control.fail();
      },
    );
  }

  /** The session, once a network was built. */
  get #session(): Session | null {
    return this.#control.session;
  }

  /** The run begins anew, with the weights of its model. */
  #showStart(): void {
    const model = this.#session?.plan.model;
    if (model) this.#show([], weightsOf(model, this.#layers));
  }

  #makePlan(model: OnnxModel): Plan {
    const { opt, batch, epochs, seed } = this.settings.values;
    const { x, y } = this.#table;
    const size = Math.min(batch, x.length);
    const up = rangeOf(y);
    const order = epochOrder(x.length, size, seed);
    this.#order = order;
    const target = this.#layers.at(-1)?.name ?? '';
    return {
      model,
      parameters: learnedNames(this.#layers),
      loss: 'mse',
      optimizer: optimizerOf(opt),
      rate: rateOf(this.settings),
      batch: size,
      seed,
      steps: epochs * stepsPerEpoch(x.length, size),
      makeBatch: step => {
        const chosen = order(step);
        return {
          x: Float32Array.from(chosen, i => x[i] ?? 0),
          [target]: Float32Array.from(chosen, i => toUnit(up, y[i] ?? 0)),
        };
      },
    };
  }

  /** The training goes on in another way. */
  #change(): void {
    const session = this.#session;
    if (session) session.change(this.#makePlan(session.plan.model));
  }

  #show(losses: readonly number[], weights: Weights): void {
    const answers = activationsOf(this.#layers, weights, PLACES).map(values => ({
      values,
      places: PLACES.length,
    }));
    this.#state = { weights, answers };
    const epoch = losses.length / stepsPerEpoch(this.#table.x.length, this.#batch);
    const error = meanSquaredError(this.#layers, weights, this.#table);
    this.#figures.textContent = `Epoch ${formatNumber(epoch)} of ${this.settings.values.epochs} · step ${formatCount(losses.length)} · loss ${formatNumber(losses.at(-1) ?? Number.NaN)} · off by ${formatNumber(Math.sqrt(error))} ${this.#table.yName}, in the root mean square`;
    this.#scatter.view.request();
    this.#layerCards.request();
    this.#plot.view.request();
  }

  get #batch(): number {
    return Math.min(this.settings.values.batch, this.#table.x.length);
  }

  get #fitted(): Float64Array {
    return this.#state.answers.at(-1)?.values ?? new Float64Array();
  }

  #fittedCurves() {
    const kept = this.#kept.map(({ fitted }, i) => ({ values: fitted, dash: DASHES[i] ?? [], opacity: 0.6 }));
    return [...kept, { values: this.#fitted, dash: [], opacity: 1 }];
  }

  /** The examples of the last step, in slow motion. */
  #chosen(): ArrayLike<number> {
    const steps = this.#session?.steps ?? 0;
    return this.#isSlow && steps > 0 ? this.#order(steps - 1) : [];
  }

  #curves(): CurvePlotContent {
    const losses = this.#session?.losses ?? [];
    const perEpoch = stepsPerEpoch(this.#table.x.length, this.#batch);
    const curves: Curve[] = this.#kept.map(({ losses: values }, i) => ({
      ...epochMeans(values, perEpoch),
      color: themeColor('accent'),
      dash: DASHES[i] ?? [],
      opacity: 0.6,
    }));
    curves.push(
      { values: losses, color: themeColor('accent'), width: 1, opacity: 0.35 },
      { ...epochMeans(losses, perEpoch), color: themeColor('accent'), width: 2.5 },
    );
    const steps = Math.max(
      this.settings.values.epochs * perEpoch,
      ...this.#kept.map(run => run.losses.length),
    );
    return { curves, steps, xName: `step, ${perEpoch} an epoch`, yName: 'loss' };
  }

  #keep(): void {
    const { losses = [] } = this.#session ?? {};
    if (losses.length === 0) {
      this.host.say('There is no run to keep yet: press Play.');
      return;
    }
    const run = { losses: Float64Array.from(losses), fitted: this.#fitted };
    this.#kept = [...this.#kept, run].slice(-DASHES.length);
    this.#plot.view.request();
    this.#scatter.view.request();
  }

  #forget(): void {
    this.#kept = [];
    this.#plot.view.request();
    this.#scatter.view.request();
  }

  play(): void {
    this.#control.play();
  }

  pause(): void {
    this.#control.pause();
  }

  step(): void {
    this.#control.step();
  }

  reset(): void {
    this.#control.reset();
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    this.#control.setSlow(isSlow);
    this.#scatter.view.request();
  }

  python(): string | null {
    return this.#own ? null : pythonCommand(this.settings);
  }

  status(): string | null {
    const { losses = [] } = this.#session ?? {};
    return losses.length > 0
      ? `Step ${losses.length}: the loss is ${formatNumber(losses.at(-1) ?? 0)}.`
      : null;
  }

  plot(): HTMLCanvasElement {
    return this.#plot.view.canvas;
  }

  async save() {
    await this.#building;
    const { x, y } = this.#table;
    const model = buildModel(this.#layers, rangeOf(x), rangeOf(y), true);
    const { plan } = this.#session ?? {};
    if (!plan) throw new Error('The network is not built yet.');
    const trainer = await createTrainer(model, { ...plan, learningRate: 0, backend: 'cpu' });
    await trainer.restart(this.#state.weights);
    const bytes = await trainer.save();
    trainer.destroy();
    return { bytes, name: 'limner-lab-line.onnx' };
  }
}

/** The weights that a model has. */
const weightsOf = ({ constants }: OnnxModel, layers: readonly DenseLayer[]): Weights =>
  new Map(
    learnedNames(layers).map(name => {
      const bytes = constants.get(name)?.bytes.slice() ?? new Uint8Array();
      return [name, new Float32Array(bytes.buffer)];
    }),
  );
