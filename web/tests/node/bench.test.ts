import { describe, expect, it } from 'vitest';
import { compared } from '../../bench/comparison.ts';
import { difference, digits, duration, size, stopped } from '../../bench/format.ts';
import { plot } from '../../bench/plot.ts';
import { markdown } from '../../bench/report.ts';
import type { Measured, Ran, Results } from '../../bench/results.ts';
import type { RivalName } from '../../bench/rivals/index.ts';
import { type Entrant, Rounds, randomFrom, shuffled } from '../../bench/rounds.ts';
import type { Work } from '../../bench/sandbox.ts';
import { quantile, ratio, type Sample, spread } from '../../bench/statistics.ts';
import { storage3dBytes, texelBytes } from '../../bench/texture-bytes.ts';

const samples = (milliseconds: readonly number[]): Sample[] =>
  milliseconds.map((value, round) => ({ round, milliseconds: value, burst: 1 }));

describe('statistics', () => {
  it('takes quantiles between the two nearest values', () => {
    expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([7], 0.75)).toBe(7);
  });

  it('gives median, quartiles and extremes, and nothing of nothing', () => {
    expect(spread(samples([5, 1, 4, 2, 3]))).toEqual({
      count: 5,
      least: 1,
      lower: 2,
      median: 3,
      upper: 4,
      most: 5,
    });
    expect(spread([])).toBeNull();
  });

  it('takes ratios within rounds, so that a slow spell of the machine cancels out', () => {
    // The machine is ten times as slow in the last two rounds: medians alone would say 1.
    const ours = samples([10, 10, 100, 100]);
    expect(ratio(samples([30, 30, 300, 300]), ours)).toBe(3);
    // A rival that left early is compared with us as we were then.
    expect(ratio(samples([30, 30]), ours)).toBe(3);
    expect(ratio([{ round: 9, milliseconds: 1, burst: 1 }], ours)).toBeNull();
  });
});

describe('figures', () => {
  it('are short', () => {
    expect([0.01234, 1.5, 12.34, 123.4, 12345].map(digits)).toEqual([
      '0.0123',
      '1.5',
      '12.3',
      '123',
      '12,345',
    ]);
    expect([0, 39_400, 3_700_000].map(size)).toEqual(['-', '39.4 kB', '3.7 MB']);
    expect([0.2, 45, 600].map(duration)).toEqual(['1 second', '45 seconds', '10 minutes']);
  });
});

const measured = (values: readonly number[], times: number | null): Measured => {
  const taken = samples(values);
  const found = spread(taken);
  if (!found) throw new Error('no samples');
  return { spread: found, ratio: times, samples: taken };
};

const row = (name: RivalName, median: number, changes: Partial<Ran> = {}): Ran => ({
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
  times: { model: measured([median, median * 1.1, median * 0.9], median / 2) },
  ...changes,
});

