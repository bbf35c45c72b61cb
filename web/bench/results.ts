// What a run of the bench finds: the JSON that it writes. Tables and plots are made from it alone.

import type { Comparison } from './comparison.ts';
import type { CallCounts, MemoryBytes } from './gpu-counters.ts';
import type { RivalName } from './rivals/index.ts';
import type { LoadReport, Workload } from './sandbox.ts';
import type { Sample, Spread } from './statistics.ts';
import type { TransferSize } from './transfer-size.ts';

export interface Timing {
  readonly spread: Spread;
  /** How many times as long as limner, by the rounds that both took part in; null without limner. */
  readonly ratio: number | null;
  readonly samples: readonly Sample[];
}

interface RivalIdentity {
  readonly name: RivalName;
  readonly label: string;
}

/** A rival that could not take part. */
export interface SkippedRival extends RivalIdentity {
  readonly state: 'left out';
  readonly why: string;
}

export interface RivalResult extends RivalIdentity, LoadReport, Comparison {
  readonly state: 'ran';
  /** Of the library's files. */
  readonly code: TransferSize;
  readonly calls: CallCounts;
  readonly memory: MemoryBytes;
  readonly times: Partial<Record<Workload, Timing>>;
  /** Why it stopped before the end, where it did. */
  readonly broke?: string;
}

export type RivalOutcome = RivalResult | SkippedRival;

export interface LookResult {
  readonly name: string;
  readonly pixels: number;
  readonly rivals: readonly RivalOutcome[];
}

/** Where figures come from. */
export interface Environment {
  readonly time: string;
  readonly browser: string;
  readonly system: string;
  readonly adapter: { readonly webgpu: string; readonly webgl: string };
  /** Only an isolated page has threads. */
  readonly isolated: boolean;
  readonly cores: number;
  readonly video: 'scene' | 'camera';
  readonly plan: { readonly rounds: number; readonly seconds: number; readonly burst: number };
  /** What a page cannot know of the machine; `limner bench browser` does. */
  readonly machine?: { readonly cpu: string; readonly load: number | null };
}

export interface Results {
  readonly benchmark: 'browser';
  readonly origin: Environment;
  readonly looks: readonly LookResult[];
}

export const isMeasured = (outcome: RivalOutcome): outcome is RivalResult => outcome.state === 'ran';
