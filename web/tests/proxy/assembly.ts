// Counts in what the drivers' compilers make: the instructions of a kernel's innermost loop that has most products.

/** Instructions of a loop, in one round. */
export interface LoopCounts {
  /** Multiply-adds of a thread. */
  readonly products: number;
  /** Instructions that work on vectors of threads (AMD), or all but waits (Intel). */
  readonly instructions: number;
  /** Cycles that these keep half a compute unit (AMD) or an execution unit (Intel) busy, for all threads of a wave. */
  readonly cycles: number;
  /** Cycles of one wave alone in a compute unit; AMD only. */
  readonly latency: number;
  /** Bytes that one thread loads from memory; AMD only. */
  readonly bytes: number;
}

const NONE: LoopCounts = { products: 0, instructions: 0, cycles: 0, latency: 0, bytes: 0 };

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
    if (isBusier(counts, best)) best = counts;
  });
  return best;
}

/** The lines of a program as they run: its loops go round as often as `trips` says, in the order of their heads, and of
 * branches both sides are taken. */
function unrollLoops(
  lines: readonly string[],
  label: RegExp,
  jump: RegExp,
  trips: readonly number[],
): string[] {
  const heads = new Map<string, number>();
  lines.forEach((line, i) => {
    const name = label.exec(line)?.[1];
    if (name) heads.set(name, i);
  });
  const ends = new Map<number, number>();
  lines.forEach((line, i) => {
    const head = heads.get(jump.exec(line)?.[1] ?? '');
    if (head !== undefined && head <= i) ends.set(head, i);
  });
  const loops = [...ends.keys()].sort((a, b) => a - b);
  const known = [...trips];
  // Of those that go round once, compilers may make no loop.
  while (known.length > loops.length && known.includes(1)) known.splice(known.lastIndexOf(1), 1);
  if (loops.length !== known.length) {
    throw new Error(`The program has ${loops.length} loops, and ${trips.length} are known.`);
  }
  const expand = (from: number, to: number): string[] => {
    const run: string[] = [];
    for (let i = from; i < to; i++) {
      const line = lines[i] ?? '';
      const end = label.test(line) ? ends.get(i) : undefined;
      if (end === undefined) {
        if (!label.test(line)) run.push(line);
        continue;
      }
      const round = expand(i + 1, end + 1);
      const count = known[loops.indexOf(i)] ?? 0;
      for (let trip = 0; trip < count; trip++) run.push(...round);
      i = end;
    }
    return run;
  };
  return expand(0, lines.length);
}

const isBusier = (one: LoopCounts, other: LoopCounts): boolean =>
  one.products > other.products || (one.products === other.products && one.instructions < other.instructions);

const AMD_LABEL = /^(BB\d+):/;
const AMD_JUMP = /^s_c?branch\S* (BB\d+)/;

/** Of AMD's drivers (ACO). */
export const countAmd = (assembly: string): LoopCounts =>
  busiestLoop(cleanLines(assembly), AMD_LABEL, AMD_JUMP, ops => countAmdOps(ops, 3));

/** Of a whole program of AMD's, as one round. */
export const countAmdProgram = (assembly: string, trips: readonly number[]): LoopCounts =>
  countAmdOps(unrollLoops(cleanLines(assembly), AMD_LABEL, AMD_JUMP, trips), 1);

function countAmdOps(ops: readonly string[], rounds: number): LoopCounts {
  const names = ops.map(op => op.split(' ')[0] ?? '');
  const dual = ops.filter(op => op.startsWith('v_dual')).flatMap(op => op.split('::'));
  const count = (pattern: RegExp, among = names) => among.filter(one => pattern.test(one)).length;
  const instructions = count(/^v_/);
  return {
    products:
      count(/^v_(fma|fmac|mac|mad|fmamk|fmaak|madmk|madak|fma_mix)_?f?(32|16)/) +
      2 * count(/^v_pk_fma_f16/) +
      count(/v_dual_(fma|fmac|fmaak|fmamk)/, dual),
    instructions,
    cycles: instructions * WAVE_CYCLES,
    latency: playWave(ops, rounds),
    bytes: names.reduce((sum, name) => sum + loadedBytes(name), 0),
  };
}

const INTEL_LABEL = /^(LABEL\d+):/;
const INTEL_JUMP = /^(?:\([^)]*\)\s*)?while\(\d+\)\s+JIP:\s+(LABEL\d+)/;

/** Of Intel's (brw), of a kernel whose waves have `subgroup` threads. */
export const countIntel = (assembly: string, subgroup: number): LoopCounts =>
  busiestLoop(cleanLines(assembly), INTEL_LABEL, INTEL_JUMP, ops => countIntelOps(ops, subgroup));

