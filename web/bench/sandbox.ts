// A document for one rival: a realm of its own, with its own globals, WebGPU devices and WebAssembly heaps, so
// that libraries with global state live side by side. The bench (`runner.ts`, in the page around it) calls what
// stands here; the clock is read here, next to what it measures.

import { getContext2d } from '../shared/canvas.ts';
import { type CallCounts, GpuCounters, type MemoryBytes } from './gpu-counters.ts';
import { fetchLookFiles, type LookUrls } from './look-files.ts';
import { RIVALS, type RivalName } from './rivals/index.ts';
import type { Rival } from './rivals/rival.ts';
import { makeTestImage } from './test-input.ts';

export interface LoadReport {
  readonly version: string;
  /** What computes, as the library tells it. */
  readonly adapter: string;
  /** How the end of its work is known. */
  readonly fence: string;
  /** Milliseconds from code and look at hand to the first finished painting. */
  readonly first: number;
  /** Of the look's file in the format that the rival reads. */
  readonly look: { readonly bytes: number };
}

/** The network alone, or all from camera to canvas. */
export type Workload = 'model' | 'camera';

export class Sandbox {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  #loadedRival: Rival | null = null;
  /** Of the look's own files. */
  #lookUrls: readonly string[] = [];

  constructor() {
    const video = document.querySelector('video');
    const canvas = document.querySelector('canvas');
    if (!video || !canvas) throw new Error('sandbox.html has no video or no canvas.');
    this.#video = video;
    this.#canvas = canvas;
  }

  /** Shows the rival's camera path another video from now on, of which it has one frame by then. */
  async setVideo(stream: MediaStream): Promise<void> {
    this.#video.srcObject = stream;
    await this.#video.play();
    while (this.#video.videoWidth === 0) await new Promise(resolve => setTimeout(resolve, 10));
    this.#video.pause();
  }

  /** Fetches a rival and its look and paints once. Throws why not, where it cannot. */
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

  /** What this document has fetched since the rival was asked for, the look apart. */
  fetchedUrls(): string[] {
    const names = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
    return [...names].filter(name => !name.startsWith('blob:') && !this.#lookUrls.includes(name));
  }

  /** What the network makes of the test's picture. */
  run(): Promise<Float32Array> {
    return this.#rival.run();
  }

  /**
   * Opens a rival with counters in place and says what one frame asks of the GPU, and what is held by then.
   * They stay, so nothing is timed in this document.
   */
  async countCalls(name: RivalName, look: LookUrls): Promise<{ calls: CallCounts; memory: MemoryBytes }> {
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
   * Milliseconds of each of so many steps, begun one after the other; the end of the last is waited for.
   * Null where the run was stopped between two.
   */
  async timeSteps(workload: Workload, steps: number, isStopped: () => boolean): Promise<number | null> {
    const step = workload === 'model' ? () => this.#rival.step() : () => this.#paintFrame();
    // Its video plays in its own turn only: the others' would take time from it.
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

declare global {
  interface Window {
    sandbox?: Sandbox;
  }
}

window.sandbox = new Sandbox();
