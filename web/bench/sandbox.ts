// The document of one rival. It has its own globals, WebGPU devices and WebAssembly heaps, so that libraries with
// global state do not affect each other. The bench (`runner.ts`, in the parent page) calls these methods; times are
// taken here, next to what they measure.

import { getContext2d } from '../shared/canvas.ts';
import { type CallCounts, GpuCounters, type MemoryBytes } from './gpu-counters.ts';
import { fetchLookFiles, type LookUrls } from './look-files.ts';
import { RIVALS, type RivalName } from './rivals/index.ts';
import type { Rival } from './rivals/rival.ts';
import { makeTestImage, showFrame } from './test-input.ts';

export interface LoadReport {
  readonly version: string;
  /** The device that computes, as the library reports it. */
  readonly adapter: string;
  /** How the end of its work is detected. */
  readonly fence: string;
  /** Milliseconds from the fetched code and look to the first finished painting. */
  readonly first: number;
  /** The size of the look's file in the format that the rival reads. */
  readonly look: { readonly bytes: number };
}

/** GPU calls of one frame, and the memory held by then. */
export interface CountReport {
  /** Null if they cannot be counted. */
  readonly calls: CallCounts | null;
  readonly memory: MemoryBytes;
}

/** The network alone, or all steps from camera to canvas. */
export type Workload = 'model' | 'camera';

export class Sandbox {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  #loadedRival: Rival | null = null;
  /** The URLs of the look's own files. */
  #lookUrls: readonly string[] = [];

  constructor() {
    const video = document.querySelector('video');
    const canvas = document.querySelector('canvas');
    if (!video || !canvas) throw new Error('sandbox.html has no video or no canvas.');
    this.#video = video;
    this.#canvas = canvas;
  }

  /** Sets the video that the rival's camera path reads. Resolves with its first frame in place. */
  async setVideo(stream: MediaStream): Promise<void> {
    await showFrame(this.#video, stream);
  }

  /** Fetches a rival and its look and paints once. Throws the reason if it cannot. */
  async load(name: RivalName, look: LookUrls): Promise<LoadReport> {
    performance.setResourceTimingBufferSize(1000);
    performance.clearResourceTimings();
    const engine = await RIVALS[name].load();
    const unavailable = await engine.unavailableReason();
    if (unavailable) throw new Error(unavailable);
    const { files, urls, bytes } = await fetchLookFiles(engine.format, look);
    this.#lookUrls = urls;
    await engine.prepare();
    const image = makeTestImage(look.pixels);
    const start = performance.now();
    const rival = await engine.create({ pixels: look.pixels, image, canvas: this.#canvas, files });
    await rival.frame(this.#video);
    await rival.finished();
    const first = performance.now() - start;
    this.#loadedRival = rival;
    const { version, adapter } = rival;
    return { version, adapter, fence: engine.fence, first, look: { bytes } };
  }

  /** URLs of all that this document fetched for the rival, without the look. */
  fetchedUrls(): string[] {
    const names = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
    return [...names].filter(name => !name.startsWith('blob:') && !this.#lookUrls.includes(name));
  }

  /** The painting of the test image. */
  run(): Promise<Float32Array> {
    return this.#rival.run();
  }

  /**
   * Loads a rival with counters in place, and returns the GPU calls of one frame and the memory held by then. The
   * counters stay in place, so nothing is timed in this document.
   */
  async countCalls(name: RivalName, look: LookUrls): Promise<CountReport> {
    const counters = new GpuCounters();
    await this.load(name, look);
    await this.#paintFrame();
    await this.#rival.finished();
    counters.reset();
    await this.#paintFrame();
    const { calls, memory } = counters;
    await this.#rival.finished();
    return { calls, memory };
  }

  /**
   * Mean milliseconds of `steps` steps: starts one after the other and waits for the last to finish. Null if the
   * run was stopped between two.
   */
  async timeSteps(workload: Workload, steps: number, isStopped: () => boolean): Promise<number | null> {
    const step = workload === 'model' ? () => this.#rival.step() : () => this.#paintFrame();
    // The video plays only in this rival's turn, so that it takes no time from the others.
    if (workload === 'camera') await this.#video.play();
    const start = performance.now();
    for (let count = 0; count < steps && !isStopped(); count++) await step();
    await this.#rival.finished();
    const milliseconds = (performance.now() - start) / steps;
    this.#video.pause();
    return isStopped() ? null : milliseconds;
  }

  /** The canvas after a frame. */
  async readCanvas(): Promise<ImageData> {
    await this.#paintFrame();
    const { width, height } = this.#canvas;
    const context = getContext2d(new OffscreenCanvas(width, height));
    context.drawImage(this.#canvas, 0, 0);
    return context.getImageData(0, 0, width, height);
  }

  #paintFrame(): Promise<void> {
    return this.#rival.frame(this.#video);
  }

  get #rival(): Rival {
    if (!this.#loadedRival) throw new Error('The rival has no look yet.');
    return this.#loadedRival;
  }
}

/** What the bench asks of the place where a rival runs. */
export type RivalPlace = Pick<Sandbox, keyof Sandbox>;

declare global {
  interface Window {
    sandbox?: Sandbox;
  }
}

window.sandbox = new Sandbox();
