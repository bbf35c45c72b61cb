/**
 * The render loop: paints each new frame of one source with one painter. It waits for the painter only if the
 * painter is slow, and every MEASURE_EVERY frames to measure it. The last painting stays on the canvas until
 * the next one replaces it.
 */
import type { LookInfo } from '../../engine/index.ts';
import { encodePng } from '../../shared/canvas.ts';
import { getElement, makeElement } from '../../shared/dom.ts';
import type { Painter } from '../painters/painter.ts';
import type { Source } from '../sources/source.ts';
import { FramePace } from './frame-pace.ts';
import { FrameStats } from './frame-stats.ts';
import { markPainting } from './painting-mark.ts';

const MEASURE_EVERY = 30;
/** A slower painter is waited for at every frame, so that frames do not pile up. */
const SLOW_MS = 24;

export class RenderLoop {
  stats = new FrameStats();
  readonly #frameElement = getElement('frame');
  readonly #sourceElement = getElement('source-view');
  readonly #paintingElement = getElement('painting');
  readonly #guideElement = getElement('guide-canvas');
  readonly #onError: (error: unknown) => void;
  readonly #pace = new FramePace();
  #source: Source;
  #painter: Painter | null = null;
  /** The current look and its live inputs. They are kept when a painter is lost. */
  #lookInfo: LookInfo | null = null;
  #liveInputs: Map<string, number> = new Map();
  #isPlaying = true;
  #isMirrored = false;
  #isGuideShown = false;
  #frameCount = 0;
  /** When the last frame was painted, in milliseconds. */
  #paintedAt = 0;
  #cancelNext: (() => void) | null = null;
  #refreshId = 0;
  #currentPaint: Promise<void> | null = null;

