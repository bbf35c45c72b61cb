// Counts in what the drivers' compilers make: the instructions of a kernel's innermost loop that has most products.

/** Instructions of a loop, in one round. */
export interface LoopCounts {
  /** Multiply-adds: each is one for every thread. */
  readonly products: number;
  /** Instructions that work on vectors of threads (AMD), or all but waits (Intel). */
  readonly instructions: number;
  /** Cycles of one wave alone in a compute unit; AMD only. */
  readonly latency: number;
  /** Bytes that one thread loads from memory; AMD only. */
  readonly bytes: number;
}

const NONE: LoopCounts = { products: 0, instructions: 0, latency: 0, bytes: 0 };

/** The loop with most products; the shortest of those. A loop is the lines between a label and a jump back to it. */
function busiestLoop(
  lines: readonly string[],
  label: RegExp,
  jump: RegExp,
  count: (ops: string[]) => LoopCounts,
) {
  const labels = new Map<string, number>();
  lines.forEach((line, i) => {
    const name = label.exec(line)?.[1];
    if (name) labels.set(name, i);
  });
  let best = NONE;
  lines.forEach((line, i) => {
    const from = labels.get(jump.exec(line)?.[1] ?? '');
    if (from === undefined || from > i) return;
    const counts = count(lines.slice(from, i).filter(one => !label.test(one)));
    const isBusier = counts.products > best.products;
    const isShorter = counts.products === best.products && counts.instructions < best.instructions;
    if (isBusier || isShorter) best = counts;
  });
  return best;
}

/** Of AMD's drivers (ACO). */
export const countAmd = (assembly: string): LoopCounts =>
  busiestLoop(cleanLines(assembly), /^(BB\d+):/, /^s_c?branch\S* (BB\d+)/, ops => {
    const names = ops.map(op => op.split(' ')[0] ?? '');
    const dual = ops.filter(op => op.startsWith('v_dual')).flatMap(op => op.split('::'));
    return {
      products:
        names.filter(name =>
          /^v_(fma|fmac|mac|mad|fmamk|fmaak|madmk|madak|fma_mix|pk_fma)_?f?(32|16)/.test(name),
        ).length + dual.filter(half => /v_dual_(fma|fmac|fmaak|fmamk)/.test(half)).length,
      instructions: names.filter(name => name.startsWith('v_')).length,
      latency: playWave(ops),
      bytes: names.reduce((sum, name) => sum + loadedBytes(name), 0),
    };
  });

/** Of Intel's (brw). */
export const countIntel = (assembly: string): LoopCounts =>
  busiestLoop(
    cleanLines(assembly),
    /^(LABEL\d+):/,
    /^(?:\([^)]*\)\s*)?while\(\d+\)\s+JIP:\s+(LABEL\d+)/,
    ops => {
      const names = ops.map(op => op.replace(/^\([^)]*\)\s*/, '')).filter(op => /^[a-z]/.test(op));
      return {
        products: names.filter(op => /^mad\(/.test(op)).length,
        instructions: names.filter(op => !op.startsWith('sync')).length,
        latency: 0,
        bytes: 0,
      };
    },
  );

function loadedBytes(name: string): number {
  const [, words] = /^(?:buffer|global)_load_(?:dword|b32)(?:x(\d))?/.exec(name) ?? [];
  if (/_load_b(\d+)/.test(name)) return Number(/_load_b(\d+)/.exec(name)?.[1]) / 8;
  return /^(?:buffer|global)_load_/.test(name) ? 4 * Number(words ?? 1) : 0;
}

const cleanLines = (assembly: string): string[] =>
  assembly
    .split('\n')
    .map(line => line.replace(/;.*/, '').trim())
    .filter(line => line !== '');

/** Cycles until memory answers, by kind: rules of thumb for RDNA2. */
const LATENCY = { memory: 320, scalar: 60, shared: 64 };
/** Cycles that an instruction for 64 threads keeps half a compute unit busy. */
export const WAVE_CYCLES = 2;

/** Cycles of one round if a wave has its unit to itself. The third round counts: by then loads overlap. */
function playWave(ops: readonly string[]): number {
  let time = 0;
  let begun = 0;
  const memory: number[] = [];
  const shared: number[] = [];
  const wait = (pending: number[], left: string | undefined) => {
    while (left !== undefined && pending.length > Number(left)) time = Math.max(time, pending.shift() ?? 0);
  };
  for (let round = 0; round < 3; round++) {
    begun = time;
    for (const op of ops) {
      const name = op.split(' ')[0] ?? '';
      if (/^(buffer|global|flat|image|scratch)_/.test(name)) {
        time += 1;
        if (!name.includes('store')) memory.push(time + LATENCY.memory);
      } else if (/^s_(buffer_)?load/.test(name)) {
        time += 1;
        shared.push(time + LATENCY.scalar);
      } else if (name.startsWith('ds_')) {
        time += 2;
        shared.push(time + LATENCY.shared);
      } else if (name.startsWith('s_wait')) {
        wait(memory, /vmcnt\((\d+)\)/.exec(op)?.[1]);
        wait(shared, /lgkmcnt\((\d+)\)/.exec(op)?.[1]);
        time += 1;
      } else if (name.startsWith('v_')) time += isSlow(name) ? 4 * WAVE_CYCLES : WAVE_CYCLES;
      else time += 1;
    }
  }
  return time - begun;
}

const isSlow = (name: string): boolean => /mul_lo|mul_hi|mad_u64|rcp|exp|log|sqrt|rsq/.test(name);
