/** Multilayer perceptrons side by side, one for each activation: the same picture, seed and steps. They take turns; one of
 * them is seen large. */
import { SLOW_MS, smoothRate } from '../network/session.ts';
import { formatCount } from '../shell/format.ts';
import type { Host } from '../shell/tab.ts';
import { likenessText, SQUASH_STYLES } from './curves.ts';
import type { Scene } from './draw-protocol.ts';
import type { Drawer } from './drawer.ts';
import { MAX_STEPS, NetworkRun } from './network-run.ts';
import { type Pixels, SQUASHES, type Squash } from './pixels.ts';
import type { Losses, Run } from './run.ts';
import type { PainterSettings } from './settings.ts';
import { Wall } from './wall.ts';

/** What a round of all five shall take, and the most steps of one's turn. */
const ROUND_MS = 200;
const MAX_TURN = 256;

export class ActivationsRun implements Run {
  readonly unit = 'step';
  readonly wall: Wall;
  readonly #runs: readonly NetworkRun[];
  #backend = '';
  #rate: number | null = null;
  #isPlaying = false;
  #isSlow = false;
  /** Beginnings so far: a round of a former one ends early. */
  #beginnings = 0;
  /** Steps of a turn. */
  #turn = 1;
  /** One round after the other. */
  #rounds: Promise<void> = Promise.resolve();

  constructor(
    readonly host: Host,
    readonly settings: PainterSettings,
    pixels: () => Pixels,
    drawer: Drawer,
    readonly onProgress: () => void,
  ) {
    this.wall = new Wall(drawer, 'bends');
    this.#runs = SQUASHES.map(
      act =>
        new NetworkRun(
          this.#hostOf(act),
          () => ({ ...settings.values, net: 'mlp', act }),
          pixels,
          () => undefined,
        ),
    );
  }

  /** The page, as one of the five tells it: what it fails by ends the play of all. */
  #hostOf(act: Squash): Host {
    return {
      ...this.host,
      setPlaying: isPlaying => {
        if (!isPlaying) this.pause();
      },
      setChip: backend => {
        this.#backend = backend;
      },
      say: sentence => this.host.say(`${SQUASH_STYLES[act].name}: ${sentence}`),
    };
  }

  get #picked(): number {
    return SQUASHES.indexOf(this.settings.values.pick);
  }

  get #shown(): NetworkRun | undefined {
    return this.#runs[this.#picked];
  }

  get scene(): Scene | null {
    return this.#shown?.scene ?? null;
  }

  /** Steps that all five have done. */
  get #steps(): number {
    return Math.min(...this.#runs.map(({ losses }) => losses.length));
  }

  get place(): string {
    return `Step ${formatCount(this.#steps)}`;
  }

  get curves(): readonly Losses[] {
    return SQUASHES.map((act, i) => ({ ...SQUASH_STYLES[act], values: this.#runs[i]?.losses ?? [] }));
  }

  get loss(): number {
    return this.#shown?.loss ?? Number.NaN;
  }

  begin(): void {
    this.#beginnings += 1;
    this.#forgetPace();
    for (const run of this.#runs) run.begin();
    this.wall.show(
      SQUASHES.map((act, i) => ({
        name: SQUASH_STYLES[act].name,
        figure: () => likenessText(this.#runs[i]?.loss ?? Number.NaN),
        scene: () => this.#runs[i]?.scene ?? null,
      })),
      this.#picked,
      index => this.settings.set({ pick: SQUASHES[index] ?? 'sigmoid' }),
    );
    this.onProgress();
  }

  play(): void {
    if (this.#isPlaying) return;
    this.#isPlaying = true;
    this.host.setPlaying(true);
    if (this.#steps >= MAX_STEPS) this.begin();
    this.#enqueue(() => this.#play());
  }

  /** A round that was begun is ended, so that all have done as many steps. */
  pause(): void {
    this.#isPlaying = false;
    this.host.setPlaying(false);
  }

  close(): void {
    // The round ends, else those whose turn is still to come would begin again.
    this.#beginnings += 1;
    for (const run of this.#runs) run.close();
  }

  /** Steps of another plan may take much longer. */
  #forgetPace(): void {
    this.#turn = 1;
    this.#rate = null;
  }

  setSlow(isSlow: boolean): void {
    this.#isSlow = isSlow;
  }

  step(): void {
    this.pause();
    this.#enqueue(() => this.#round(1));
  }

  /** What fails is told by the run that fails. */
  #enqueue(work: () => Promise<void>): void {
    this.#rounds = this.#rounds.then(work);
  }

  async #play(): Promise<void> {
    while (this.#isPlaying && this.#steps < MAX_STEPS) {
      const begin = performance.now();
      const steps = this.#isSlow ? 1 : this.#turn;
      const beginning = this.#beginnings;
      await this.#round(steps);
      // A round that was cut short says nothing of the pace.
      if (!this.#isPlaying || beginning !== this.#beginnings) continue;
      const took = performance.now() - begin;
      this.#rate = smoothRate(this.#rate, (1000 * steps) / took);
      this.host.setChip(this.#backend, this.#isSlow ? null : this.#rate);
      if (this.#isSlow) await new Promise(resolve => setTimeout(resolve, SLOW_MS));
      else this.#turn = turnAfter(steps, took);
    }
    if (this.#isPlaying) this.pause();
  }

  /** So many steps of each. */
  async #round(steps: number): Promise<void> {
    const beginning = this.#beginnings;
    for (const run of this.#runs) {
      if (beginning !== this.#beginnings) return;
      await run.advance(steps);
    }
    this.#show();
  }

  #show(): void {
    this.onProgress();
    this.wall.request(this.#picked);
  }

  follow(names: ReadonlySet<string>): void {
    for (const run of this.#runs) run.follow(names);
    if (names.has('batch') || names.has('opt') || names.has('frozen')) this.#forgetPace();
    if (names.has('pick')) this.wall.request(this.#picked);
  }

  tear(layer: number, units: readonly number[]): void {
    for (const run of this.#runs) run.tear(layer, units);
    this.#show();
  }

  damage(): void {
    for (const run of this.#runs) run.damage(null);
    this.#show();
  }
}

/** Steps of the next turn, for a round of that many steps each took so long. */
export const turnAfter = (steps: number, milliseconds: number): number =>
  Math.max(1, Math.min(2 * steps, MAX_TURN, Math.round((steps * ROUND_MS) / milliseconds)));
