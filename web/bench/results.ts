// What a run of the bench finds: the JSON that it writes. Tables and plots are made from it alone.

import type { Comparison } from './comparison.ts';
import type { Calls, Memory } from './gpu-counters.ts';
import type { RivalName } from './rivals/index.ts';
import type { Opened, Work } from './sandbox.ts';
import type { Sample, Spread } from './statistics.ts';
import type { Weight } from './transfer-size.ts';

export interface Measured {
  readonly spread: Spread;
  /** How many times as long as limner, by the rounds that both took part in; null without limner. */
  readonly ratio: number | null;
  readonly samples: readonly Sample[];
}

interface Named {
  readonly name: RivalName;
  readonly label: string;
}

/** A rival that could not take part. */
export interface LeftOut extends Named {
  readonly state: 'left out';
  readonly why: string;
}

export interface Ran extends Named, Opened, Comparison {
  readonly state: 'ran';
  /** Of the library's files. */
  readonly code: Weight;
  readonly calls: Calls;
  readonly memory: Memory;
  readonly times: Partial<Record<Work, Measured>>;
  /** Why it stopped before the end, where it did. */
  readonly broke?: string;
}

export type Row = Ran | LeftOut;

export interface LookResult {
  readonly name: string;
  readonly pixels: number;
  readonly rivals: readonly Row[];
}

/** Where figures come from. */
export interface Origin {
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
  readonly origin: Origin;
  readonly looks: readonly LookResult[];
}

export const ran = (row: Row): row is Ran => row.state === 'ran';
