import { describe, expect, it } from 'vitest';
import { plot } from '../../bench/plot.ts';
import { markdown } from '../../bench/report.ts';
import type { Measured, Ran, Results } from '../../bench/results.ts';
import type { RivalName } from '../../bench/rivals/index.ts';
import { quantile, ratio, type Sample, spread } from '../../bench/statistics.ts';
import { difference, digits, duration, size } from '../../bench/words.ts';

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
    expect([0.2, 45, 600].map(duration)).toEqual(['1 seconds', '45 seconds', '10 minutes']);
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
});

describe('the drawing', () => {
  it('has a bar for each ranked rival, the fastest first, longer for slower', () => {
    const svg = plot(
      { name: 'small', pixels: 256, rivals: [row('tfjs-webgl', 60), row('limner-webgpu', 2)] },
      'model',
    );
    const labels = [...svg.matchAll(/text-anchor="end">([^<]*)</g)].map(([, label]) => label);
    expect(labels).toEqual(['limner-webgpu, &lt;labelled&gt;', 'tfjs-webgl, &lt;labelled&gt;']);
    const [ours = 0, theirs = 0] = [...svg.matchAll(/<rect[^>]* width="([\d.]+)"/g)].map(([, width]) =>
      Number(width),
    );
    // 2 and 60 on a scale from 1 to 100: log 2 and log 60.
    expect(theirs / ours).toBeCloseTo(Math.log(60) / Math.log(2), 1);
  });

  it('leaves out what is not ranked, and is empty without any', () => {
    const other = row('tfjs-webgl', 60, { ranked: false });
    expect(plot({ name: 'small', pixels: 256, rivals: [other] }, 'model')).toBe('');
    expect(plot({ name: 'small', pixels: 256, rivals: [row('limner-webgpu', 2)] }, 'camera')).toBe('');
  });
});
