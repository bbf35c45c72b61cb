// What compilers of real GPUs make of the engine's kernels: `npm run proxy`, not in `npm test`. It holds our looks to
// counts, and writes docs/benchmarks/gpus.json and gpus.md.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CACHE } from '../cases.ts';
import { DENSITY, heavyLayers, outputsOf, reasonBelow, XE_DENSITY } from './density.ts';
import { DEVICES, PHONES } from './devices.ts';
import { memoryMs } from './estimate.ts';
import { type KernelResult, measure, msOf } from './measure.ts';
import { writeReport } from './report.ts';
import { measureRivals } from './rivals.ts';

const folder = process.env.LIMNER_PROXY;
if (!folder) throw new Error('Run this by `npm run proxy`.');

/** Looks of 256 pixels, of every size. */
const looks = (JSON.parse(readFileSync(`${CACHE}/looks.json`, 'utf8')) as { name: string }[])
  .map(({ name }) => name)
  .filter(name => name.includes('-256-uint8'));
const paths = new Map(looks.map(name => [name, `${CACHE}/${name}.onnx`]));
const files = new Map([...paths].map(([name, path]) => [name, new Uint8Array(readFileSync(path))]));

const deck = await measure(DEVICES.deck, 'float16', files, folder);
const xe = await measure(DEVICES.xe, 'float16', files, folder);
const floats = await measure(DEVICES.xe, 'float32', files, folder);
writeReport(
  {
    deck: { frames: deck, rivals: measureRivals(DEVICES.deck, paths, folder) },
    xe: { frames: xe, rivals: measureRivals(DEVICES.xe, paths, folder) },
  },
  {
    adreno: await measure(PHONES.adreno, 'float16', files, folder),
    mali: await measure(PHONES.mali, 'float16', files, folder),
  },
);
const named = (results: KernelResult[], broken: (one: KernelResult) => boolean) =>
  results.filter(broken).map(({ kernel, registers, spills, perInstruction }) => ({
    label: kernel.label,
    registers,
    spills,
    perInstruction,
    idle: kernel.product?.idle,
  }));

/** Multiply-adds below which idle threads do not matter. */
const LIGHT = 1e6;

/** What was measured of a look. Gates must not pass for want of it. */
function resultsOf(frames: ReadonlyMap<string, KernelResult[]>, name: string): KernelResult[] {
  const results = frames.get(name);
  if (!results?.length) throw new Error(`No kernel of ${name} was measured.`);
  return results;
}

test.each(looks)('%s: no kernel spills registers on Xe, in halves or floats', name => {
  expect(named(resultsOf(xe, name), ({ spills }) => spills > 0)).toEqual([]);
  expect(named(resultsOf(floats, name), ({ spills }) => spills > 0)).toEqual([]);
});

test.each(looks)('%s: no kernel takes more than 128 vector registers on RDNA2', name => {
  expect(named(resultsOf(deck, name), ({ registers, spills }) => registers > 128 || spills > 0)).toEqual([]);
});

/** The looks that have heavy layers: all but one. */
const heavyLooks = looks.filter(name => heavyLayers(resultsOf(deck, name)).length > 0);
test('every look but the small one has heavy layers', () => {
  expect(looks.filter(name => !heavyLooks.includes(name))).toEqual(['small-256-uint8-soft']);
});

test.each(heavyLooks)('%s: heavy layers have many products for each vector instruction on RDNA2', name => {
  const below = heavyLayers(resultsOf(deck, name)).filter(one => one.perInstruction < DENSITY);
  expect(named(below, one => reasonBelow(one) === null)).toEqual([]);
  for (const one of below.filter(({ kernel }) => !kernel.isInputConv)) {
    expect(memoryMs(DEVICES.deck, one.kernel.bytes), one.kernel.label).toBeGreaterThan(
      0.95 * msOf(DEVICES.deck, one),
    );
  }
});

test.each(heavyLooks)(
  '%s: heavy layers have as many products for each instruction on Xe as they had',
  name => {
    const heavy = heavyLayers(resultsOf(xe, name));
    expect(heavy.length).toBeGreaterThan(0);
    expect(named(heavy, one => one.perInstruction < (XE_DENSITY[outputsOf(one)] ?? DENSITY))).toEqual([]);
  },
);

test.each(looks)('%s: at most a quarter of the threads of a layer is idle', name => {
  const isIdle = ({ kernel }: KernelResult) =>
    kernel.multiplyAdds > LIGHT && (kernel.product?.idle ?? 0) > 0.25;
  expect(named([...resultsOf(deck, name), ...resultsOf(xe, name)], isIdle)).toEqual([]);
});
