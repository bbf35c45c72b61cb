/** The bench's page: choices, progress, results; and the same for `limner bench browser`, which has no hands. */

import { element } from '../shared/dom.ts';
import { originOf } from './environment.ts';
import { Form } from './form.ts';
import { duration } from './format.ts';
import type { LookAddress } from './look-files.ts';
import { plot } from './plot.ts';
import { markdown } from './report.ts';
import { type LookResult, type Origin, type Results, ran } from './results.ts';
import { ResultsView } from './results-view.ts';
import { RIVAL_NAMES, type RivalName } from './rivals/index.ts';
import { sentence } from './rounds.ts';
import { Bench, LONG, type Progress, QUICK } from './runner.ts';
import { cameraVideo, sceneVideo } from './test-input.ts';

interface Request {
  readonly looks: readonly LookAddress[];
  readonly rivals: readonly RivalName[];
  readonly quick: boolean;
  readonly video: Origin['video'];
}

/** Measures looks one after the other; `found` hears of each. */
async function run(
  { looks, rivals, quick, video }: Request,
  tell: (progress: Progress) => void,
  cancelled: AbortSignal,
  found: (results: Results) => void = () => undefined,
): Promise<Results> {
  const plan = quick ? QUICK : LONG;
  const opened = video === 'camera' ? await cameraVideo() : sceneVideo(true);
  const measured: LookResult[] = [];
  const origin = await originOf(plan, video);
  const results = { benchmark: 'browser', origin, looks: measured } as const;
  try {
    const bench = new Bench(plan, opened, element('stages'), tell);
    for (const look of looks) {
      measured.push(await bench.measure(look, rivals, cancelled));
      found(results);
    }
  } finally {
    opened.stop();
  }
  return results;
}

const view = new ResultsView();
const form = new Form();
const doing = element('doing');
const said = element('said');
let running: AbortController | null = null;

async function start(): Promise<void> {
  running = new AbortController();
  show(true);
  element('trouble').textContent = '';
  said.textContent = 'Measuring. The page is busy meanwhile; leave it in front.';
  try {
    const request = {
      looks: await form.looks(),
      rivals: form.rivals(),
      quick: form.quick(),
      video: form.video(),
    };
    if (request.looks.length === 0 || request.rivals.length === 0) {
      throw new Error('choose a look and an engine.');
    }
    const results = await run(request, progress, running.signal, found => view.show(found));
    if (!results.looks.some(({ rivals }) => rivals.some(ran))) {
      throw new Error('nothing could be measured; why not stands below.');
    }
    said.textContent = 'Done: the results are below.';
  } catch (problem) {
    said.textContent = running.signal.aborted ? 'Stopped.' : '';
    if (!running.signal.aborted) {
      element('trouble').textContent = `The bench has no results: ${sentence(problem)}`;
    }
  } finally {
    running = null;
    show(false);
  }
}

function show(busy: boolean): void {
  element('progress').hidden = !busy;
  element('stop').hidden = !busy;
  form.enable(!busy);
}

function progress({ sentence: what, seconds, secondsLeft }: Progress): void {
  const bar = element('bar', HTMLProgressElement);
  const left = secondsLeft === null ? '' : ` About ${duration(secondsLeft)} left.`;
  doing.textContent = `${what}.${left}`;
  if (secondsLeft === null) bar.removeAttribute('value');
  else bar.value = seconds / (seconds + secondsLeft);
}

element('form').addEventListener('submit', event => {
  event.preventDefault();
  if (!running) void start();
});
element('stop').addEventListener('click', () => running?.abort());
void form.fill();

declare global {
  interface Window {
    limnerBench?: typeof api;
  }
}

/** For `limner bench browser`. */
const api = {
  rivals: RIVAL_NAMES,
  run: (request: Request, tell: (progress: Progress) => void) =>
    run(request, tell, new AbortController().signal),
  markdown,
  plot,
};
window.limnerBench = api;
