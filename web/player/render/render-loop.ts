/**
 * The easel: holds one subject and one painter, and paints a frame whenever there is a new one. It
 * waits for the painter only when the painter is slow, and now and then to measure it. What was painted
 * stays on the canvas until something newer is.
 */
import type { LookInfo } from '../../engine/index.ts';
import { element, make } from '../../shared/dom.ts';
import type { Painter } from '../painters/painter.ts';
import type { Source } from '../sources/source.ts';
import { Statistics } from './frame-stats.ts';

const MEASURE_EVERY = 30;
/** A painter that needs longer than this is waited for at every frame, so that none pile up. */
const SLOW_MS = 24;
/** Before there is a painter the subject moves at leisure: what is loading has the machine. */
const LEISURE_MS = 90;

export class Easel {
  readonly statistics = new Statistics();
  readonly #frame = element('frame');
  readonly #subject = element('subject');
  readonly #painting = element('painting');
  readonly #guidePlace = element('guide-canvas');
  readonly #onTrouble: (problem: unknown) => void;
  #source: Source;
  #painter: Painter | null = null;
  /** What hangs, and its live values as they are turned; they outlive a painter that is lost. */
  #look: LookInfo | null = null;
  #live: Map<string, number> = new Map();
  #playing = true;
  #mirror = false;
  #guide = false;
  #frames = 0;
  #cancel: (() => void) | null = null;
  #refreshing = 0;
  #turn: Promise<void> | null = null;

