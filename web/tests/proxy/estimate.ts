// From what a compiler made to the time of a kernel: counts of its busiest loop, beside the limits of the
// device. Nothing was ever run, so ratios of kernels of one kind are worth more than milliseconds.
// docs/benchmarks/gpus.md says what the estimate leaves out.

import type { LoopCounts } from './assembly.ts';
import type { Compiled } from './compiled.ts';
import type { RatedDevice } from './devices.ts';
import { type Dispatch, threadsOf } from './dispatch.ts';

/** Cycles to start and end a wave: a rule of thumb. */
const WAVE_OVERHEAD = 1200;
/** Bytes that the cache of a unit gives in a cycle. */
const CACHE_BYTES = 64;
/** Threads of AMD's waves, and of Intel's as they are compiled here. */
const AMD_THREADS = 64;

/** Milliseconds that arithmetic takes at the device's peak: 64 products a cycle for AMD's units, 8 for Intel's. */
export const peakMs = ({ vendor, units, ghz }: RatedDevice, multiplyAdds: number): number =>
  multiplyAdds / (units * (vendor === 'amd' ? 64 : 8) * ghz * 1e6);

/** Milliseconds that memory takes for what a kernel reads and writes once. */
export const memoryMs = ({ gbs }: RatedDevice, bytes: number): number => bytes / (gbs * 1e6);

/** Whether memory takes longer for `bytes` than products do at a part of the device's peak: then no kernel with that
 * density or more of products can be quicker than memory. */
export const isMemoryBound = (
  device: RatedDevice,
  multiplyAdds: number,
  bytes: number,
  density: number,
): boolean => memoryMs(device, bytes) > peakMs(device, multiplyAdds) / density;

/**
 * Milliseconds of a dispatch. `rounds` is how often a thread goes through its busiest loop, and null where that is not
 * known: then compilers' own counts are taken for AMD, and loops are counted once for Intel.
 */
export function estimateMs(
  device: RatedDevice,
  dispatch: Dispatch,
  compiled: Compiled,
  loop: LoopCounts,
  rounds: number | null,
): number {
  const cycles = device.vendor === 'amd' ? amdCycles : intelCycles;
  const arithmetic = cycles(device, dispatch, compiled, loop, rounds) / (device.ghz * 1e6);
  return Math.max(arithmetic, memoryMs(device, dispatch.bytes));
}

/** Waves are played through the loop together: they hide each other's waiting, as many as registers allow. */
function amdCycles(
  device: RatedDevice,
  dispatch: Dispatch,
  { statistics }: Compiled,
  loop: LoopCounts,
  rounds: number | null,
): number {
  const waves = dispatch.workgroups * Math.ceil(threadsOf(dispatch) / AMD_THREADS);
  const perUnit = Math.ceil(waves / (device.units * 2));
  if (rounds === null) return (statistics['Inverse Throughput'] ?? 0) * perUnit;
  const together = Math.max(1, (statistics['Subgroups per SIMD'] ?? 2) / 2);
  // Two halves of a unit share a cache.
  const loads = (2 * AMD_THREADS * loop.bytes) / CACHE_BYTES;
  const batch = (count: number) =>
    rounds * Math.max(loop.cycles * count, loads * count, loop.latency) + WAVE_OVERHEAD;
  const rest = perUnit % together;
  return Math.floor(perUnit / together) * batch(together) + (rest > 0 ? batch(rest) : 0);
}

/** A lower bound: an instruction takes a cycle for 8 floats or 16 half floats, and units without a thread are idle. */
function intelCycles(
  device: RatedDevice,
  dispatch: Dispatch,
  { subgroup, statistics }: Compiled,
  loop: LoopCounts,
  rounds: number | null,
): number {
  const threads = dispatch.workgroups * Math.ceil(threadsOf(dispatch) / subgroup);
  const cycles =
    rounds === null ? ((statistics['Instruction Count'] ?? 0) * subgroup) / 8 : rounds * loop.cycles;
  return (threads * cycles) / Math.min(device.units, threads);
}
