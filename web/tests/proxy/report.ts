// docs/benchmarks/gpus.json and gpus.md: what compilers of real GPUs make of the engine.

import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { DEVICES } from './devices.ts';
import { memoryMs, peakMs } from './estimate.ts';
import type { KernelResult } from './measure.ts';

type Results = Readonly<Partial<Record<keyof typeof DEVICES, ReadonlyMap<string, readonly KernelResult[]>>>>;

const FOLDER = new URL('../../../docs/benchmarks/', import.meta.url);

const sum = (results: readonly KernelResult[], of: (one: KernelResult) => number): number =>
  results.reduce((total, one) => total + of(one), 0);

/** A frame: estimates beside what arithmetic and memory take at least. */
function frameOf(key: keyof typeof DEVICES, look: string, results: readonly KernelResult[]) {
  const device = DEVICES[key];
  return {
    look,
    device: device.name,
    estimate_ms: sum(results, ({ ms }) => ms),
    peak_ms: peakMs(
      device,
      sum(results, ({ kernel }) => kernel.multiplyAdds),
    ),
    memory_ms: memoryMs(
      device,
      sum(results, ({ kernel }) => kernel.bytes),
    ),
    spills: sum(results, ({ spills }) => spills),
    most_registers: Math.max(...results.map(({ registers }) => registers)),
    layers: results.map(({ kernel, registers, spills, perInstruction, ms }) => ({
      layer: kernel.label,
      tile: kernel.product?.tile,
      million_multiply_adds: kernel.multiplyAdds / 1e6,
      registers,
      spills,
      products_per_instruction: perInstruction,
      idle: kernel.product?.idle ?? 0,
      estimate_ms: ms,
    })),
  };
}

export function writeReport(results: Results): void {
  const keys = Object.keys(results) as (keyof typeof DEVICES)[];
  const frames = keys.flatMap(key =>
    [...(results[key] ?? [])].map(([look, kernels]) => frameOf(key, look, kernels)),
  );
  const json = `${JSON.stringify({ frames }, null, 1)}\n`;
  writeFileSync(fileURLToPath(new URL('gpus.json', FOLDER)), json);
  const rows = frames.map(
    ({ look, device, estimate_ms, peak_ms, memory_ms, most_registers, spills }) =>
      `| ${look} | ${device} | ${estimate_ms.toFixed(2)} | ${peak_ms.toFixed(2)} | ${memory_ms.toFixed(2)} | ${most_registers} | ${spills} |`,
  );
  writeFileSync(fileURLToPath(new URL('gpus.md', FOLDER)), `${HEAD}${rows.join('\n')}\n`);
}

const HEAD = `# Real GPUs, without the GPU

No real GPU was at hand. Mesa's compilers for AMD's and Intel's were: they made machine code of all kernels of a frame, and
this is what it says. Made by \`npm run proxy\` in \`web\`, which fetches Mesa 25.0.7 and Dawn; values are half floats.
[gpus.json](gpus.json) has every layer.

- *estimate*: milliseconds of a frame. On AMD waves are played through each kernel's busiest loop; on Intel instructions are
  counted at two cycles for 16 threads, and spills as instructions alone, so that is a lower bound.
- *peak*: what the products would take if the GPU did nothing else; *memory*: what is read and written, each once.
- *registers*: the most that a kernel has alive, of 128 on Intel; of vectors of threads on AMD.

What this cannot know: caches and their misses, conflicts of workgroup memory, the time between dispatches, clocks, other
drivers (Windows, macOS) and other browsers. Nothing was run. Trust ratios of one kernel before and after a change, and
counts, more than milliseconds.

| look | GPU | estimate, ms | peak | memory | registers, at most | spilled |
|---|---|---|---|---|---|---|
`;
