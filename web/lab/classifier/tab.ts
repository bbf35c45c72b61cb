/** What tabs share that train a network to tell classes of pictures apart, and test it while it learns. */
import type { OnnxModel } from '../../engine/training/index.ts';
import { makeElement } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { sizeOf } from '../data/batch-values.ts';
import type { Picture, Task } from '../data/examples.ts';
import { stepsPerEpoch } from '../network/batches.ts';
import { LayerCards } from '../network/layer-card.ts';
import { layersOfModel, type ShownLayer } from '../network/model-layers.ts';
import { softmax } from '../network/scores.ts';
import type { Plan, Session, Weights } from '../network/session.ts';
import { SessionControl } from '../network/session-control.ts';
import { learnedNames, valuesOf } from '../network/weights.ts';
import { CurvePlot, type CurvePlotContent } from '../plot/curve-plot.ts';
import { type Bench, makeBench } from '../shell/bench.ts';
import { formatCount, formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { themeColor } from '../shell/theme.ts';
import { ABOUT } from './about.ts';
import { AccuracyPlot } from './accuracy-plot.ts';
import { ClassBars } from './class-bars.ts';
import { makeClassifierTrainingCard, makeNetworkCard } from './controls.ts';
import { type InputForm, pictureForm, sizeOfForm } from './input-form.ts';
import { LiveView } from './live-view.ts';
import { makeModel, trainedNets } from './network-model.ts';
import { PictureGrid } from './picture-grid.ts';
import { makePlan } from './plan.ts';
import { runningMean } from './running-mean.ts';
import type { ClassifierSettings } from './settings.ts';
import { TestPanel } from './test-panel.ts';
import { type RunState, TestSchedule } from './test-schedule.ts';

/** Pictures to learn from that are drawn. */
const EXAMPLES = 40;
export abstract class ClassifierTab implements Tab {
  readonly element: HTMLElement;
  protected readonly bench: Bench;
  protected readonly bars = new ClassBars('Sure of');
  protected task: Task | null = null;
  protected readonly panel = new TestPanel((picture, label) => this.#showTest(picture, label));
  readonly #tests = new TestSchedule(
    () => this.#runState(),
    () => this.#showTests(),
    error => this.host.say(errorMessage(error)),
  );
  readonly #accuracy = new AccuracyPlot(ABOUT.accuracy, () => ({
    points: this.#tests.points,
    steps: this.#session?.plan.steps ?? 1,
  }));
  /** What the task is. */
  protected readonly source = makeElement('p', 'hint');
  /** What the network sees. */
  protected readonly said = makeElement('p', 'hint', 'Nothing is shown yet.');
  protected readonly grid = new PictureGrid('Pictures to learn from', 40, () =>
    Array.from({ length: Math.min(EXAMPLES, this.task?.train.count ?? 0) }, (_, i) => ({
      picture: () => this.task?.train.picture(i) as Picture,
      text: this.task?.classes[this.task.train.label(i)] ?? '',
    })),
  );
  #asked: Picture | null = null;
  protected readonly seen = new PictureGrid('What the network sees', 72, () =>
    this.#asked ? [{ picture: () => this.#asked as Picture }] : [],
  );
  readonly #fetched: Partial<Record<string, Promise<Task>>> = {};
  #nextExample = 0;
  readonly #layerCards = new LayerCards();
  readonly #losses: CurvePlot;
  readonly #figures = makeElement('p', 'hint figures');
  readonly #control: SessionControl;
  #live: LiveView | null = null;
  protected form: InputForm | null = null;
  #shown: Float32Array | null = null;
  /** The newest that are known, and their step. */
  #weights: Weights = new Map();
  #step = 0;
  #values: ReadonlyMap<string, Float32Array> = new Map();
  #isPlaying = false;
  #isShown = false;
  #building: Promise<void> = Promise.resolve();
  #builds = 0;

  constructor(
    readonly host: Host,
    readonly id: string,
    readonly settings: ClassifierSettings,
  ) {
    this.#control = new SessionControl(this.#sessionHost(), {
      onProgress: (losses, own) => this.#show(losses.length, own),
      onReset: () => this.#showStart(),
    });
    this.#losses = new CurvePlot('Loss', ABOUT.loss, () => this.#curves());
    this.#losses.card.append(this.#figures);
    this.bench = makeBench(`classifier ${id}`);
    this.element = this.bench.element;
    this.bench.network.append(makeNetworkCard(settings, trainedNets(id)), this.#layerCards.element);
    this.bench.curves.append(
      this.#losses.card,
      this.#accuracy.card,
      makeClassifierTrainingCard(settings),
      ...this.panel.cards,
    );
    settings.listen(names => {
      const isOther = ['data', 'net', 'units', 'start', 'seed'].some(name => names.has(name as 'data'));
      if (isOther) this.rebuild();
      else this.#change();
    });
  }

  /** What is learned, as the settings say. `isCurrent` says whether it is still wanted. */
  protected abstract fetchTask(isCurrent: () => boolean): Promise<Task>;

  /** The task of that name, which is fetched or made once. */
  protected fetchOnce(name: string, fetchNow: () => Promise<Task>): Promise<Task> {
    const fetched = this.#fetched[name] ?? fetchNow();
    this.#fetched[name] = fetched;
    // Another try may go better.
    fetched.catch(() => delete this.#fetched[name]);
    return fetched;
  }

  #describe({ name, note, train, test }: Task): void {
    const told = note ? ` (${note})` : '';
    this.source.textContent = `${name}${told}: ${formatCount(train.count)} to learn from, ${formatCount(test.count)} to test on.`;
    this.grid.request();
    this.#nextExample = 0;
    this.showNext();
  }

  #showTest(picture: Picture, label: number): void {
    this.ask(picture, `a test picture: ${this.task?.classes[label]}`);
  }

  protected showNext(): void {
    const { test } = this.task ?? {};
    if (!test) return;
    const index = this.#nextExample++ % test.count;
    this.#showTest(test.picture(index), test.label(index));
  }

  /** Shows a picture to the network, and says what it is. */
  protected ask(picture: Picture, text: string): void {
    this.#asked = picture;
    this.said.textContent = `The network sees ${text}.`;
    this.seen.request();
    this.showPicture(picture);
  }

  abstract python(): string | null;

  /** How pictures come in: as they are, if a tab knows no other way. */
  protected formOf(task: Task): InputForm {
    return pictureForm(task);
  }

  /** Layers before those that learn. */
  protected frozenLayers(): readonly ShownLayer[] {
    return [];
  }

  /** Whether pictures may be flipped. */
  protected get canFlip(): boolean {
    return false;
  }

  /** Another network, or other examples: the run begins anew. */
  protected rebuild(): void {
    const build = ++this.#builds;
    const isCurrent = () => build === this.#builds;
    this.#control.pause();
    this.#control.expect();
    this.#building = this.#build(isCurrent).catch(error => {
      if (!isCurrent()) return;
      this.host.say(errorMessage(error));
      this.#control.fail();
    });
  }

  /** The session, once a network was built. */
  get #session(): Session | null {
    return this.#control.session;
  }

  async #build(isCurrent: () => boolean): Promise<void> {
    const task = await this.fetchTask(isCurrent);
    const form = this.formOf(task);
    const model = await makeModel(this.settings, {
      task: this.id,
      data: task.name,
      dims: form.dims,
      classes: task.classes.length,
      say: this.host.say,
    });
    if (!isCurrent()) return;
    const isOther = task !== this.task;
    this.task = task;
    this.form = form;
    this.#begin(task, form, model);
    if (isOther) {
      this.bars.setClasses(task.classes);
      this.#describe(task);
      this.host.update();
    } else if (this.#asked) this.showPicture(this.#asked);
  }

  /** Everything that follows from the model begins anew. */
  #begin(task: Task, form: InputForm, model: OnnxModel): void {
    this.#live?.destroy();
    const state = () => ({ weights: this.#weights, values: this.#values });
    const layers = layersOfModel(model, state);
    this.#layerCards.show([...this.frozenLayers(), ...layers].map(({ layer }) => layer));
    this.#values = new Map();
    const output = model.outputs[0]?.name ?? '';
    this.#live = new LiveView(
      model,
      layers.map(({ watch }) => watch),
      values => {
        this.showValues(values);
        this.bars.show(softmax(values.get(output) ?? [], 0, task.classes.length), true);
      },
      error => this.host.say(errorMessage(error)),
    );
    this.#shown = null;
    this.#take(0, startOf(model));
    this.panel.setTask(task);
    this.#tests.begin(task, form, model);
    this.#control.begin(this.#makePlan(task, form, model));
    this.#showCurves();
  }

  /** The run begins anew, with the weights of its model. A trained start is tested at once. */
  #showStart(): void {
    const model = this.#session?.plan.model;
    if (model) this.#take(0, startOf(model));
    this.#tests.restart();
    this.#showCurves();
    void this.#tests.test();
  }

  /** Shows weights, and the step that they are of. */
  #take(step: number, weights: Weights): void {
    this.#step = step;
    this.#weights = weights;
    this.#live?.show(this.#shown, weights);
    this.#layerCards.request();
  }

  #sessionHost(): Host {
    return {
      ...this.host,
      setPlaying: isPlaying => {
        this.#isPlaying = isPlaying;
        this.host.setPlaying(isPlaying);
        if (!isPlaying) void this.#tests.test();
      },
    };
  }

  #makePlan(task: Task, form: InputForm, model: OnnxModel): Plan {
    return makePlan(this.settings, task, form, model, this.canFlip);
  }

  /** The training goes on in another way. */
  #change(): void {
    const [session, task, form] = [this.#session, this.task, this.form];
    if (session && task && form) session.change(this.#makePlan(task, form, session.plan.model));
    this.#losses.view.request();
  }

  /** Shows a picture to the network; null for none. */
  protected showPicture(picture: Picture): void {
    const form = this.form;
    if (!form || (form.isPictures && sizeOfForm(form) !== sizeOf(picture))) return;
    const values = new Float32Array(sizeOfForm(form));
    form.write(values, 0, picture);
    this.#shown = values;
    this.#live?.show(values, this.#weights);
  }

  /** Draws values between the layers. */
  protected showValues(values: ReadonlyMap<string, Float32Array>): void {
    this.#values = new Map([...this.#values, ...values]);
    this.#layerCards.request();
  }

  #show(step: number, weights: Weights): void {
    this.#take(step, weights);
    this.#showCurves();
    void this.#tests.test();
  }

  #showTests(): void {
    this.panel.show(this.#tests.answers);
    this.#accuracy.show(this.#tests.text);
  }

  #showCurves(): void {
    this.#losses.view.request();
    this.#accuracy.view.request();
    this.#showFigures();
  }

  #runState(): RunState | null {
    // Without a state no test begins, and one that goes on stops.
    if (!this.#session || !this.#isShown) return null;
    return {
      step: this.#step,
      weights: this.#weights,
      isPlaying: this.#isPlaying,
      isTrained: this.settings.values.start === 'trained',
    };
  }

  #showFigures(): void {
    const [session, task] = [this.#session, this.task];
    if (!session || !task) return;
    const epoch = session.steps / stepsPerEpoch(task.train.count, session.plan.batch);
    const loss = session.losses.slice(-20);
    const mean = loss.reduce((a, b) => a + b, 0) / loss.length;
    this.#figures.textContent = `Epoch ${formatNumber(epoch)} of ${this.settings.values.epochs} · step ${formatCount(session.steps)} · loss ${formatNumber(mean)}, the mean of 20 steps`;
  }

  #curves(): CurvePlotContent {
    const losses = this.#session?.losses ?? [];
    const color = themeColor('accent');
    return {
      curves: [
        { values: losses, color, width: 1, opacity: 0.35 },
        { values: runningMean(losses), color, width: 2.5 },
      ],
      steps: this.#session?.plan.steps ?? 1,
      xName: 'step',
      yName: 'loss',
    };
  }

  play(): void {
    if (this.#control.isFailed) this.rebuild();
    this.#control.play();
  }

  pause(): void {
    this.#control.pause();
  }

  leave(): void {
    this.#isShown = false;
  }

  enter(): void {
    this.#isShown = true;
    void this.#tests.test();
  }

  step(): void {
    if (this.#control.isFailed) this.rebuild();
    this.#control.step();
  }

  reset(): void {
    this.#control.reset();
  }

  setSlow(isSlow: boolean): void {
    this.#control.setSlow(isSlow);
  }

  status(): string | null {
    const { losses = [] } = this.#session ?? {};
    if (losses.length === 0) return null;
    return [`Step ${losses.length}: the loss is ${formatNumber(losses.at(-1) ?? 0)}.`, this.#tests.text]
      .filter(Boolean)
      .join(' ');
  }

  plot(): HTMLCanvasElement {
    return this.#losses.view.canvas;
  }

  async save() {
    await this.#building;
    if (!this.#session) throw new Error('The network is not built yet.');
    return { bytes: await this.#session.save(), name: `limner-lab-${this.id}.onnx` };
  }
}

/** The weights that a run of a model begins with. */
const startOf = (model: OnnxModel): Weights =>
  new Map(
    learnedNames(model).map(name => [
      name,
      valuesOf(model.constants.get(name) ?? { bytes: new Uint8Array() }),
    ]),
  );
