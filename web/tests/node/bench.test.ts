import { describe, expect, it } from 'vitest';
import { compareOutputs } from '../../bench/comparison.ts';
import {
  endSentence,
  formatBytes,
  formatDifference,
  formatDuration,
  formatNumber,
} from '../../bench/format.ts';
import { plot } from '../../bench/plot.ts';
import { markdown } from '../../bench/report.ts';
import type { Results, RivalResult, Timing } from '../../bench/results.ts';
import type { RivalName } from '../../bench/rivals/index.ts';
import { type Participant, Rounds, seededRandom, shuffle } from '../../bench/rounds.ts';
import type { Workload } from '../../bench/sandbox.ts';
import { medianRatio, type Sample, summarize } from '../../bench/statistics.ts';
import { bytesPerTexel, texStorage3DBytes } from '../../bench/texture-bytes.ts';

const samples = (milliseconds: readonly number[]): Sample[] =>
  milliseconds.map((value, round) => ({ round, milliseconds: value, burst: 1 }));

describe('statistics', () => {
  it('summarizes samples as median, quartiles and extremes, and returns null for none', () => {
    expect(summarize(samples([5, 1, 4, 2, 3]))).toEqual({
      count: 5,
      least: 1,
      lower: 2,
      median: 3,
      upper: 4,
      most: 5,
    });
    expect(summarize([])).toBeNull();
  });

  it('takes ratios within rounds, so that a slow phase of the machine cancels out', () => {
    // The machine is ten times slower in the last two rounds: the ratio of the medians would be wrong.
    const ours = samples([10, 10, 100, 100]);
    expect(medianRatio(samples([30, 30, 300, 300]), ours)).toBe(3);
    // A rival that was removed early is compared with limner's samples of the same rounds.
    expect(medianRatio(samples([30, 30]), ours)).toBe(3);
    expect(medianRatio([{ round: 9, milliseconds: 1, burst: 1 }], ours)).toBeNull();
  });
});

describe('formats', () => {
  it('are short', () => {
    expect([0.01234, 1.5, 12.34, 123.4, 12345].map(formatNumber)).toEqual([
      '0.0123',
      '1.5',
      '12.3',
      '123',
      '12,345',
    ]);
    expect([0, 39_400, 3_700_000].map(formatBytes)).toEqual(['-', '39.4 kB', '3.7 MB']);
    expect([0.2, 45, 600].map(formatDuration)).toEqual(['1 second', '45 seconds', '10 minutes']);
  });
});

const makeTiming = (values: readonly number[], times: number | null): Timing => {
  const taken = samples(values);
  const summary = summarize(taken);
  if (!summary) throw new Error('no samples');
  return { spread: summary, ratio: times, samples: taken };
};

const makeRow = (name: RivalName, median: number, changes: Partial<RivalResult> = {}): RivalResult => ({
  name,
  label: `${name}, <labelled>`,
  state: 'ran',
  version: '1.2.3',
  adapter: 'a GPU',
  fence: 'a fence',
  first: 250,
  code: { bytes: 100_000, gzip: 39_400 },
  look: { bytes: 900_000 },
  difference: 2e-6,
  shown: 1,
  ranked: true,
  calls: {
    dispatches: 17,
    submits: 1,
    passes: 1,
    pipelines: 0,
    bindGroups: 1,
    resources: 0,
    writes: 0,
    readbacks: 0,
  },
  memory: { gpu: 5_000_000, wasm: 0 },
  times: { model: makeTiming([median, median * 1.1, median * 0.9], median / 2) },
  ...changes,
});

const makeResults = (rivals: Results['looks'][0]['rivals']): Results => ({
  benchmark: 'browser',
  origin: {
    time: '2026-11-21T00:00:00Z',
    browser: 'Chrome 156',
    system: 'Linux',
    adapter: { webgpu: 'soft', webgl: 'softer' },
    isolated: true,
    cores: 2,
    video: 'scene',
    plan: { rounds: 7, seconds: 6, burst: 20 },
    machine: { cpu: 'a processor', load: 0.3 },
  },
  looks: [{ name: 'small', pixels: 256, rivals }],
});

