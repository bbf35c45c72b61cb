// A document for one rival: a realm of its own, with its own globals, WebGPU devices and WebAssembly heaps, so
// that libraries with global state live side by side. The bench (`bench.ts`, in the page around it) calls what
// stands here; the clock is read here, next to what it measures.

import { type Calls, Hooks, type Memory } from './hooks.ts';
import { fetchFiles, type LookAddress } from './look.ts';
import { testPicture } from './picture.ts';
import { RIVALS, type RivalName } from './rivals/index.ts';
import type { Rival } from './rivals/rival.ts';

export interface Opened {
  readonly version: string;
  /** What computes, as the library tells it. */
  readonly adapter: string;
  /** How the end of its work is known. */
  readonly fence: string;
  /** Milliseconds from bytes at hand to the first finished painting. */
  readonly first: number;
  /** Of the library's files, as they are and by gzip. */
  readonly code: { readonly bytes: number; readonly gzip: number };
  /** Of the look's file in the format that the rival reads. */
  readonly look: { readonly bytes: number };
}

/** The network alone, or all from camera to canvas. */
export type Work = 'model' | 'camera';

export class Stage {
  readonly #hooks = new Hooks();
  readonly #video: HTMLVideoElement;
  readonly #canvas: HTMLCanvasElement;
  #opened: Rival | null = null;

  constructor() {
    const video = document.querySelector('video');
    const canvas = document.querySelector('canvas');
    if (!video || !canvas) throw new Error('stage.html has no video or no canvas.');
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
    for (const address of engine.fetched) await (await fetch(address)).arrayBuffer();
    const picture = testPicture(look.pixels);
    const began = performance.now();
    const rival = await engine.create({ pixels: look.pixels, picture, canvas: this.#canvas, files });
    await rival.frame(this.#video);
    await rival.finished();
    const first = performance.now() - began;
    this.#opened = rival;
    const { version, adapter } = rival;
    return { version, adapter, fence: engine.fence, first, code: await weigh(addresses), look: { bytes } };
  }

  /** What the network makes of the test's picture. */
  run(): Promise<Float32Array> {
    return this.#rival.run();
  }

  /** What one frame asks of the GPU, and what is held by then. From now on nothing is counted any more. */
  async count(): Promise<{ calls: Calls; memory: Memory }> {
    await this.burst('camera', 1);
    this.#hooks.reset();
    await this.#frame();
    const { calls, memory } = this.#hooks;
    this.#hooks.remove();
    await this.#rival.finished();
    return { calls, memory };
  }

  /** Milliseconds of each of so many steps, begun one after the other; the end of the last is waited for. */
  async burst(work: Work, steps: number): Promise<number> {
    const step = work === 'model' ? () => this.#rival.step() : () => this.#frame();
    // Its video plays in its own turn only: the others' would take time from it.
    if (work === 'camera') await this.#video.play();
    const began = performance.now();
    for (let count = 0; count < steps; count++) await step();
    await this.#rival.finished();
    const milliseconds = (performance.now() - began) / steps;
    this.#video.pause();
    return milliseconds;
  }

  /** The canvas after a frame. */
  async painting(): Promise<ImageData> {
    await this.#frame();
    const { width, height } = this.#canvas;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    if (!context) throw new Error('This browser gives no 2-D canvas.');
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

/** Of all that was fetched, the look's own files apart; by gzip as any static host would send it. */
async function weigh(apart: readonly string[]): Promise<Opened['code']> {
  const fetched = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
  let bytes = 0;
  let gzip = 0;
  for (const address of fetched) {
    if (apart.includes(address) || address.startsWith('blob:')) continue;
    const file = await (await fetch(address)).blob();
    const packed = file.stream().pipeThrough(new CompressionStream('gzip'));
    bytes += file.size;
    gzip += (await new Response(packed).blob()).size;
  }
  return { bytes, gzip };
}

declare global {
  interface Window {
    stage?: Stage;
  }
}

window.stage = new Stage();
