/** Bred pictures: the parent is seen large, beside its children; two more numbers of the network move. */
import type { Host } from '../shell/tab.ts';
import { CHILDREN, makeCppn, weightsOfPath } from './cppn.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { LatentDrive } from './drive.ts';
import type { PixelNetwork } from './network.ts';
import type { Run } from './run.ts';
import { type PainterSettings, sizeOf } from './settings.ts';
import { Wall } from './wall.ts';

/** Of the usual speed, in slow motion. */
const SLOW = 0.2;
const STEP_SECONDS = 0.5;

export class Breeding implements Run {
  readonly unit = 'step';
  readonly curves = [];
  readonly loss = Number.NaN;
  readonly wall: Wall;
  readonly #drive = new LatentDrive();
  #bred: Omit<Scene, 'latent'> | null = null;
  #isPlaying = false;
  #isSlow = false;

  constructor(
    readonly host: Host,
    readonly settings: PainterSettings,
    drawer: Drawer,
    /** The picture is another, or has moved. */
    readonly onChange: (isOther: boolean) => void,
    readonly fail: (error: unknown) => void,
  ) {
    this.wall = new Wall(drawer, 'children');
  }

  get scene(): Scene | null {
    return this.#bred && { ...this.#bred, latent: this.#latent };
  }

  get place(): string {
    return `Generation ${this.settings.values.path.length}`;
  }

  get #latent() {
    const { drive, z } = this.settings.values;
    return drive === 'hand' ? (z ?? ([0, 0] as const)) : this.#drive.latent;
  }

  begin(): void {
    this.host.setChip('', null);
    this.#drive.rewind();
    this.#breed();
  }

  /** Draws the picture of the address, then its children. */
  #breed(): void {
    const { values } = this.settings;
    const { depth, width } = sizeOf(values);
    const network = makeCppn(Math.max(1, depth), width, values.act);
    this.#bred = this.#grow(network, values.path);
    this.onChange(true);
    const latent = this.#latent;
    this.wall.show(
      Array.from({ length: CHILDREN }, (_, child) => {
        const scene = { ...this.#grow(network, [...values.path, child]), latent };
        return { name: child === 0 ? 'The parent itself' : `Child ${child}`, scene: () => scene };
      }),
      null,
      child => this.settings.set({ path: [...values.path, child] }),
    );
  }

  #grow(network: PixelNetwork, path: readonly number[]): Omit<Scene, 'latent'> {
    return { network, weights: weightsOfPath(network, this.settings.values.seed, path) };
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.host.setPlaying(true);
    this.#open();
    this.#tick(performance.now());
  }

  #open(): void {
    void this.#drive.open(this.settings.values.drive).catch(this.fail);
  }

  #tick(before: number): void {
    requestAnimationFrame(now => {
      if (!this.#isPlaying) return;
      this.#move((Math.max(0, now - before) / 1000) * (this.#isSlow ? SLOW : 1));
      this.#tick(now);
    });
  }

  #move(seconds: number): void {
    this.#drive.move(this.settings.values.drive, seconds);
    this.onChange(false);
  }

  pause(): void {
    this.#isPlaying = false;
    this.#drive.close();
    this.host.setPlaying(false);
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
  }

  step(): void {
    this.#move(STEP_SECONDS);
  }

  follow(names: ReadonlySet<string>): void {
    if (names.has('path')) this.#breed();
    if (names.has('z')) this.onChange(false);
    if (!names.has('drive')) return;
    if (this.settings.values.drive === 'hand') this.pause();
    else if (this.#isPlaying) this.#open();
    else this.play();
  }
}
