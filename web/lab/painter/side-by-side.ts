/** Synaptic's perceptrons side by side, one for each activation; one of them is seen large. */
import { formatCount } from '../shell/format.ts';
import type { Host } from '../shell/tab.ts';
import { likenessText, SQUASH_STYLES } from './curves.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { PerceptronClient } from './perceptron-client.ts';
import { type Pixels, SQUASHES } from './pixels.ts';
import { type Losses, quarterOf, type Run } from './run.ts';
import { type PainterSettings, rateOf } from './settings.ts';
import { Wall } from './wall.ts';

export class SideBySide implements Run {
  readonly unit = 'sweep';
  readonly wall: Wall;
  readonly #perceptrons: PerceptronClient;
  #isPlaying = false;
  #isSlow = false;
  #wounds = 0;

  constructor(
    readonly host: Host,
    readonly settings: PainterSettings,
    readonly pixels: () => Pixels,
    drawer: Drawer,
    onProgress: () => void,
  ) {
    this.wall = new Wall(drawer, 'bends');
    this.#perceptrons = new PerceptronClient(() => {
      host.setChip('CPU, float64', this.#perceptrons.progress.rate);
      onProgress();
      this.wall.request(this.#picked);
    });
  }

  get #picked(): number {
    return SQUASHES.indexOf(this.settings.values.pick);
  }

  get scene(): Scene | null {
    return this.#perceptrons.scene(this.settings.values.pick);
  }

  get place(): string {
    return `Step ${formatCount(this.#perceptrons.progress.steps)}`;
  }

  get curves(): readonly Losses[] {
    const { losses } = this.#perceptrons.progress;
    return SQUASHES.map((squash, i) => ({ ...SQUASH_STYLES[squash], values: losses[i] ?? [] }));
  }

  get loss(): number {
    return this.#lossOf(this.#picked);
  }

  #lossOf(index: number): number {
    return this.#perceptrons.progress.losses[index]?.at(-1) ?? Number.NaN;
  }

  begin(): void {
    const { values } = this.settings;
    const { units: hidden, seed } = values;
    this.#perceptrons.begin({ hidden, seed, rate: rateOf(values) }, this.pixels());
    this.wall.show(
      SQUASHES.map((squash, i) => ({
        name: SQUASH_STYLES[squash].name,
        figure: () => likenessText(this.#lossOf(i)),
        scene: () => this.#perceptrons.scene(squash),
      })),
      this.#picked,
      index => this.settings.set({ pick: SQUASHES[index] ?? 'sigmoid' }),
    );
  }

  play(): void {
    this.#isPlaying = true;
    this.host.setPlaying(true);
    this.#perceptrons.run(this.#isSlow);
  }

  pause(): void {
    this.#isPlaying = false;
    this.host.setPlaying(false);
    this.#perceptrons.pause();
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
    if (this.#isPlaying) this.#perceptrons.run(isSlow);
  }

  step(): void {
    this.#perceptrons.step();
  }

  follow(names: ReadonlySet<string>): void {
    if (names.has('lr')) this.#perceptrons.setRate(rateOf(this.settings.values));
    if (names.has('pick')) this.wall.request(this.#picked);
  }

  /** Other pixels are wanted. */
  retarget(): void {
    this.#perceptrons.setPixels(this.pixels());
  }

  tear(_: number, units: readonly number[]): void {
    for (const unit of units) this.#perceptrons.tear(unit);
  }

  damage(): void {
    this.tear(0, quarterOf(this.settings.values.units, this.#wounds++));
  }
}
