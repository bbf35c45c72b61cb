/** One way to make a painting, as the tab plays it: trained by the engine, by pixels one after the other, or bred. */
import type { Scene } from './draw-protocol.ts';

/** Mean squared errors of a run so far, and how they are drawn. */
export interface Losses {
  readonly values: readonly number[];
  readonly color: string;
  readonly dash?: readonly number[];
}

export interface Run {
  /** The network as it is now; null before there is one. */
  readonly scene: Scene | null;
  /** How far it is, such as "Step 120". */
  readonly place: string;
  /** None where nothing is learned. */
  readonly curves: readonly Losses[];
  /** What the curves count. */
  readonly unit: 'step' | 'sweep';
  /** The mean squared error of now; NaN if it is not known. */
  readonly loss: number;
  /** Begins anew, as the settings are. */
  begin(): void;
  play(): void;
  pause(): void;
  /** Another run is shown: what it holds of a GPU is given back. */
  close?(): void;
  setSlow(isSlow: boolean): void;
  step(): void;
  /** Goes on with settings that changed, none of which needs a new beginning. */
  follow(names: ReadonlySet<string>): void;
  /** Takes units out of a hidden layer. Runs that cannot heal have no such function. */
  tear?(layer: number, units: readonly number[]): void;
  /** Takes a piece out of the painting: at this place of -1 to 1 where the network has places, else anywhere. */
  damage?(at: readonly [number, number] | null): void;
}

/** Every fourth of so many units: others each time. */
export const quarterOf = (units: number, turn: number): number[] =>
  Array.from({ length: Math.ceil((units - (turn % 4)) / 4) }, (_, i) => 4 * i + (turn % 4));