describe('the report', () => {
  it('has a row for each measured rival and a sentence for each that was left out', () => {
    const text = markdown(
      makeResults([
        makeRow('limner-webgpu', 2),
        makeRow('tfjs-webgl', 60),
        { name: 'jax-webgpu', label: 'jax-js', state: 'left out', why: 'it has no ConvTranspose' },
      ]),
    );
    expect(text).toContain('a processor, Linux, 2 cores; load before the start 0.3');
    expect(text).toContain(
      '| limner-webgpu, <labelled> | 2 (1.9-2.1) | 1.00 | - | - | 3 + 0 | 250 | 39.4 kB |',
    );
    expect(text).toContain('| 17 / 1 / 1 / 0 / 0 / 0 |');
    expect(text).toContain('| tfjs-webgl, <labelled> | 60 (57-63) | 30.0 |');
    expect(text).toContain('- jax-js is left out: it has no ConvTranspose.');
    const table = text.split('\n').filter(line => line.startsWith('|'));
    expect(new Set(table.map(line => line.split(' | ').length)).size).toBe(1);
  });

  it('marks a rival whose painting differs', () => {
    const other = makeRow('tfjs-webgl', 60, { difference: 0.4, ranked: false });
    expect(formatDifference(other)).toBe('4e-1 (another painting)');
    expect(markdown(makeResults([other]))).toContain('(another painting)');
  });

  it('says if nothing was compared, and ends each sentence with one full stop', () => {
    expect(
      formatDifference(makeRow('tfjs-webgl', 60, { difference: null, shown: null, ranked: false })),
    ).toBe('not compared');
    expect([endSentence('it broke'), endSentence('It broke.')]).toEqual(['it broke.', 'It broke.']);
  });
});

describe('the plot', () => {
  it('has a dot for each ranked rival on a logarithmic scale, the fastest first and at 1', () => {
    const rivals = [makeRow('tfjs-webgl', 200), makeRow('ort-wasm', 20), makeRow('limner-webgpu', 2)];
    const svg = plot({ name: 'small', pixels: 256, rivals }, 'model');
    const labels = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, label]) => label);
    expect(labels).toEqual([
      'limner-webgpu, &lt;labelled&gt;',
      'ort-wasm, &lt;labelled&gt;',
      'tfjs-webgl, &lt;labelled&gt;',
    ]);
    const [first = 0, second = 0, third = 0] = [...svg.matchAll(/<circle cx="([\d.]+)"/g)].map(([, at]) =>
      Number(at),
    );
    const [one = 0] = [...svg.matchAll(/<text x="([\d.]+)" [^>]*>1×</g)].map(([, at]) => Number(at));
    expect(first).toBe(one);
    expect((third - first) / (second - first)).toBeCloseTo(2, 2);
  });

  it('leaves out rivals that are not ranked, and is empty if none is', () => {
    const other = makeRow('tfjs-webgl', 60, { ranked: false });
    expect(plot({ name: 'small', pixels: 256, rivals: [other] }, 'model')).toBe('');
    expect(plot({ name: 'small', pixels: 256, rivals: [makeRow('limner-webgpu', 2)] }, 'camera')).toBe('');
  });
});

describe('the comparison', () => {
  const planes = Float32Array.of(0.2, 0.4, 0.6);
  const canvas = Uint8ClampedArray.of(51, 102, 153, 255);

  it('ranks a rival with the same painting and the same canvas', () => {
    expect(compareOutputs({ planes, canvas }, { planes, canvas })).toEqual({
      difference: 0,
      shown: 0,
      ranked: true,
    });
  });

  it('does not rank a rival whose canvas is black', () => {
    const black = Uint8ClampedArray.of(0, 0, 0, 255);
    const {
      difference: distance,
      shown,
      ranked,
    } = compareOutputs({ planes, canvas: black }, { planes, canvas });
    expect([distance, shown, ranked]).toEqual([0, 102, false]);
  });

  it('does not rank a different painting, one with NaN, or one without a reference', () => {
    const other = Float32Array.of(0.2, 0.4, 0.7);
    const hole = Float32Array.of(0.2, Number.NaN, 0.6);
    expect(compareOutputs({ planes: other, canvas }, { planes, canvas }).ranked).toBe(false);
    expect(compareOutputs({ planes: hole, canvas }, { planes, canvas }).ranked).toBe(false);
    expect(compareOutputs({ planes, canvas }, null).ranked).toBe(false);
  });
});

