// From what a compiler made to the time of a kernel: counts of its busiest loop, beside the limits of the device. Nothing
// was ever run, so ratios of kernels of one kind are worth more than milliseconds. docs/benchmarks/gpus.md says what the
// estimate leaves out.

import { type LoopCounts, WAVE_CYCLES } from './assembly.ts';
import type { Device } from './devices.ts';
import type { FrameKernel } from './kernels.ts';

/** What a driver says of one kernel. */
export interface Compiled {
  readonly subgroup: number;
  readonly statistics: Readonly<Record<string, number>>;
  readonly assembly: string;
}

/** Cycles to start and end a wave: a rule of thumb. */
const WAVE_OVERHEAD = 1200;
/** Bytes that the cache of a unit gives in a cycle. */
const CACHE_BYTES = 64;
/** Threads of AMD's waves, and of Intel's as they are compiled here. */
const AMD_THREADS = 64;

/** Milliseconds that arithmetic takes at the device's peak: 64 products a cycle for AMD's units, 8 for Intel's. */
export const peakMs = ({ vendor, units, ghz }: Device, multiplyAdds: number): number =>
  multiplyAdds / (units * (vendor === 'amd' ? 64 : 8) * ghz * 1e6);

/** Milliseconds that memory takes for what a kernel reads and writes once. */
export const memoryMs = ({ gbs }: Device, bytes: number): number => bytes / (gbs * 1e6);

export function estimateMs(device: Device, kernel: FrameKernel, made: Compiled, loop: LoopCounts): number {
  const arithmetic =
    device.vendor === 'amd' ? amdMs(device, kernel, made, loop) : intelMs(device, kernel, made, loop);
  return Math.max(arithmetic, memoryMs(device, kernel.bytes));
}

const threadsOf = ({ code }: FrameKernel): number => {
  const [, size = '64'] = /@workgroup_size\((\w+)\)/.exec(code) ?? [];
  return Number(new RegExp(`const ${size} = (\\d+);`).exec(code)?.[1] ?? size);
};

/** Rounds of the loop that the compiler made one of. It can where the number of rounds is part of the text. */
export const unrolled = ({ code, product }: FrameKernel, { products }: LoopCounts): number =>
  product && code.includes('const sizes') ? Math.max(1, Math.floor(products / product.inRound)) : 1;

/** Waves are played through the loop together: they hide each other's waiting, as many as registers allow. */
function amdMs(device: Device, kernel: FrameKernel, { statistics }: Compiled, loop: LoopCounts): number {
  const waves = kernel.workgroups * Math.ceil(threadsOf(kernel) / AMD_THREADS);
  const perUnit = Math.ceil(waves / (device.units * 2));
  const cycles = (() => {
    if (!kernel.product) return (statistics['Inverse Throughput'] ?? 0) * perUnit;
    const rounds = kernel.product.rounds / unrolled(kernel, loop);
    const together = Math.max(1, (statistics['Subgroups per SIMD'] ?? 2) / 2);
    // Two halves of a unit share a cache, which gives 64 bytes a cycle.
    const loads = (2 * AMD_THREADS * loop.bytes) / CACHE_BYTES;
    const batch = (count: number) =>
      rounds * Math.max(loop.instructions * WAVE_CYCLES * count, loads * count, loop.latency) + WAVE_OVERHEAD;
    const rest = perUnit % together;
    return Math.floor(perUnit / together) * batch(together) + (rest > 0 ? batch(rest) : 0);
  })();
  return cycles / (device.ghz * 1e6);
}

/** A lower bound: each instruction takes two cycles for 16 threads, and units without a thread are idle. */
function intelMs(device: Device, kernel: FrameKernel, made: Compiled, loop: LoopCounts): number {
  const threads = kernel.workgroups * Math.ceil(threadsOf(kernel) / made.subgroup);
  const instructions = kernel.product
    ? (kernel.product.rounds / unrolled(kernel, loop)) * loop.instructions
    : (made.statistics['Instruction Count'] ?? 0);
  const cycles = (threads * instructions * made.subgroup) / 8;
  return cycles / (Math.min(device.units, threads) * device.ghz * 1e6);
}
