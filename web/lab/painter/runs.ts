/** The ways to make a painting, of which one is shown: a network that is trained, five of them, synaptic's, or a bred one. */
import type { Host } from '../shell/tab.ts';
import { ActivationsRun } from './activations-run.ts';
import { Breeding } from './breeding.ts';
import type { Drawer } from './drawer.ts';
import { NetworkRun } from './network-run.ts';
import type { Pixels } from './pixels.ts';
import type { Run } from './run.ts';
import type { PainterSettings } from './settings.ts';
import { SideBySide } from './side-by-side.ts';

export interface RunsOptions {
  readonly host: Host;
  readonly settings: PainterSettings;
  readonly pixels: () => Pixels;
  readonly drawer: Drawer;
  /** The network that is shown has learned, or is another. */
  readonly onProgress: () => void;
  /** Only its picture has moved. */
  readonly onMove: () => void;
  readonly fail: (error: unknown) => void;
}

export class Runs {
  readonly activations: ActivationsRun;
  readonly sideBySide: SideBySide;
  readonly breeding: Breeding;
  readonly #trained: NetworkRun;
  #shown: Run;
  #isPlaying = false;

  constructor(readonly options: RunsOptions) {
    const { settings, pixels, drawer, onMove, fail } = options;
    const show = (run: () => Run) => () => run() === this.#shown && options.onProgress();
    this.#trained = new NetworkRun(
      this.#hostOf(() => this.#trained),
      () => settings.values,
      pixels,
      show(() => this.#trained),
    );
    this.activations = new ActivationsRun(
      this.#hostOf(() => this.activations),
      settings,
      pixels,
      drawer,
      show(() => this.activations),
    );
    this.sideBySide = new SideBySide(
      this.#hostOf(() => this.sideBySide),
      settings,
      pixels,
      drawer,
      show(() => this.sideBySide),
    );
    this.breeding = new Breeding(
      this.#hostOf(() => this.breeding),
      settings,
      drawer,
      isOther => (isOther ? options.onProgress() : onMove()),
      fail,
    );
    this.#shown = this.#trained;
  }

  /** The page, as a run may use it while it is the one that is shown. */
  #hostOf(run: () => Run): Host {
    const { host } = this.options;
    const isShown = () => run() === this.#shown;
    return {
      setPlaying: isPlaying => isShown() && this.setPlaying(isPlaying),
      setChip: (backend, rate) => isShown() && host.setChip(backend, rate),
      say: sentence => host.say(sentence),
      update: () => host.update(),
      copy: (text, sentence) => host.copy(text, sentence),
    };
  }

  /** The one that began last. */
  get shown(): Run {
    return this.#shown;
  }

  /** Whether layers of the network can stay as they are. */
  get canFreeze(): boolean {
    return this.#shown === this.#trained || this.#shown === this.activations;
  }

  /** What shall be, or is: it plays, or it does not. */
  setPlaying(isPlaying: boolean): void {
    this.#isPlaying = isPlaying;
    this.options.host.setPlaying(isPlaying);
  }

  /** The network of the settings begins anew, and plays on if one played. */
  begin(): void {
    const run = this.#chosen;
    const isPlaying = this.#isPlaying;
    if (run !== this.#shown) {
      this.#shown.pause();
      this.#shown.close?.();
    }
    this.#shown = run;
    run.begin();
    if (isPlaying) run.play();
  }

  get #chosen(): Run {
    const { net } = this.options.settings.values;
    const others: Partial<Record<typeof net, Run>> = {
      activations: this.activations,
      synaptic: this.sideBySide,
      cppn: this.breeding,
    };
    return others[net] ?? this.#trained;
  }

  setSlow(isSlow: boolean): void {
    for (const run of [this.#trained, this.activations, this.sideBySide, this.breeding]) run.setSlow(isSlow);
  }
}
