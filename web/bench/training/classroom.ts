// The document of one engine: libraries with global state do not affect each other, and what is counted in a document
// belongs to one engine. The contest, in the parent page, calls these methods.

import { median } from '../../shared/measurement.ts';
import { type CallCounts, GpuCounters } from '../gpu-counters.ts';
import { ENGINES, type EngineName } from './engines.ts';
import type { Learner } from './learner.ts';
import { makeLesson } from './lesson.ts';

export interface StartReport {
  readonly version: string;
  readonly adapter: string;
  readonly fence: string;
  /** Milliseconds from the fetched code and file to the end of the first step. */
  readonly first: number;
  /** The first step's loss. */
  readonly losses: readonly number[];
}

export class Classroom {
  #learner: Learner | null = null;

  /** Fetches an engine, and takes the first step. */
  async start(name: EngineName, file: string): Promise<StartReport> {
    performance.clearResourceTimings();
    const engine = await ENGINES[name].load();
    const response = await fetch(file);
    if (!response.ok) throw new Error(`${file} could not be fetched (status ${response.status}).`);
    const lesson = makeLesson(new Uint8Array(await response.arrayBuffer()));
    await engine.prepare();
    const begin = performance.now();
    const learner = await engine.create(lesson);
    this.#learner = learner;
    await learner.step();
    const losses = await learner.finished();
    const { version, adapter } = learner;
    return { version, adapter, fence: engine.fence, first: performance.now() - begin, losses };
  }

  /** The losses of the next steps, when all are computed. */
  async train(steps: number): Promise<readonly number[]> {
    for (let i = 0; i < steps; i++) await this.#started.step();
    return this.#started.finished();
  }

  /** URLs of all that was fetched for the engine, without the network. */
  fetchedUrls(file: string): string[] {
    const names = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
    return [...names].filter(name => !name.startsWith('blob:') && !name.endsWith(file));
  }

  /** The GPU calls of a step after the first: the median of some steps, since losses are read now and then. The counters
   * stay in place, so nothing is timed in this document. */
  async countCalls(name: EngineName, file: string): Promise<CallCounts> {
    const counters = new GpuCounters();
    await this.start(name, file);
    const counts: CallCounts[] = [];
    for (let i = 0; i < ENGINES[name].counted; i++) {
      counters.reset();
      await this.#started.step();
      counts.push(counters.calls);
    }
    await this.#started.finished();
    const kinds = Object.keys(counters.calls) as (keyof CallCounts)[];
    const entries = kinds.map(kind => [kind, median(counts.map(calls => calls[kind]))]);
    return Object.fromEntries(entries) as CallCounts;
  }

  get #started(): Learner {
    if (!this.#learner) throw new Error('The engine has not started.');
    return this.#learner;
  }
}

declare global {
  interface Window {
    classroom?: Classroom;
  }
}

window.classroom = new Classroom();
