// Runs the bench: looks one after the other, and for each look all rivals. First it compares every rival's painting
// of the same image. Then it counts the GPU calls of a frame, in a document that is used for nothing else. Then it
// times the rounds (`rounds.ts`), and at last it measures the size of what was fetched. This module does not know
// the page.

import { compareOutputs, type RivalOutput } from './comparison.ts';
import type { LookUrls } from './look-files.ts';
import { NodeSandbox } from './node-sandbox.ts';
import type { LookResult, RivalResult, SkippedRival, Timing } from './results.ts';
import { isLimner, NODE, REFERENCE, RIVALS, type RivalName } from './rivals/index.ts';
import { failureReason, type Participant, type Plan, Rounds, withTimeout } from './rounds.ts';
import type { RivalPlace, Workload } from './sandbox.ts';
import { medianRatio, summarize } from './statistics.ts';
import { makeSceneVideo, type VideoFeed } from './test-input.ts';
import { measureTransferSize } from './transfer-size.ts';

export const QUICK_PLAN = { rounds: 7, seconds: 6, burst: 20 } as const;
export const LONG_PLAN = { rounds: 25, seconds: 40, burst: 50 } as const;

export interface Progress {
  readonly sentence: string;
  /** Seconds spent on this look so far. */
  readonly seconds: number;
  /** Estimated seconds until this look is done; null while there is no estimate. */
  readonly secondsLeft: number | null;
}

interface LoadedRival extends Participant {
  readonly name: RivalName;
  readonly sandbox: RivalPlace;
  readonly result: Omit<RivalResult, 'times' | 'broke' | 'code'>;
  /** URLs of all that its document fetched, without the look. */
  readonly fetchedUrls: readonly string[];
}

export class BenchRunner {
  readonly #plan: Plan;
  readonly #video: VideoFeed;
  readonly #onProgress: (progress: Progress) => void;
  /** The parent of the rivals' documents. */
  readonly #container: HTMLElement;

  constructor(
    plan: Plan,
    video: VideoFeed,
    container: HTMLElement,
    onProgress: (progress: Progress) => void,
  ) {
    this.#plan = plan;
    this.#video = video;
    this.#container = container;
    this.#onProgress = onProgress;
  }