/** Of a whole program of Intel's, as one round. */
export const countIntelProgram = (assembly: string, subgroup: number, trips: readonly number[]): LoopCounts =>
  countIntelOps(unrollLoops(cleanLines(assembly), INTEL_LABEL, INTEL_JUMP, trips), subgroup);

function countIntelOps(ops: readonly string[], subgroup: number): LoopCounts {
  const names = ops.map(op => op.replace(/^\([^)]*\)\s*/, '')).filter(op => /^(?!sync)[a-z]/.test(op));
  const sum = (values: number[]) => values.reduce((total, value) => total + value, 0);
  return {
    products: sum(names.filter(op => op.startsWith('mad(')).map(widthOf)) / subgroup,
    instructions: names.length,
    cycles: sum(names.map(op => Math.max(1, widthOf(op) / (isHalf(op) ? 16 : 8)))),
    latency: 0,
    bytes: 0,
  };
}

/** Bytes that an instruction of AMD's loads from memory for a thread; of RDNA3 the names have bits. */
function loadedBytes(name: string): number {
  const [, words = '1', bits] = /^(?:buffer|global)_load_(?:dword(?:x(\d))?|b(\d+)|.*)/.exec(name) ?? [
    null,
    '0',
  ];
  return bits === undefined ? 4 * Number(words) : Number(bits) / 8;
}

/** The threads that an instruction of Intel's works for. */
const widthOf = (op: string): number => Number(/^\w+\((\d+)\)/.exec(op)?.[1] ?? 1);

/** Whether it is arithmetic on half floats. */
const isHalf = (op: string): boolean => /^(mad|mul|add)\(\d+\)\s+\S+HF\b/.test(op);

/** Of Mesa's for Adreno (ir3), where an instruction may be repeated, and so may waiting. */
export const countAdreno = (assembly: string): LoopCounts =>
  busiestLoop(cleanLines(assembly), /^(l\d+):/, /^(?:\([^)]*\))*(?:br\w*|jump)\b.*#(l\d+)$/, ops => {
    const times = (op: string) => 1 + Number(/\(rpt(\d)\)/.exec(op)?.[1] ?? 0);
    const work = ops.filter(op => !/^(\([^)]*\) ?)*nop\b/.test(op));
    const sum = (values: string[]) => values.reduce((total, op) => total + times(op), 0);
    const instructions = sum(work);
    return {
      products: sum(work.filter(op => /\bmad\.f(32|16)\b/.test(op))),
      instructions,
      cycles: instructions,
      latency: 0,
      bytes: 0,
    };
  });

/** Of Mesa's for Mali (Valhall), whose jumps count instructions. */
export function countMali(assembly: string): LoopCounts {
  const ops = cleanLines(assembly);
  let best = NONE;
  ops.forEach((op, i) => {
    const offset = Number(/^(?:BRANCHZ|JUMP)\b.* offset:(-\d+)$/.exec(op)?.[1] ?? 0);
    if (offset === 0) return;
    const loop = ops.slice(i + 1 + offset, i);
    const products = loop.filter(one => /^FMA\.f32\b/.test(one)).length;
    const pairs = loop.filter(one => /^FMA\.v2f16\b/.test(one)).length;
    const counts = {
      products: products + 2 * pairs,
      instructions: loop.length,
      cycles: loop.length,
      latency: 0,
      bytes: 0,
    };
    if (isBusier(counts, best)) best = counts;
  });
  return best;
}

/** Mali's compiler does not count registers: the highest that it names, and those below. */
export const registersOfMali = (assembly: string): number =>
  Math.max(-1, ...[...assembly.matchAll(/\br(\d+)\b/g)].map(([, number]) => Number(number))) + 1;

const cleanLines = (assembly: string): string[] =>
  assembly
    .split('\n')
    .map(line => line.replace(/;.*/, '').trim())
    .filter(line => line !== '');

/** Cycles until memory answers, by kind: rules of thumb for RDNA2. */
const LATENCY = { memory: 320, scalar: 60, shared: 64 };
/** Cycles that an instruction for 64 threads keeps half a compute unit busy. */
export const WAVE_CYCLES = 2;

/** Cycles of the last of some rounds if a wave has its unit to itself. In the third round of a loop loads overlap. */
function playWave(ops: readonly string[], rounds: number): number {
  let time = 0;
  let begun = 0;
  const memory: number[] = [];
  const shared: number[] = [];
  const wait = (pending: number[], left: string | undefined) => {
    while (left !== undefined && pending.length > Number(left)) time = Math.max(time, pending.shift() ?? 0);
  };
  for (let round = 0; round < rounds; round++) {
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
