// What compilers of real GPUs make of the engine's kernels: `npm run proxy`, not in `npm test`. It holds our looks to
// counts, and writes docs/benchmarks/gpus.json and gpus.md.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CACHE } from '../cases.ts';
import { DEVICES, PHONES } from './devices.ts';
import { isMemoryBound, memoryMs } from './estimate.ts';
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

/** Multiply-adds from which on a layer's loop has to be dense; and those below which idle threads do not matter. */
const HEAVY = 8e6;
const LIGHT = 1e6;

test.each(looks)('%s: no kernel spills registers on Xe, in halves or floats', name => {
  expect(named(xe.get(name) ?? [], ({ spills }) => spills > 0)).toEqual([]);
  expect(named(floats.get(name) ?? [], ({ spills }) => spills > 0)).toEqual([]);
});

test.each(looks)('%s: no kernel takes more than 128 vector registers on RDNA2', name => {
  expect(named(deck.get(name) ?? [], ({ registers, spills }) => registers > 128 || spills > 0)).toEqual([]);
});

/** Products for each vector instruction that heavy layers have. */
const DENSITY = 0.7;
/** The same of the input convolution: its loop has sums of few terms, and the epilogue of each. */
const INPUT_CONV_DENSITY = 0.5;

/** Whether a layer reads each weight for so few outputs that memory takes its time, whatever the kernel. As halves its
 * weights would take fewer instructions, and twice the time. */
const waitsForMemory = ({ kernel }: KernelResult): boolean =>
  isMemoryBound(DEVICES.deck, kernel.multiplyAdds, kernel.leastBytes, DENSITY);

const densityOf = ({ kernel }: KernelResult): number => (kernel.isInputConv ? INPUT_CONV_DENSITY : DENSITY);

test.each(looks)('%s: heavy layers have many products for each vector instruction on RDNA2', name => {
  const heavy = (deck.get(name) ?? []).filter(
    ({ kernel }) => kernel.product !== null && kernel.multiplyAdds > HEAVY,
  );
  expect(named(heavy, one => one.perInstruction < densityOf(one) && !waitsForMemory(one))).toEqual([]);
  for (const one of heavy.filter(each => each.perInstruction < densityOf(each))) {
    expect(memoryMs(DEVICES.deck, one.kernel.bytes), one.kernel.label).toBeGreaterThan(
      0.95 * msOf(DEVICES.deck, one),
    );
  }
});

test.each(looks)('%s: at most a quarter of the threads of a layer is idle', name => {
  const isIdle = ({ kernel }: KernelResult) =>
    kernel.multiplyAdds > LIGHT && (kernel.product?.idle ?? 0) > 0.25;
  expect(named([...(deck.get(name) ?? []), ...(xe.get(name) ?? [])], isIdle)).toEqual([]);
});
