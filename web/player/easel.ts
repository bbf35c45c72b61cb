/**
 * The easel: holds one subject and one painter, and paints a frame whenever there is a new one. It
 * waits for the painter only when the painter is slow, and now and then to measure it. What was painted
 * stays on the canvas until something newer is.
 */
import { element, make } from './element.ts';
import type { Painter } from './painter.ts';
import type { Source } from './source.ts';
import { Statistics } from './statistics.ts';

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
  readonly #live = new Map<string, number>();
  #source: Source;
  #painter: Painter | null = null;
  #playing = true;
  #mirror = false;
  #guide = false;
  #frames = 0;
  #arrivals = 0;
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

  get source(): Source {
    return this.#source;
  }

  get painter(): Painter | null {
    return this.#painter;
  }

  get playing(): boolean {
    return this.#playing;
  }

  get mirrored(): boolean {
    return this.#mirror;
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

  /** Hands the brush over: the new painter's first painting replaces what the last one left. */
  async setPainter(painter: Painter, chosenAt: number): Promise<void> {
    const canvas = make('canvas');
    painter.attach(canvas);
    for (const [name, value] of this.#live) if (name in painter.info.live) painter.set(name, value);
    this.#sleep();
    this.#arrivals += 1;
    const arrival = this.#arrivals;
    await this.#turn;
    try {
      this.#draw(painter);
      await painter.finished();
    } catch (problem) {
      painter.destroy();
      this.#wake();
      throw problem;
    }
    await this.#turn; // the painter before may have gone on meanwhile
    if (arrival !== this.#arrivals) {
      painter.destroy(); // another one came after it, and is at the easel already
      return;
    }
    const before = this.#painter;
    this.#painter = painter;
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
  }

  /** Takes the painter away without touching what it painted. */
  dismiss(painter: Painter): void {
    if (this.#painter === painter) this.#painter = null;
    painter.destroy();
  }

  async play(): Promise<void> {
    this.#playing = true;
    await this.#source.play();
    this.#wake();
  }

  pause(): void {
    this.#playing = false;
    this.#source.pause();
    this.#sleep();
  }

  /** Paints exactly one frame more, and stays paused. */
  async step(): Promise<void> {
    if (this.#playing) this.pause();
    await this.#source.step();
    this.refresh();
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
    this.#live.set(name, value);
    this.#painter?.set(name, value);
    this.refresh();
  }

  /** Paints the current frame again, where nothing else is about to. */
  refresh(): void {
    if (this.#refreshing || (this.#playing && !this.#source.still)) return;
    this.#refreshing = requestAnimationFrame(async () => {
      await this.#turn;
      this.#refreshing = 0;
      await this.#paint();
    });
  }

  /** The painting as a PNG, at the look's own size. */
  async picture(): Promise<Blob> {
    await this.#turn;
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
      if (this.#painter) void this.#paint().then(() => this.#wake());
      else this.#rest();
    });
  }

  /** One painting; concurrent calls share it. */
  #paint(): Promise<void> {
    this.#turn ??= this.#paintNow()
      .catch((problem: unknown) => this.#onTrouble(problem))
      .finally(() => {
        this.#turn = null;
      });
    return this.#turn;
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