  async measure(look: LookUrls, rivals: readonly RivalName[], signal: AbortSignal): Promise<LookResult> {
    const start = performance.now();
    const onProgress = (label: string, secondsLeft: number | null) =>
      this.#onProgress({ sentence: label, seconds: (performance.now() - start) / 1000, secondsLeft });
    const stillVideo = makeSceneVideo(false);
    this.#video.setPlaying(false);
    const loadedRivals: LoadedRival[] = [];
    const skipped: SkippedRival[] = [];
    try {
      const first = rivals.includes(REFERENCE) ? [REFERENCE] : [];
      let referenceOutput: RivalOutput | null = null;
      for (const name of [...first, ...rivals.filter(rival => rival !== REFERENCE)]) {
        signal.throwIfAborted();
        const { label } = RIVALS[name];
        onProgress(`${look.name}: ${label} loads`, null);
        try {
          const loaded = await this.#loadRival(name, look, stillVideo, referenceOutput, signal);
          if (name === REFERENCE) referenceOutput = loaded.output;
          loadedRivals.push(loaded.rival);
        } catch (error) {
          signal.throwIfAborted();
          skipped.push({ name, label, state: 'left out', why: failureReason(error) });
        }
      }
      stillVideo.setPlaying(false);
      this.#video.setPlaying(true);
      for (const { sandbox } of loadedRivals) await sandbox.setVideo(this.#video.stream);
      const rounds = new Rounds(loadedRivals, this.#plan, signal, (label, left) =>
        onProgress(`${look.name}, ${label}`, left),
      );
      for (const workload of ['model', 'camera'] as const) {
        this.#video.setPlaying(workload === 'camera');
        await rounds.run(workload);
      }
      this.#video.setPlaying(false);
      const results = await Promise.all(loadedRivals.map(rival => toResult(rival, loadedRivals)));
      const all = [...results, ...skipped];
      return {
        name: look.name,
        pixels: look.pixels,
        rivals: rivals.flatMap(name => all.filter(rival => rival.name === name)),
      };
    } finally {
      stillVideo.stop();
      for (const rival of loadedRivals) rival.remove();
    }
  }

  /** Loads a rival into a document and compares its output; then counts its calls in a second document. */
  async #loadRival(
    name: RivalName,
    look: LookUrls,
    stillVideo: VideoFeed,
    referenceOutput: RivalOutput | null,
    signal: AbortSignal,
  ): Promise<{ rival: LoadedRival; output: RivalOutput }> {
    const { sandbox, remove } = await this.#openSandbox(name);
    try {
      await sandbox.setVideo(stillVideo.stream);
      const loadReport = await withTimeout(sandbox.load(name, look), signal);
      const planes = await withTimeout(sandbox.run(), signal);
      const { data: canvas } = await withTimeout(sandbox.readCanvas(), signal);
      const output = { planes, canvas };
      const fetchedUrls = sandbox.fetchedUrls();
      const counters = await this.#countCalls(name, look, stillVideo, signal);
      const rival: LoadedRival = {
        name,
        label: RIVALS[name].label,
        sandbox,
        fetchedUrls,
        result: {
          name,
          label: RIVALS[name].label,
          state: 'ran',
          ...loadReport,
          ...counters,
          ...compareOutputs(output, name === REFERENCE ? output : referenceOutput),
        },
        samples: { model: [], camera: [] },
        stepMs: { model: null, camera: null },
        failure: null,
        timeSteps: (workload, steps, isStopped) => sandbox.timeSteps(workload, steps, isStopped),
        remove,
      };
      return { rival, output };
    } catch (error) {
      remove();
      throw error;
    }
  }

  async #countCalls(name: RivalName, look: LookUrls, stillVideo: VideoFeed, signal: AbortSignal) {
    const { sandbox, remove } = await this.#openSandbox(name);
    try {
      await sandbox.setVideo(stillVideo.stream);
      return await withTimeout(sandbox.countCalls(name, look), signal);
    } finally {
      remove();
    }
  }

  async #openSandbox(name: RivalName): Promise<{ sandbox: RivalPlace; remove: () => void }> {
    if (name === NODE) {
      const sandbox = new NodeSandbox();
      return { sandbox, remove: () => sandbox.remove() };
    }
    const frame = document.createElement('iframe');
    frame.src = './sandbox.html';
    frame.title = 'One rival of the bench';
    const loaded = new Promise<void>((resolve, reject) => {
      frame.onload = () => resolve();
      frame.onerror = () => reject(new Error('its page could not be fetched'));
    });
    this.#container.append(frame);
    await loaded;
    const sandbox = frame.contentWindow?.sandbox;
    if (!sandbox) {
      frame.remove();
      throw new Error('its page did not start');
    }
    return { sandbox, remove: () => frame.remove() };
  }
}

/** The results of one rival, with ratios to limner. */
async function toResult(rival: LoadedRival, all: readonly LoadedRival[]): Promise<RivalResult> {
  const ours = all.find(({ name, failure }) => isLimner(name) && name !== NODE && failure === null);
  const timing = (workload: Workload): Timing | null => {
    const samples = rival.samples[workload];
    const spread = summarize(samples);
    return spread && { spread, ratio: ours ? medianRatio(samples, ours.samples[workload]) : null, samples };
  };
  const { failure, result, fetchedUrls } = rival;
  const model = timing('model');
  const camera = timing('camera');
  const times = { ...(model && { model }), ...(camera && { camera }) };
  return {
    ...result,
    code: await measureTransferSize(fetchedUrls),
    times,
    ...(failure !== null && { broke: failure }),
  };
}