  constructor(source: Source, onTrouble: (problem: unknown) => void) {
    this.#onTrouble = onTrouble;
    this.#source = source;
    this.#show(source);
    document.addEventListener('visibilitychange', () => this.#wake());
    this.#wake();
  }

  get painter(): Painter | null {
    return this.#painter;
  }

  get playing(): boolean {
    return this.#playing;
  }

  /** Puts another subject up and lets go of the one before. */
  setSource(source: Source): void {
    this.#sleep();
    const before = this.#source;
    this.#source = source;
    this.#show(source);
    before.stop();
    if (!this.#playing) source.pause();
    this.refresh();
    this.#wake();
  }

  /**
   * Hands the brush over: the new painter's first painting replaces what the last one left. A painter
   * that is no longer wanted once it has painted is destroyed; then nothing changes, and this is false.
   */
  async setPainter(painter: Painter, chosenAt: number, wanted: () => boolean): Promise<boolean> {
    const { info, canvas } = painter;
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('This painter has no canvas to hang.');
    const usual = Object.entries(info.live).map(([name, range]) => [name, range.default] as const);
    const live = info === this.#look ? this.#live : new Map(usual);
    const turn = () => {
      for (const [name, value] of live) painter.set(name, value);
    };
    try {
      turn();
      this.#sleep();
      await this.#idle();
      this.#draw(painter);
      await painter.finished();
      await this.#idle(); // the painter before may have gone on meanwhile
      if (!wanted()) {
        painter.destroy();
        return false;
      }
      turn(); // and so may the visitor
    } catch (problem) {
      painter.destroy();
      throw problem;
    } finally {
      this.#wake();
    }
    const before = this.#painter;
    this.#painter = painter;
    this.#look = info;
    this.#live = live;
    this.#frames = 0;
    this.statistics.reset();
    this.statistics.firstPainting = performance.now() - chosenAt;
    this.#painting.replaceChildren(canvas);
    this.#hangGuide();
    this.#frame.classList.add('painted');
    this.#show(this.#source);
    before?.destroy();
    this.refresh();
    this.#wake();
    return true;
  }

  /** Takes the painter away without touching what it painted. */
  dismiss(painter: Painter): void {
    if (this.#painter === painter) this.#painter = null;
    painter.destroy();
  }

  async play(): Promise<void> {
    this.#playing = true;
    try {
      await this.#source.play();
    } finally {
      this.#wake();
    }
  }

  pause(): void {
    this.#playing = false;
    this.#source.pause();
    this.#sleep();
  }

  /** Paints exactly one frame more, and stays paused. */
  async step(): Promise<void> {
    if (this.#playing) this.pause();
    const source = this.#source;
    await source.step();
    // A step may end by pausing a camera; who pressed Play meanwhile wants it to run.
    if (this.#playing && source === this.#source) await this.play();
    else this.refresh();
  }

  setMirror(mirror: boolean): void {
    this.#mirror = mirror;
    this.#frame.classList.toggle('mirrored', mirror);
    this.refresh();
  }

  setGuide(shown: boolean): void {
    this.#guide = shown;
    this.#hangGuide();
    this.refresh();
  }

  set(name: string, value: number): void {
    if (!this.#look || !Object.hasOwn(this.#look.live, name)) return;
    this.#live.set(name, value);
    this.#painter?.set(name, value);
    this.refresh();
  }

  /** Paints the current frame again, where nothing else is about to. */
  refresh(): void {
    if (this.#refreshing || (this.#playing && !this.#source.still)) return;
    this.#refreshing = requestAnimationFrame(async () => {
      await this.#idle();
      this.#refreshing = 0;
      await this.#paint();
    });
  }

  /** The painting as a PNG, at the look's own size. */
  async picture(): Promise<Blob> {
    await this.#idle();
    const painter = this.#painter;
    const canvas = this.#painting.querySelector('canvas');
    if (!canvas || !painter) throw new Error('There is no painting to save yet.');
    // A WebGPU canvas can be read only in the task that painted it.
    this.#draw(painter);
    if (painter.backend === 'wasm') await painter.finished();
    return new Promise((resolve, reject) => {
      canvas.toBlob(blob =>
        blob ? resolve(blob) : reject(new Error('The browser did not make a picture.')),
      );
    });
  }

  #show(source: Source): void {
    // Phones play a video only in the page; a canvas that the painting covers need not be drawn there too.
    const seen = source.frame instanceof HTMLVideoElement || !this.#frame.classList.contains('painted');
    this.#subject.replaceChildren(...(seen ? [source.frame] : []));
  }

  #hangGuide(): void {
    const canvas = this.#guide && this.#painter ? make('canvas') : null;
    this.#painter?.attachGuide(canvas);
    this.#guidePlace.replaceChildren(...(canvas ? [canvas] : []));
  }

  #rest(): void {
    const timer = window.setTimeout(() => {
      this.#cancel = null;
      this.#wake();
    }, LEISURE_MS);
    this.#cancel = () => window.clearTimeout(timer);
  }

  #sleep(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #wake(): void {
    if (document.hidden) {
      this.#sleep();
      return;
    }
    if (this.#cancel || this.#turn || !this.#playing || this.#source.still) return;
    const source = this.#source;
    this.#cancel = source.next(() => {
      this.#cancel = null;
      if (this.#painter) void this.#paint();
      else this.#rest();
    });
  }

  /** One painting; concurrent calls share it. */
  #paint(): Promise<void> {
    this.#turn ??= this.#paintNow()
      .catch((problem: unknown) => this.#onTrouble(problem))
      .finally(() => {
        this.#turn = null;
        // Whoever asked for this turn: the loop held still for it.
        this.#wake();
      });
    return this.#turn;
  }

  /** Resolves when nothing is being painted. */
  async #idle(): Promise<void> {
    while (this.#turn) await this.#turn;
  }

  async #paintNow(): Promise<void> {
    const painter = this.#painter;
    if (!painter) return;
    const began = performance.now();
    this.#draw(painter);
    const slow = painter.backend === 'wasm' || (this.statistics.last ?? SLOW_MS) >= SLOW_MS;
    if (slow || this.#frames % MEASURE_EVERY === 0) {
      await painter.finished();
      // The first two carry one-time costs.
      const spent = painter.lastRun ?? performance.now() - began;
      if (this.#frames > 1) this.statistics.measure(spent);
    }
    this.#frames += 1;
    this.statistics.frame(performance.now());
  }

  #draw(painter: Painter): void {
    const { frame } = this.#source;
    if (frame instanceof HTMLVideoElement && frame.videoWidth === 0) return;
    painter.paint(frame, { mirror: this.#mirror });
  }
}
