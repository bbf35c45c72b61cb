// A document for one rival: a realm of its own, with its own globals, WebGPU devices and WebAssembly heaps, so
// that libraries with global state live side by side. The bench (`runner.ts`, in the page around it) calls what
// stands here; the clock is read here, next to what it measures.

import { getContext2d } from '../shared/canvas.ts';
import { type Calls, Hooks, type Memory } from './gpu-counters.ts';
import { fetchFiles, type LookAddress } from './look-files.ts';
import { RIVALS, type RivalName } from './rivals/index.ts';
import type { Rival } from './rivals/rival.ts';
import { testPicture } from './test-input.ts';

export interface Opened {
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
export type Work = 'model' | 'camera';

export class Stage {
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  #opened: Rival | null = null;
  /** Of the look's own files. */
  #addresses: readonly string[] = [];

  constructor() {
    const video = document.querySelector('video');
    const canvas = document.querySelector('canvas');
    if (!video || !canvas) throw new Error('sandbox.html has no video or no canvas.');
    this.#video = video;
    this.#canvas = canvas;
  }

  /** Shows the rival's camera path another video from now on, of which it has one frame by then. */
  async watch(stream: MediaStream): Promise<void> {
    this.#video.srcObject = stream;
    await this.#video.play();
    while (this.#video.videoWidth === 0) await new Promise(done => setTimeout(done, 10));
    this.#video.pause();
  }

  /** Fetches a rival and its look and paints once. Throws why not, where it cannot. */
  async open(name: RivalName, look: LookAddress): Promise<Opened> {
    performance.setResourceTimingBufferSize(1000);
    performance.clearResourceTimings();
    const engine = await RIVALS[name].load();
    const missing = await engine.missing();
    if (missing) throw new Error(missing);
    const { files, addresses, bytes } = await fetchFiles(engine.format, look);
    this.#addresses = addresses;
    await engine.prepare();
    const picture = testPicture(look.pixels);
    const began = performance.now();
    const rival = await engine.create({ pixels: look.pixels, picture, canvas: this.#canvas, files });
    await rival.frame(this.#video);
    await rival.finished();
    const first = performance.now() - began;
    this.#opened = rival;
    const { version, adapter } = rival;
    return { version, adapter, fence: engine.fence, first, look: { bytes } };
  }

  /** What this document has fetched since the rival was asked for, the look apart. */
  fetched(): string[] {
    const names = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
    return [...names].filter(name => !name.startsWith('blob:') && !this.#addresses.includes(name));
  }

  /** What the network makes of the test's picture. */
  run(): Promise<Float32Array> {
    return this.#rival.run();
  }

  /**
   * Opens a rival with counters in place and says what one frame asks of the GPU, and what is held by then.
   * They stay, so nothing is timed in this document.
   */
  async count(name: RivalName, look: LookAddress): Promise<{ calls: Calls; memory: Memory }> {
    const hooks = new Hooks();
    await this.open(name, look);
    await this.#frame();
    await this.#rival.finished();
    hooks.reset();
    await this.#frame();
    const { calls, memory } = hooks;
    await this.#rival.finished();
    return { calls, memory };
  }

  /**
   * Milliseconds of each of so many steps, begun one after the other; the end of the last is waited for.
   * Null where the run was stopped between two.
   */
  async burst(work: Work, steps: number, stopped: () => boolean): Promise<number | null> {
    const step = work === 'model' ? () => this.#rival.step() : () => this.#frame();
    // Its video plays in its own turn only: the others' would take time from it.
    if (work === 'camera') await this.#video.play();
    const began = performance.now();
    for (let count = 0; count < steps && !stopped(); count++) await step();
    await this.#rival.finished();
    const milliseconds = (performance.now() - began) / steps;
    this.#video.pause();
    return stopped() ? null : milliseconds;
  }

  /** The canvas after a frame. */
  async painting(): Promise<ImageData> {
    await this.#frame();
    const { width, height } = this.#canvas;
    const context = getContext2d(new OffscreenCanvas(width, height));
    context.drawImage(this.#canvas, 0, 0);
    return context.getImageData(0, 0, width, height);
  }

  #frame(): Promise<void> {
    return this.#rival.frame(this.#video);
  }

  get #rival(): Rival {
    if (!this.#opened) throw new Error('The rival has no look yet.');
    return this.#opened;
  }
}

declare global {
  interface Window {
    stage?: Stage;
  }
}

window.stage = new Stage();