  constructor(source: Source, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#source = source;
    this.#showSource(source);
    document.addEventListener('visibilitychange', () => this.#requestNextFrame());
    this.#requestNextFrame();
  }

  get painter(): Painter | null {
    return this.#painter;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  get source(): Source {
    return this.#source;
  }

  get isMirrored(): boolean {
    return this.#isMirrored;
  }

  get isVideo(): boolean {
    return this.#source.frame instanceof HTMLVideoElement;
  }

  /** Shows another source and stops the previous one. */
  setSource(source: Source): void {
    this.#cancelNextFrame();
    const previous = this.#source;
    this.#source = source;
    this.#showSource(source);
    previous.stop();
    if (!this.#isPlaying) source.pause();
    this.refresh();
    this.#requestNextFrame();
  }

  /**
   * Replaces the painter once the new one has painted its first frame. If it is cancelled by then, the new
   * painter is destroyed, nothing else changes, and the result is false. The same look keeps its live inputs.
   */
  async setPainter(
    painter: Painter,
    chosenAt: number,
    isCancelled: () => boolean,
    isSameLook = painter.info === this.#lookInfo,
  ): Promise<boolean> {
    const { info, canvas } = painter;
    if (!(canvas instanceof HTMLCanvasElement)) throw new Error('This painter has no canvas.');
    const liveInputs = isSameLook ? this.#liveInputs : new Map<string, number>();
    const applyLiveInputs = () => {
      for (const [name, { default: value }] of Object.entries(info.live))
        painter.set(name, liveInputs.get(name) ?? value);
    };
    try {
      applyLiveInputs();
      this.#cancelNextFrame();
      await this.#whenIdle();
      this.#paintFrame(painter);
      await painter.finished();
      await this.#whenIdle(); // the previous painter may have painted meanwhile
      if (isCancelled()) {
        painter.destroy();
        return false;
      }
      applyLiveInputs(); // the visitor may have changed them meanwhile
    } catch (error) {
      painter.destroy();
      throw error;
    } finally {
      this.#requestNextFrame();
    }
    const previous = this.#painter;
    this.#painter = painter;
    this.#lookInfo = info;
    this.#liveInputs = liveInputs;
    this.#frameCount = 0;
    this.stats = new FrameStats();
    this.stats.firstPaintingMs = performance.now() - chosenAt;
    this.#paintingElement.replaceChildren(canvas);
    document.documentElement.style.setProperty('--aspect', `${info.width / info.height}`);
    this.#attachGuide();
    this.#frameElement.classList.add('painted');
    this.#showSource(this.#source);
    previous?.destroy();
    this.refresh();
    this.#requestNextFrame();
    return true;
  }

  /** Destroys the painter; its last painting stays visible. */
  removePainter(painter: Painter): void {
    if (this.#painter === painter) this.#painter = null;
    painter.destroy();
  }

  async play(): Promise<void> {
    this.#isPlaying = true;
    try {
      await this.#source.play();
    } finally {
      this.#requestNextFrame();
    }
  }

  pause(): void {
    this.#isPlaying = false;
    this.#source.pause();
    this.#cancelNextFrame();
  }

  /** Pauses and paints exactly one more frame. */
  async step(): Promise<void> {
    if (this.#isPlaying) this.pause();
    const source = this.#source;
    await source.step();
    // A step of a camera ends with a pause. If the visitor has pressed Play meanwhile, play on.
    if (this.#isPlaying && source === this.#source) await this.play();
    else this.refresh();
  }

  setMirror(isMirrored: boolean): void {
    this.#isMirrored = isMirrored;
    this.#frameElement.classList.toggle('mirrored', isMirrored);
    this.refresh();
  }

  setGuide(isShown: boolean): void {
    this.#isGuideShown = isShown;
    this.#attachGuide();
    this.refresh();
  }

  setLiveInput(name: string, value: number): void {
    // A filter's value is kept until its painter is there.
    this.#liveInputs.set(name, value);
    if (!this.#lookInfo || !Object.hasOwn(this.#lookInfo.live, name)) return;
    this.#painter?.set(name, value);
    this.refresh();
  }

  /** Paints the current frame again, unless the loop paints anyway. */
  refresh(): void {
    if (this.#refreshId || (this.#isPlaying && !this.#isStill)) return;
    this.#refreshId = requestAnimationFrame(async () => {
      await this.#whenIdle();
      this.#refreshId = 0;
      if (this.#isTooSoon()) this.refresh();
      else await this.#paint();
    });
  }

  /** The painting as a PNG with limner's mark, at the look's own size. */
  async toPng(): Promise<Blob> {
    await this.#whenIdle();
    const painter = this.#painter;
    const canvas = this.#paintingElement.querySelector('canvas');
    if (!canvas || !painter) throw new Error('There is no painting to save yet.');
    // A WebGPU canvas can only be read in the task that painted it.
    this.#paintFrame(painter);
    if (painter.backend === 'wasm') await painter.finished();
    return markPainting(encodePng(canvas));
  }

  #showSource(source: Source): void {
    // Phones play a video only if it is in the page. A canvas that the painting covers is left out.
    const isVisible =
      source.frame instanceof HTMLVideoElement || !this.#frameElement.classList.contains('painted');
    this.#sourceElement.replaceChildren(...(isVisible ? [source.frame] : []));
  }

  #attachGuide(): void {
    const canvas = this.#isGuideShown && this.#painter ? makeElement('canvas') : null;
    this.#painter?.attachGuide(canvas);
    this.#guideElement.replaceChildren(...(canvas ? [canvas] : []));
  }

  #cancelNextFrame(): void {
    this.#cancelNext?.();
    this.#cancelNext = null;
  }

  #requestNextFrame(): void {
    if (document.hidden) {
      this.#cancelNextFrame();
      return;
    }
    // Before there is a painter the scene stands still: without a GPU, showing its frames slows what loads.
    if (!this.#painter || this.#cancelNext || this.#currentPaint) return;
    if (!this.#isPlaying || this.#isStill) return;
    this.#cancelNext = this.#source.requestFrame(() => {
      this.#cancelNext = null;
      if (this.#isTooSoon()) this.#requestNextFrame();
      else void this.#paint();
    });
  }

  get #hasState(): boolean {
    return !!this.#painter?.info.state.length;
  }

  /** Whether the next painting would be the same: a look with state goes on from a still picture, too. */
  get #isStill(): boolean {
    return this.#source.isStill && !this.#hasState;
  }

  /** Whether the painter keeps a state, whose next step is not due yet. */
  #isTooSoon(): boolean {
    return this.#hasState && this.#pace.isTooSoon(performance.now());
  }

  /** Paints one frame; concurrent calls share it. */
  #paint(): Promise<void> {
    this.#currentPaint ??= this.#paintAndMeasure()
      .catch((error: unknown) => this.#onError(error))
      .finally(() => {
        this.#currentPaint = null;
        // The loop requests no frame while one is painted.
        this.#requestNextFrame();
      });
    return this.#currentPaint;
  }

  /** Resolves when no frame is being painted. */
  async #whenIdle(): Promise<void> {
    while (this.#currentPaint) await this.#currentPaint;
  }

  async #paintAndMeasure(): Promise<void> {
    const painter = this.#painter;
    if (!painter) return;
    const start = performance.now();
    this.#paintFrame(painter);
    const isSlow = painter.backend === 'wasm' || (this.stats.lastMs ?? SLOW_MS) >= SLOW_MS;
    if (isSlow || this.#frameCount % MEASURE_EVERY === 0) {
      await painter.finished();
      // The first two frames include one-time costs.
      const elapsed = painter.lastRunMs ?? performance.now() - start;
      if (this.#frameCount > 1) this.stats.addTime(elapsed);
    }
    this.#frameCount += 1;
    this.stats.addFrame(performance.now());
  }

  #paintFrame(painter: Painter): void {
    const { frame } = this.#source;
    if (frame instanceof HTMLVideoElement && frame.videoWidth === 0) return;
    const now = performance.now();
    if ('elapsed' in painter.info.live) painter.set('elapsed', (now - this.#paintedAt) / 1000);
    painter.paint(frame, { mirror: this.#isMirrored });
    this.#paintedAt = now;
    this.#pace.addFrame(now);
  }
}
