/** The tab Measure: how long networks take in this browser, on this machine. */

import { clockStep } from '../../shared/clock.ts';
import { makeElement, saveFile } from '../../shared/dom.ts';
import { errorMessage } from '../../shared/errors.ts';
import { makeBench, makeCard } from '../shell/bench.ts';
import { makeButton } from '../shell/controls.ts';
import { bindDrop, makeFileButton } from '../shell/files.ts';
import { formatNumber } from '../shell/format.ts';
import type { Host, Tab } from '../shell/tab.ts';
import { ABOUT } from './about.ts';
import { BACKEND_LABELS, findBackends } from './backends.ts';
import { makeControls } from './controls.ts';
import { Gate } from './gate.ts';
import { describeMachine, type Machine, showMachine } from './machine.ts';
import type { OwnNetwork } from './networks.ts';
import { type Results, toJson, toMarkdown } from './report.ts';
import { ResultsTable } from './results-table.ts';
import type { Progress } from './rounds.ts';
import { makeSettings, pythonCommand } from './settings.ts';
import { SpreadPlot } from './spread-plot.ts';

export function makeMeasureTab(host: Host): Tab {
  return new MeasureTab(host);
}

class MeasureTab implements Tab {
  readonly settings = makeSettings();
  readonly element: HTMLElement;
  readonly #button = makeButton('Measure this machine', () => this.#toggle(), 'primary');
  readonly #bar = makeElement('progress');
  readonly #text = makeElement('p', 'hint');
  readonly #table = new ResultsTable();
  readonly #empty = makeElement('p', 'hint', 'Nothing is measured yet.');
  readonly #plot = new SpreadPlot();
  readonly #facts = makeElement('dl', 'facts');
  readonly #fileText = makeElement('p', 'hint');
  readonly #forget = makeButton('Leave it out', () => this.#setOwn(null));
  readonly #keep = makeElement('div', 'choices');
  readonly #gate = new Gate();
  /** Of the run that goes on. */
  #stop: AbortController | null = null;
  #ended: Promise<void> = Promise.resolve();
  #own: OwnNetwork | null = null;
  #machine: Machine | null = null;
  #last: Results | null = null;