describe('rounds', () => {
  const plan = { rounds: 6, seconds: 100, burst: 1 };

  /** A rival whose steps take ten milliseconds, and which records its turns. */
  class FakeParticipant implements Participant {
    readonly samples: Record<Workload, Sample[]> = { model: [], camera: [] };
    readonly stepMs: Record<Workload, number | null> = { model: null, camera: null };
    failure: string | null = null;
    removed = false;

    constructor(
      readonly label: string,
      readonly turns: string[],
      readonly breaksAt = Number.POSITIVE_INFINITY,
    ) {}

    async timeSteps(): Promise<number> {
      this.turns.push(this.label);
      const count = this.turns.filter(label => label === this.label).length;
      if (count === this.breaksAt) throw new Error('The device was lost.');
      return 10;
    }

    remove(): void {
      this.removed = true;
    }
  }

  const runRounds = async (
    participants: FakeParticipant[],
    signal = new AbortController().signal,
  ): Promise<(number | null)[]> => {
    const remaining: (number | null)[] = [];
    await new Rounds(participants, plan, signal, (_, seconds) => remaining.push(seconds)).run('model');
    return remaining;
  };

  it('give each rival as many turns, in an order that changes', async () => {
    const turns: string[] = [];
    const participants = ['a', 'b', 'c', 'd'].map(label => new FakeParticipant(label, turns));
    await runRounds(participants);
    expect(participants.map(({ samples: { model } }) => model.length)).toEqual([6, 6, 6, 6]);
    const orders = Array.from({ length: 6 }, (_, round) => turns.slice(8 + 4 * round, 12 + 4 * round));
    for (const order of orders) expect([...order].sort()).toEqual(['a', 'b', 'c', 'd']);
    // In a rotation each rival would have one successor only.
    const pairs = orders.flatMap(order => order.slice(1).map((label, i) => `${order[i]}${label}`));
    expect(new Set(pairs).size).toBeGreaterThan(4);
  });

  it('remove a rival that fails, with its document, and keep the others', async () => {
    const turns: string[] = [];
    const [whole, broken] = [new FakeParticipant('whole', turns), new FakeParticipant('broken', turns, 4)];
    await runRounds([whole, broken]);
    expect(whole.samples.model).toHaveLength(6);
    expect(broken.samples.model).toHaveLength(1);
    expect([broken.failure, broken.removed, whole.removed]).toEqual(['The device was lost.', true, false]);
    expect(turns.filter(label => label === 'broken')).toHaveLength(4);
  });

  it('estimate no remaining time before the first sample, and then less and less', async () => {
    const remaining = await runRounds([new FakeParticipant('a', []), new FakeParticipant('b', [])]);
    expect(remaining.slice(0, 2)).toEqual([null, null]);
    expect(remaining.at(-1)).toBeLessThan(remaining[4] ?? 0);
  });

  it('stop on request, even while a rival hangs', async () => {
    const stop = new AbortController();
    const hanging = new FakeParticipant('hanging', []);
    hanging.timeSteps = () => {
      setTimeout(() => stop.abort(), 5);
      return new Promise(() => undefined);
    };
    await expect(runRounds([hanging], stop.signal)).rejects.toThrow('aborted');
    expect(hanging.failure).toBeNull();
  });

  it('have the same random order in every run, and every order is possible', () => {
    expect(shuffle([1, 2, 3, 4], seededRandom(1))).toEqual(shuffle([1, 2, 3, 4], seededRandom(1)));
    const random = seededRandom(7);
    const orders = new Set(Array.from({ length: 200 }, () => shuffle('abc'.split(''), random).join('')));
    expect(orders.size).toBe(6);
  });
});

describe('bytes of textures', () => {
  it('count channels, levels and layers, and throw for an unknown format', () => {
    expect(bytesPerTexel('rgba16float')).toBe(8);
    expect(bytesPerTexel('r8unorm')).toBe(1);
    expect(() => bytesPerTexel('depth24plus')).toThrow('depth24plus');
    const RGBA32I = 0x8d82;
    expect(texStorage3DBytes([0x8c1a, 1, RGBA32I, 8, 4, 3])).toBe(8 * 4 * 3 * 16);
    expect(texStorage3DBytes([0x8c1a, 2, RGBA32I, 8, 4, 3])).toBe((8 * 4 + 4 * 2) * 3 * 16);
    expect(() => texStorage3DBytes([0x8c1a, 1, 1, 8, 4, 3])).toThrow('format 1');
  });
});
