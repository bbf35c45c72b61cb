/** Lets the page's painting follow a training: now and then a painter with the newest weights takes the place of the one
 * before, which paints on until the new one has painted. So it works with any backend, also with ONNX Runtime. */
import type { LookInfo } from '../../engine/index.ts';
import { makeElement } from '../../shared/dom.ts';
import { readAnyLook } from '../painters/any-look.ts';
import type { Painter } from '../painters/painter.ts';
import { selectPainter } from '../painters/select.ts';
import type { RenderLoop } from '../render/render-loop.ts';
import { showLabel } from '../ui/look-label.ts';

/** Between two painters, at least. */
const INTERVAL_MS = 500;
/** The part of the time that making painters may take. */
const SHARE = 0.25;

export class Follower {
  #info: LookInfo | null = null;
  #isBusy = false;
  #isStopped = false;
  #dueAt = 0;
  /** The last painting was asked for while another was made. */
  #wantsLast: (() => Promise<Uint8Array<ArrayBuffer>>) | null = null;

  constructor(
    readonly renderLoop: RenderLoop,
    /** Of the look, for a file that has none. */
    readonly name: string,
    /** Whether the page paints with another look by now. */
    readonly isReplaced: () => boolean,
    readonly onError: (error: unknown) => void,
  ) {}

  get #isOver(): boolean {
    return this.#isStopped || this.isReplaced();
  }

  /** Paints with the file that `write` gives, if it is time to. The last one is never left out. */
  async follow(write: () => Promise<Uint8Array<ArrayBuffer>>, isLast = false): Promise<void> {
    if (this.#isOver) return;
    if (this.#isBusy) {
      if (isLast) this.#wantsLast = write;
      return;
    }
    if (performance.now() < this.#dueAt && !isLast) return;
    this.#isBusy = true;
    let begin = performance.now();
    try {
      const bytes = await write();
      begin = performance.now(); // it waited for the step before
      await this.#paintWith(bytes);
    } catch (error) {
      if (!this.#isOver) this.onError(error); // what is not shown may fail
    }
    const now = performance.now();
    this.#isBusy = false;
    this.#dueAt = now + Math.max(INTERVAL_MS, (now - begin) / SHARE);
    const last = this.#wantsLast;
    this.#wantsLast = null;
    if (last) await this.follow(last, true);
  }

  async #paintWith(bytes: Uint8Array<ArrayBuffer>): Promise<void> {
    const read = await readAnyLook(bytes);
    // With the same texts and live inputs, the sliders stay as they are.
    if (!this.#info && !this.#isOver) showLabel(read.info, bytes.length, this.name);
    this.#info ??= read.info;
    const painter = await this.#makePainter({ ...read, info: this.#info }, bytes);
    await this.renderLoop.setPainter(painter, performance.now(), () => this.#isOver);
  }

  #makePainter(look: Parameters<typeof selectPainter>[0], bytes: Uint8Array): Promise<Painter> {
    const nothing = () => undefined;
    const current = this.renderLoop.painter?.backend ?? null;
    let made: Painter | null = null;
    const painter = selectPainter(look, bytes, {
      forcedBackend: current,
      excluded: new Map(),
      signal: new AbortController().signal,
      firstFrame: this.renderLoop.isVideo ? 'video' : 'picture',
      makeCanvas: () => makeElement('canvas'),
      onProgress: nothing,
      onDownloaded: nothing,
      onCompiled: nothing,
      onLost: reason => {
        if (made && made === this.renderLoop.painter) this.onError(new Error(reason));
      },
    });
    return painter.then(one => {
      made = one;
      return one;
    });
  }

  /** What is being made is not shown any more. */
  stop(): void {
    this.#isStopped = true;
  }
}
