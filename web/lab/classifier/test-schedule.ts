/** When the network is tested: on some pictures now and then while it plays, and on all of them when it stands still. */
import type { OnnxModel } from '../../engine/training/index.ts';
import type { Picture, Task } from '../data/examples.ts';
import type { Weights } from '../network/session.ts';
import { formatCount } from '../shell/format.ts';
import { ABOUT } from './about.ts';
import { AccuracyPlot, type AccuracyPoint } from './accuracy-plot.ts';
import { type InputForm, sizeOfForm } from './input-form.ts';
import { TestPanel } from './test-panel.ts';
import { Tester, type TestSource } from './tester.ts';

/** Test pictures that are tested while it plays. */
const QUICK = 200;
/** A test takes at most this part of the time. */
const TEST_SHARE = 0.15;
const MIN_TEST_INTERVAL_MS = 700;

/** How far the run is. */
export interface RunState {
  readonly step: number;
  /** The step at which it ends. */
  readonly lastStep: number;
  readonly weights: Weights;
  readonly isPlaying: boolean;
  /** Whether it began with trained weights, which are worth a test before the first step. */
  readonly isTrained: boolean;
}

export class TestSchedule {
  readonly plot: AccuracyPlot;
  readonly panel: TestPanel;
  #tester: Tester | null = null;
  #points: AccuracyPoint[] = [];
  /** No test before this time. */
  #next = 0;

  constructor(
    /** Null before there is a run. */
    readonly state: () => RunState | null,
    onPicture: (picture: Picture, label: number) => void,
    readonly onError: (error: unknown) => void,
  ) {
    this.panel = new TestPanel(onPicture);
    this.plot = new AccuracyPlot(ABOUT.accuracy, () => ({
      points: this.#points,
      steps: this.state()?.lastStep ?? 1,
    }));
  }

  /** Another network, or other pictures. */
  begin(task: Task, form: InputForm, model: OnnxModel): void {
    this.destroy();
    this.#tester = new Tester(model, testSource(task, form));
    this.panel.setTask(task);
    this.restart();
  }

  /** The run begins anew. */
  restart(): void {
    this.#points = [];
    this.#next = 0;
    if (this.#tester) this.#tester.answers.length = 0;
    this.panel.show([]);
    this.#show();
  }

  /** The newest accuracy, in words; null before the first test. */
  get text(): string | null {
    const last = this.#points.at(-1);
    return last
      ? `${(100 * last.share).toFixed(1)} % of ${formatCount(last.count)} test pictures are found, at step ${formatCount(last.step)}.`
      : null;
  }

  /** Tests, if it is time to. */
  async test(): Promise<void> {
    const [tester, state] = [this.#tester, this.state()];
    if (!tester || !state || tester.isBusy || !this.#isDue(tester, state)) return;
    const { step, isPlaying, weights } = state;
    const begin = performance.now();
    const isStopped = () => this.state()?.isPlaying !== isPlaying || tester !== this.#tester;
    const count = Math.min(isPlaying ? QUICK : Infinity, tester.source.count);
    const share = await tester.measure(weights, count, isStopped).catch(error => {
      this.onError(error);
      return null;
    });
    const now = this.state();
    if (tester !== this.#tester || !now || step > now.step) return;
    const took = performance.now() - begin;
    this.#next = performance.now() + Math.max(MIN_TEST_INTERVAL_MS, took / TEST_SHARE);
    if (share !== null) {
      if (this.#points.at(-1)?.step === step) this.#points.pop();
      this.#points.push({ step, share, count });
    }
    this.panel.show(tester.answers);
    this.#show();
    if (!now.isPlaying && (share === null || now.step !== step)) await this.test();
  }

  #isDue({ source }: Tester, { step, isPlaying, isTrained }: RunState): boolean {
    if (step === 0 && !isTrained) return false;
    if (isPlaying) return performance.now() >= this.#next;
    const last = this.#points.at(-1);
    return last?.step !== step || last.count < source.count;
  }

  #show(): void {
    this.plot.view.request();
    this.plot.text.textContent = this.text ?? 'Not tested yet.';
  }

  destroy(): void {
    this.#tester?.destroy();
    this.#tester = null;
  }
}

const testSource = ({ test, classes }: Task, form: InputForm): TestSource => ({
  count: test.count,
  classes: classes.length,
  label: test.label,
  size: sizeOfForm(form),
  write: (to, offset, index) => form.write(to, offset, test.picture(index)),
});
