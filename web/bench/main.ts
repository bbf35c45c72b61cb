/** The bench page: form, progress and results; and an API for `limner bench browser`, which drives the page. */

import { getElement } from '../shared/dom.ts';
import { collectEnvironment } from './environment.ts';
import { Form } from './form.ts';
import { formatDuration } from './format.ts';
import type { LookUrls } from './look-files.ts';
import { plot } from './plot.ts';
import { markdown } from './report.ts';
import { type Environment, isMeasured, type LookResult, type Results } from './results.ts';
import { ResultsView } from './results-view.ts';
import { RIVAL_NAMES, type RivalName } from './rivals/index.ts';
import { failureReason } from './rounds.ts';
import { BenchRunner, LONG_PLAN, type Progress, QUICK_PLAN } from './runner.ts';
import { makeSceneVideo, openCameraVideo } from './test-input.ts';

interface BenchRequest {
  readonly looks: readonly LookUrls[];
  readonly rivals: readonly RivalName[];
  readonly quick: boolean;
  readonly video: Environment['video'];
}

/** Measures looks one after the other, and calls `onLookMeasured` after each. */
async function run(
  { looks, rivals, quick, video }: BenchRequest,
  onProgress: (progress: Progress) => void,
  signal: AbortSignal,
  onLookMeasured: (results: Results) => void = () => undefined,
): Promise<Results> {
  const plan = quick ? QUICK_PLAN : LONG_PLAN;
  const feed = video === 'camera' ? await openCameraVideo() : makeSceneVideo(true);
  const measured: LookResult[] = [];
  const origin = await collectEnvironment(plan, video);
  const results = { benchmark: 'browser', origin, looks: measured } as const;
  try {
    const bench = new BenchRunner(plan, feed, getElement('sandboxes'), onProgress);
    for (const look of looks) {
      measured.push(await bench.measure(look, rivals, signal));
      onLookMeasured(results);
    }
  } finally {
    feed.stop();
  }
  return results;
}

const view = new ResultsView();
const form = new Form();
const progressText = getElement('progress-text');
const status = getElement('status');
let running: AbortController | null = null;

async function startRun(): Promise<void> {
  running = new AbortController();
  setBusy(true);
  getElement('alert').textContent = '';
  status.textContent = 'Measuring. Keep this page in front until it is done.';
  try {
    const request = {
      looks: await form.selectedLooks(),
      rivals: form.selectedRivals(),
      quick: form.isQuick(),
      video: form.selectedVideo(),
    };
    if (request.looks.length === 0 || request.rivals.length === 0) {
      throw new Error('choose a look and an engine.');
    }
    const results = await run(request, showProgress, running.signal, partial => view.show(partial));
    if (!results.looks.some(({ rivals }) => rivals.some(isMeasured))) {
      throw new Error('nothing could be measured; the reasons are below.');
    }
    status.textContent = 'Done: the results are below.';
  } catch (error) {
    status.textContent = running.signal.aborted ? 'Stopped.' : '';
    if (!running.signal.aborted) {
      getElement('alert').textContent = `The bench has no results: ${failureReason(error)}`;
    }
  } finally {
    running = null;
    setBusy(false);
  }
}

function setBusy(isBusy: boolean): void {
  getElement('progress').hidden = !isBusy;
  getElement('stop').hidden = !isBusy;
  form.enable(!isBusy);
}

function showProgress({ sentence: label, seconds, secondsLeft }: Progress): void {
  const bar = getElement('progress-bar', HTMLProgressElement);
  const left = secondsLeft === null ? '' : ` About ${formatDuration(secondsLeft)} left.`;
  progressText.textContent = `${label}.${left}`;
  if (secondsLeft === null) bar.removeAttribute('value');
  else bar.value = seconds / (seconds + secondsLeft);
}

getElement('form').addEventListener('submit', event => {
  event.preventDefault();
  if (!running) void startRun();
});
getElement('stop').addEventListener('click', () => running?.abort());
void form.loadLooks();

declare global {
  interface Window {
    limnerBench?: typeof api;
  }
}

/** The API for `limner bench browser`. */
const api = {
  rivals: RIVAL_NAMES,
  run: (request: BenchRequest, onProgress: (progress: Progress) => void) =>
    run(request, onProgress, new AbortController().signal),
  markdown,
  plot,
};
window.limnerBench = api;
