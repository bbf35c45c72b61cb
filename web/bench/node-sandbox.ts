// limner in Node, in the place of a rival's document. The program (`node.mjs`) runs in a process of its own, which
// `limner bench browser` starts and asks for this page. It has no camera and no canvas: it gets the pixels of a video
// frame, and gives those of the painting.

import { getContext2d } from '../shared/canvas.ts';
import type { LookUrls } from './look-files.ts';
import { NO_NODE, type RivalName } from './rivals/index.ts';
import type { CountReport, LoadReport, RivalPlace, Workload } from './sandbox.ts';
import { makeTestImage, showFrame } from './test-input.ts';

/** Bytes as base64. */
interface Pixels {
  readonly width: number;
  readonly height: number;
  readonly data: string;
}

type Request =
  | { readonly kind: 'load'; readonly image: string; readonly picture: Pixels }
  | { readonly kind: 'run' }
  | { readonly kind: 'paint'; readonly picture: Pixels }
  | { readonly kind: 'time'; readonly workload: Workload; readonly steps: number }
  | { readonly kind: 'close' };

interface Answers {
  load: { version: string; adapter: string; first: number; bytes: number };
  run: { painting: string };
  paint: { picture: Pixels };
  time: { milliseconds: number };
  close: object;
}

declare global {
  interface Window {
    /** Asks the program. `limner bench browser` provides it. */
    limnerNode?: (request: Request) => Promise<object & { error?: string }>;
  }
}

async function ask<K extends keyof Answers>(request: Request & { kind: K }): Promise<Answers[K]> {
  if (!window.limnerNode) throw new Error(NO_NODE);
  const { error, ...answer } = await window.limnerNode(request);
  if (error !== undefined) throw new Error(error);
  return answer as Answers[K];
}

export class NodeSandbox implements RivalPlace {
  readonly #video = document.createElement('video');
  #isLoaded = false;

  async setVideo(stream: MediaStream): Promise<void> {
    this.#video.muted = true;
    await showFrame(this.#video, stream);
  }

  async load(_: RivalName, look: LookUrls): Promise<LoadReport> {
    this.#isLoaded = true;
    const image = encode(makeTestImage(look.pixels));
    const answer = await ask({ kind: 'load', image, picture: this.#readFrame() });
    const { version, adapter, first, bytes } = answer;
    const fence = 'queue.onSubmittedWorkDone(), and for a frame the painting in memory';
    return { version, adapter, fence, first, look: { bytes } };
  }

  /** This page fetches nothing for it. */
  fetchedUrls(): string[] {
    return [];
  }

  async run(): Promise<Float32Array> {
    const { painting } = await ask({ kind: 'run' });
    return new Float32Array(decode(painting).buffer);
  }

  /** The counters are in documents only. */
  async countCalls(): Promise<CountReport> {
    return { calls: null, memory: { gpu: 0, wasm: 0 } };
  }

  async timeSteps(workload: Workload, steps: number, isStopped: () => boolean): Promise<number | null> {
    const { milliseconds } = await ask({ kind: 'time', workload, steps });
    return isStopped() ? null : milliseconds;
  }

  async readCanvas(): Promise<ImageData> {
    const { picture } = await ask({ kind: 'paint', picture: this.#readFrame() });
    return new ImageData(new Uint8ClampedArray(decode(picture.data)), picture.width, picture.height);
  }

  /** Ends the program, if it was started. */
  remove(): void {
    if (this.#isLoaded) void ask({ kind: 'close' }).catch(() => undefined);
  }

  #readFrame(): Pixels {
    const { videoWidth: width, videoHeight: height } = this.#video;
    const context = getContext2d(new OffscreenCanvas(width, height));
    context.drawImage(this.#video, 0, 0);
    return { width, height, data: encode(context.getImageData(0, 0, width, height).data) };
  }
}

/** Texts may have some 60,000 arguments at once. */
const PART = 2 ** 15;

function encode({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  let text = '';
  for (let at = 0; at < byteLength; at += PART) {
    text += String.fromCharCode(...new Uint8Array(buffer, byteOffset + at, Math.min(PART, byteLength - at)));
  }
  return btoa(text);
}

const decode = (base64: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(atob(base64), character => character.charCodeAt(0));
