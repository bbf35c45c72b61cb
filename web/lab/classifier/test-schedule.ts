/** When the network is tested: on some pictures now and then while it plays, and on all of them when it stands still. */
import type { OnnxModel } from '../../engine/training/index.ts';
import type { Task } from '../data/examples.ts';
import type { Weights } from '../network/session.ts';
import { formatCount } from '../shell/format.ts';
import { type InputForm, sizeOfForm } from './input-form.ts';
import { type Answer, Tester, type TestSource } from './tester.ts';

/** Test pictures that are tested while it plays. */
const QUICK = 200;
/** A test takes at most this part of the time. */
const TEST_SHARE = 0.15;
const MIN_TEST_INTERVAL_MS = 700;
/** After a test that failed, while it plays. */
const RETRY_MS = 10_000;

/** How far the run is. */
export interface RunState {
  /** That of the weights. */
  readonly step: number;
  readonly weights: Weights;
  readonly isPlaying: boolean;
  /** Whether it began with trained weights, which are worth a test before the first step. */
  readonly isTrained: boolean;
}

export interface TestPoint {
  readonly step: number;
  /** The part of the test pictures that is found, 0..1. */
  readonly share: number;
  /** Test pictures it was measured on. */
  readonly count: number;
}

export class TestSchedule {
  #tester: Tester | null = null;
  #points: TestPoint[] = [];
  #answers: readonly Answer[] = [];
  /** While it plays, no test before this time. */
  #next = 0;
  #isTesting = false;
  /** Stops the test that is under way, where it is of another run. */
  #run = new AbortController();

  constructor(
    /** Null before there is a run. */
    readonly state: () => RunState | null,
    /** There are other points and answers. */
    readonly onChange: () => void,
    readonly onError: (error: unknown) => void,
  ) {}

  /** Of this run, in order. */
  get points(): readonly TestPoint[] {
    return this.#points;
  }

  /** Those of the newest test alone, from the first test picture on. */
  get answers(): readonly Answer[] {
    return this.#answers;
  }

  /** Another network, or other pictures. */
  begin(task: Task, form: InputForm, model: OnnxModel): void {
    void this.#tester?.destroy();
    this.#tester = new Tester(model, testSource(task, form));
    this.restart();
  }

  /** The run begins anew. */
  restart(): void {
    this.#run.abort();
    this.#run = new AbortController();
    this.#points = [];
    this.#answers = [];
    this.#next = 0;
    this.onChange();
  }

  /** The newest accuracy, in words; null before the first test. */
  get text(): string | null {
    const last = this.#points.at(-1);
    return last
      ? `${(100 * last.share).toFixed(1)} % of ${formatCount(last.count)} test pictures are found, at step ${formatCount(last.step)}.`
      : null;
  }

  /** Tests, if it is time to, until no test is due. */
  async test(): Promise<void> {
    if (this.#isTesting) return;
    this.#isTesting = true;
    try {
      for (let state = this.#due(); state; state = this.#due()) await this.#test(state);
    } catch (error) {
      this.#next = performance.now() + RETRY_MS;
      this.onError(error);
    } finally {
      this.#isTesting = false;
    }
  }

  async #test({ step, weights, isPlaying }: RunState): Promise<void> {
    const tester = this.#tester;
    if (!tester) return;
    const begin = performance.now();
    const { signal } = this.#run;
    const { source } = tester;
    const isStopped = () => {
      const now = this.state();
      // Standing still, only the last weights are worth a long test.
      return signal.aborted || now?.isPlaying !== isPlaying || (!isPlaying && now.step !== step);
    };
    const answers = await tester.measure(
      weights,
      Math.min(isPlaying ? QUICK : source.count, source.count),
      isStopped,
    );
    if (!answers) return;
    // A long test of all pictures, while it stood still, does not put off those of the run.
    if (isPlaying) {
      const end = performance.now();
      this.#next = end + Math.max(MIN_TEST_INTERVAL_MS, (end - begin) / TEST_SHARE);
    }
    const right = answers.filter(({ found }, i) => found === source.label(i)).length;
    if (this.#points.at(-1)?.step === step) this.#points.pop();
    this.#points.push({ step, share: right / answers.length, count: answers.length });
    this.#answers = answers;
    this.onChange();
  }

  /** How far the run is, where it is to be tested now. */
  #due(): RunState | null {
    const state = this.state();
    const { count } = this.#tester?.source ?? { count: 0 };
    if (!state || count === 0 || (state.step === 0 && !state.isTrained)) return null;
    if (state.isPlaying) return performance.now() >= this.#next ? state : null;
    const last = this.#points.at(-1);
    return last?.step !== state.step || last.count < count ? state : null;
  }
}

const testSource = ({ test, classes }: Task, form: InputForm): TestSource => ({
  count: test.count,
  classes: classes.length,
  label: test.label,
  size: sizeOfForm(form),
  write: (to, offset, index) => form.write(to, offset, test.picture(index)),
});