const results = (rivals: Results['looks'][0]['rivals']): Results => ({
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
  it('has a row for each rival that ran and a sentence for each that did not', () => {
    const text = markdown(
      results([
        row('limner-webgpu', 2),
        row('tfjs-webgl', 60),
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

  it('marks a rival that paints something else', () => {
    const other = row('tfjs-webgl', 60, { difference: 0.4, ranked: false });
    expect(difference(other)).toBe('4e-1 (another painting)');
    expect(markdown(results([other]))).toContain('(another painting)');
  });

  it('says where nothing was compared, and ends sentences once', () => {
    expect(difference(row('tfjs-webgl', 60, { difference: null, shown: null, ranked: false }))).toBe(
      'not compared',
    );
    expect([stopped('it broke'), stopped('It broke.')]).toEqual(['it broke.', 'It broke.']);
  });
});

describe('the drawing', () => {
  it('has a dot for each ranked rival, the fastest first and at one, twice as far for its square', () => {
    const rivals = [row('tfjs-webgl', 200), row('ort-wasm', 20), row('limner-webgpu', 2)];
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

  it('leaves out what is not ranked, and is empty without any', () => {
    const other = row('tfjs-webgl', 60, { ranked: false });
    expect(plot({ name: 'small', pixels: 256, rivals: [other] }, 'model')).toBe('');
    expect(plot({ name: 'small', pixels: 256, rivals: [row('limner-webgpu', 2)] }, 'camera')).toBe('');
  });
});

describe('the comparison', () => {
  const planes = Float32Array.of(0.2, 0.4, 0.6);
  const canvas = Uint8ClampedArray.of(51, 102, 153, 255);

  it('ranks who computes and shows what the reference does', () => {
    expect(compared({ planes, canvas }, { planes, canvas })).toEqual({
      difference: 0,
      shown: 0,
      ranked: true,
    });
  });

  it('does not rank who computes the same and paints black', () => {
    const black = Uint8ClampedArray.of(0, 0, 0, 255);
    const { difference: apart, shown, ranked } = compared({ planes, canvas: black }, { planes, canvas });
    expect([apart, shown, ranked]).toEqual([0, 102, false]);
  });

  it('does not rank another painting, one with a hole, or what was not compared', () => {
    const other = Float32Array.of(0.2, 0.4, 0.7);
    const hole = Float32Array.of(0.2, Number.NaN, 0.6);
    expect(compared({ planes: other, canvas }, { planes, canvas }).ranked).toBe(false);
    expect(compared({ planes: hole, canvas }, { planes, canvas }).ranked).toBe(false);
    expect(compared({ planes, canvas }, null).ranked).toBe(false);
  });
});

describe('rounds', () => {
  const plan = { rounds: 6, seconds: 100, burst: 1 };

  /** A rival that takes ten milliseconds, and writes down its turns. */
  class Fake implements Entrant {
    readonly samples: Record<Work, Sample[]> = { model: [], camera: [] };
    readonly pace: Record<Work, number | null> = { model: null, camera: null };
    broke: string | null = null;
    removed = false;

    constructor(
      readonly label: string,
      readonly turns: string[],
      readonly breaksAt = Number.POSITIVE_INFINITY,
    ) {}

    async burst(): Promise<number> {
      this.turns.push(this.label);
      const own = this.turns.filter(label => label === this.label);
      if (own.length === this.breaksAt) throw new Error('The device was lost.');
      return 10;
    }

    remove(): void {
      this.removed = true;
    }
  }

  const go = async (
    entrants: Fake[],
    cancelled = new AbortController().signal,
  ): Promise<(number | null)[]> => {
    const left: (number | null)[] = [];
    await new Rounds(entrants, plan, cancelled, (_, seconds) => left.push(seconds)).run('model');
    return left;
  };

  it('meet all alike, in an order that changes with its neighbours', async () => {
    const turns: string[] = [];
    const entrants = ['a', 'b', 'c', 'd'].map(label => new Fake(label, turns));
    await go(entrants);
    expect(entrants.map(({ samples: { model } }) => model.length)).toEqual([6, 6, 6, 6]);
    const orders = Array.from({ length: 6 }, (_, round) => turns.slice(8 + 4 * round, 12 + 4 * round));
    for (const order of orders) expect([...order].sort()).toEqual(['a', 'b', 'c', 'd']);
    // A rotation has one successor for each.
    const pairs = orders.flatMap(order => order.slice(1).map((label, i) => `${order[i]}${label}`));
    expect(new Set(pairs).size).toBeGreaterThan(4);
  });

  it('lose who breaks, with its document, and keep the others', async () => {
    const turns: string[] = [];
    const [whole, broken] = [new Fake('whole', turns), new Fake('broken', turns, 4)];
    await go([whole, broken]);
    expect(whole.samples.model).toHaveLength(6);
    expect(broken.samples.model).toHaveLength(1);
    expect([broken.broke, broken.removed, whole.removed]).toEqual(['The device was lost.', true, false]);
    expect(turns.filter(label => label === 'broken')).toHaveLength(4);
  });

  it('tell no time before they have measured, and less and less after', async () => {
    const left = await go([new Fake('a', []), new Fake('b', [])]);
    expect(left.slice(0, 2)).toEqual([null, null]);
    expect(left.at(-1)).toBeLessThan(left[4] ?? 0);
  });

  it('stop when they are told to, even while a rival hangs', async () => {
    const stop = new AbortController();
    const hanging = new Fake('hanging', []);
    hanging.burst = () => {
      setTimeout(() => stop.abort(), 5);
      return new Promise(() => undefined);
    };
    await expect(go([hanging], stop.signal)).rejects.toThrow('aborted');
    expect(hanging.broke).toBeNull();
  });

  it('are drawn alike in every run, and any order can come', () => {
    expect(shuffled([1, 2, 3, 4], randomFrom(1))).toEqual(shuffled([1, 2, 3, 4], randomFrom(1)));
    const random = randomFrom(7);
    const seen = new Set(Array.from({ length: 200 }, () => shuffled('abc'.split(''), random).join('')));
    expect(seen.size).toBe(6);
  });
});

describe('weights of textures', () => {
  it('have all channels, levels and layers, and no guesses', () => {
    expect(texelBytes('rgba16float')).toBe(8);
    expect(texelBytes('r8unorm')).toBe(1);
    expect(() => texelBytes('depth24plus')).toThrow('depth24plus');
    const RGBA32I = 0x8d82;
    expect(storage3dBytes([0x8c1a, 1, RGBA32I, 8, 4, 3])).toBe(8 * 4 * 3 * 16);
    expect(storage3dBytes([0x8c1a, 2, RGBA32I, 8, 4, 3])).toBe((8 * 4 + 4 * 2) * 3 * 16);
    expect(() => storage3dBytes([0x8c1a, 1, 1, 8, 4, 3])).toThrow('format 1');
  });
});
