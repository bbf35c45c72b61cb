// The results of a run, as they are written to JSON. Tables and plots are made from them alone.

import type { Comparison } from './comparison.ts';
import type { RivalName } from './rivals/index.ts';
import type { CountReport, LoadReport, Workload } from './sandbox.ts';
import type { Sample, Spread } from './statistics.ts';
import type { TransferSize } from './transfer-size.ts';

export interface Timing {
  readonly spread: Spread;
  /** Time relative to limner, over the rounds in which both took part; null without limner. */
  readonly ratio: number | null;
  readonly samples: readonly Sample[];
}

interface RivalIdentity {
  readonly name: RivalName;
  readonly label: string;
}

/** A rival that could not be measured. */
export interface SkippedRival extends RivalIdentity {
  readonly state: 'left out';
  readonly why: string;
}

export interface RivalResult extends RivalIdentity, LoadReport, CountReport, Comparison {
  readonly state: 'ran';
  /** The size of the library's files. */
  readonly code: TransferSize;
  readonly times: Partial<Record<Workload, Timing>>;
  /** Why it stopped early, if it did. */
  readonly broke?: string;
}

export type RivalOutcome = RivalResult | SkippedRival;

export interface LookResult {
  readonly name: string;
  readonly pixels: number;
  readonly rivals: readonly RivalOutcome[];
}

/** Where a run was made, and how. */
export interface Environment {
  readonly time: string;
  readonly browser: string;
  readonly system: string;
  readonly adapter: { readonly webgpu: string; readonly webgl: string };
  /** Whether the page is cross-origin isolated: only then it has threads. */
  readonly isolated: boolean;
  readonly cores: number;
  readonly video: 'scene' | 'camera';
  readonly plan: { readonly rounds: number; readonly seconds: number; readonly burst: number };
  /** What a page cannot know of the machine: `limner bench browser` adds it. */
  readonly machine?: { readonly cpu: string; readonly load: number | null };
}

export interface Results {
  readonly benchmark: 'browser';
  readonly origin: Environment;
  readonly looks: readonly LookResult[];
}

export const isMeasured = (outcome: RivalOutcome): outcome is RivalResult => outcome.state === 'ran';