  constructor(readonly host: Host) {
    this.element = this.#layOut();
    this.#setOwn(null);
    this.#showIdle();
    this.settings.listen(() => this.#stop || this.#showIdle());
    document.addEventListener('visibilitychange', () => this.#showHidden(document.hidden));
    this.#gate.set('hidden', document.hidden);
    void this.#findMachine();
  }

  #layOut(): HTMLElement {
    const bench = makeBench('measure', { data: 'What is timed', network: 'Results', curves: 'Plot' });
    this.#bar.max = 1;
    this.#bar.hidden = true;
    this.#bar.setAttribute('aria-label', 'Progress');
    this.#table.element.hidden = true;
    this.#keep.hidden = true;
    this.#keep.append(
      makeButton('Save JSON', () => this.#saveJson()),
      makeButton('Copy as Markdown', () => this.#copyMarkdown()),
    );
    const run = makeElement('div', 'measure-run');
    run.append(this.#button, this.#bar);
    bench.network.append(
      makeCard('Measure here', ABOUT.measure, run, this.#text),
      makeCard('Results', ABOUT.results, this.#table.element, this.#empty, this.#keep),
    );
    const files = makeElement('div', 'choices');
    files.append(
      ...makeFileButton('A network of your own', '.onnx', file => void this.#readOwn(file)),
      this.#forget,
    );
    const timed = makeCard('What is timed', undefined, makeControls(this.settings), files, this.#fileText);
    bindDrop(timed, file => void this.#readOwn(file));
    bench.data.append(timed, makeCard('This machine', undefined, this.#facts));
    bench.curves.append(makeCard('Spread', ABOUT.plot, this.#plot.view.canvas));
    return bench.element;
  }

  async #findMachine(): Promise<Machine> {
    this.#machine ??= describeMachine(
      await findBackends(),
      clockStep(() => performance.now()),
    );
    showMachine(this.#facts, this.#machine);
    return this.#machine;
  }

  async #readOwn(file: File): Promise<void> {
    try {
      const { readNetwork } = await import('./run.ts');
      this.#setOwn(await readNetwork(file));
    } catch (error) {
      this.host.say(`${file.name}: ${errorMessage(error)}`);
    }
  }

  #setOwn(network: OwnNetwork | null): void {
    this.#own = network;
    this.#forget.hidden = !network;
    this.#fileText.textContent = network
      ? `${network.name} is timed too. It stays on this device.`
      : 'Drop an ONNX file here, or choose one. It stays on this device.';
    this.#showIdle();
    this.host.update();
  }

  /** How many rows a run has. */
  get #rows(): number {
    const { nets, on, train } = this.settings.values;
    return (nets.length + Number(this.#own !== null) + Number(train)) * on.length;
  }

  #showIdle(): void {
    if (this.#stop) return;
    const { seconds } = this.settings.values;
    this.#button.disabled = this.#rows === 0;
    this.#text.textContent =
      this.#rows === 0
        ? 'Choose a network and a backend.'
        : `${this.#rows} rows, each for up to ${formatNumber(seconds)} s, after the time to load. Nothing is sent anywhere.`;
  }

  #toggle(): void {
    if (this.#stop) this.#stop.abort(new Error('It was stopped.'));
    else this.play();
  }

  play(): void {
    if (this.#stop) this.#setPaused(false);
    else if (this.#rows > 0) this.#ended = this.#run();
    else this.host.say('Choose a network and a backend first.');
  }

  pause(): void {
    if (this.#stop) this.#setPaused(true);
  }

  leave(): void {
    this.#gate.interrupt();
  }

  #setPaused(isPaused: boolean): void {
    this.#gate.set('paused', isPaused);
    this.host.setPlaying(!isPaused);
    if (isPaused) this.#text.textContent = 'Paused. Play goes on.';
  }

  #showHidden(isHidden: boolean): void {
    this.#gate.set('hidden', isHidden);
    if (!this.#stop || isHidden) return;
    this.host.say('The tab was hidden: the run waited, and the turn that was under way is taken again.');
  }

  async #run(): Promise<void> {
    const stop = new AbortController();
    this.#stop = stop;
    this.#gate.set('paused', false);
    this.host.setPlaying(true);
    this.#button.textContent = 'Stop';
    this.#bar.hidden = false;
    this.#bar.removeAttribute('value');
    this.#text.textContent = 'The networks are made…';
    try {
      await this.#measure(stop.signal);
      this.#text.textContent = this.#summary();
    } catch (error) {
      this.#text.textContent = stop.signal.aborted
        ? 'Stopped. The table has what was timed until then.'
        : errorMessage(error);
    } finally {
      this.#stop = null;
      this.host.setPlaying(false);
      this.#button.textContent = 'Measure this machine';
      this.#bar.hidden = true;
    }
  }

  async #measure(signal: AbortSignal): Promise<void> {
    const [{ measure }, machine] = await Promise.all([import('./run.ts'), this.#findMachine()]);
    await measure({
      values: this.settings.values,
      own: this.#own,
      machine,
      ...{ gate: this.#gate, signal },
      onProgress: progress => this.#showProgress(progress),
      onResults: results => this.#show(results),
    });
  }

  #showProgress({ phase, workload, part, secondsLeft }: Progress): void {
    this.#bar.value = part;
    const left = secondsLeft === null ? '' : ` · ${timeText(secondsLeft)} left`;
    this.#text.textContent = `${phase}: ${workload.model}, ${BACKEND_LABELS[workload.backend]}${left}`;
    this.host.setChip(BACKEND_LABELS[workload.backend], null);
  }

  #show(results: Results): void {
    this.#last = results;
    this.#empty.hidden = true;
    this.#table.element.hidden = false;
    this.#keep.hidden = false;
    this.#table.show(results.rows);
    this.#plot.show(results.rows);
  }

  /** The number of rows, and what is to be said of them. */
  #summary(): string {
    const rows = this.#last?.rows ?? [];
    const failed = rows.filter(({ reason }) => reason !== undefined).length;
    const unsteady = rows.filter(({ p50Ms, steady }) => p50Ms !== null && !steady).length;
    const parts = [`${rows.length - failed} of ${rows.length} rows measured.`];
    if (failed > 0) parts.push('The table says why not all.');
    if (unsteady > 0)
      parts.push(`${unsteady} unsteady: let the machine rest, close what else runs, and measure again.`);
    return parts.join(' ');
  }

  #saveJson(): void {
    if (this.#last) saveFile(new Blob([toJson(this.#last)], { type: 'application/json' }), 'everywhere.json');
  }

  #copyMarkdown(): void {
    if (this.#last) this.host.copy(toMarkdown(this.#last), 'The table is copied.');
  }

  /** Measures anew. */
  reset(): void {
    this.#stop?.abort(new Error('It was stopped.'));
    void this.#ended.then(() => this.play());
  }

  python(): string {
    return pythonCommand(this.#own?.file ?? null);
  }

  status(): string | null {
    return this.#text.textContent;
  }

  plot(): HTMLCanvasElement {
    return this.#plot.view.canvas;
  }
}

/** "about 40 s", "about 3 minutes". */
function timeText(seconds: number): string {
  return seconds < 90
    ? `about ${Math.max(1, Math.round(seconds))} s`
    : `about ${Math.round(seconds / 60)} minutes`;
}
