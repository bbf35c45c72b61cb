/** What a tab is to the page. */
import type { AnySettings } from './settings.ts';

/** What a tab tells the page. */
export interface Host {
  /** It plays, or it does not. */
  setPlaying(isPlaying: boolean): void;
  /** Where it computes, and how many steps a second; null before it has. */
  setChip(backend: string, stepsPerSecond: number | null): void;
  /** A sentence for all: shown, and read out. */
  say(sentence: string): void;
  /** Copies a text, and says so with a sentence. */
  copy(text: string, sentence: string): void;
  /** The command that repeats the run changed, for another reason than settings. */
  update(): void;
}

export interface Tab {
  readonly settings: AnySettings;
  /** The three columns: see `makeBench`. */
  readonly element: HTMLElement;
  /** It plays when it is first shown, unless the visitor wants little motion. */
  readonly playsAtOnce?: boolean;
  play(): void;
  pause(): void;
  /** Another tab is shown, after `pause`: what still computes or listens stops, as the other tab may measure time. */
  leave?(): void;
  /** It is shown, for the first time or again, before it reads the address: what `leave` stopped goes on. */
  enter?(): void;
  /** Slow motion: steps so slow that one can follow them. Tabs that measure time have none. */
  setSlow?(isSlow: boolean): void;
  /** One step, and no more. Tabs that learn nothing have none. */
  step?(): void;
  /** Back to the beginning: the same seed gives the same curve. */
  reset(): void;
  /** The command that repeats the run in Python; null if there is none. */
  python(): string | null;
  /** How it goes, for the screen reader: "Step 120: the loss is 0.031." Null if there is nothing new. */
  status(): string | null;
  /** What the picture of the curve shows. */
  plot(): HTMLCanvasElement;
  /** The network as an ONNX file. Tabs without a network have none. */
  save?(): Promise<{ readonly bytes: Uint8Array; readonly name: string }>;
}

export interface TabEntry {
  /** Its name in the address. */
  readonly id: string;
  readonly name: string;
  /** The address of its style sheet. */
  readonly style: string;
  /** Fetched when it is first shown. */
  readonly load: () => Promise<(host: Host) => Tab | Promise<Tab>>;
}
