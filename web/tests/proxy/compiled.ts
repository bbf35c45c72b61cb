// What a device's compiler says of a kernel, in the words of no vendor.

import {
  countAdreno,
  countAmd,
  countAmdProgram,
  countIntel,
  countIntelProgram,
  countMali,
  type LoopCounts,
  registersOfMali,
} from './assembly.ts';
import type { Device } from './devices.ts';

/** What a driver says. */
export interface Compiled {
  readonly subgroup: number;
  readonly statistics: Readonly<Record<string, number>>;
  readonly assembly: string;
}

/** How a vendor's reports are read. */
interface Reader {
  countLoop(compiled: Compiled): LoopCounts;
  /** The whole program as one round: its loops go round as often as `trips` says, in the order of their heads. */
  countProgram?(compiled: Compiled, trips: readonly number[]): LoopCounts;
  /** The most registers of 32 bits that a thread has alive: AMD's of vectors, Intel's of 8 threads. */
  registers(compiled: Compiled): number;
  /** Registers that were written to memory for want of room, or on Adreno and Mali the instructions that do it. */
  spills(compiled: Compiled): number;
}

const sumOf = ({ statistics }: Compiled, ...names: string[]): number =>
  names.reduce((sum, name) => sum + (statistics[name] ?? 0), 0);

export const READERS: Readonly<Record<Device['vendor'], Reader>> = {
  amd: {
    countLoop: ({ assembly }) => countAmd(assembly),
    countProgram: ({ assembly }, trips) => countAmdProgram(assembly, trips),
    registers: compiled => sumOf(compiled, 'VGPRs'),
    spills: compiled => sumOf(compiled, 'Spilled VGPRs', 'Spilled SGPRs'),
  },
  intel: {
    countLoop: ({ assembly, subgroup }) => countIntel(assembly, subgroup),
    countProgram: ({ assembly, subgroup }, trips) => countIntelProgram(assembly, subgroup, trips),
    registers: compiled => sumOf(compiled, 'Max live registers'),
    spills: compiled => sumOf(compiled, 'Spill Count'),
  },
  qualcomm: {
    countLoop: ({ assembly }) => countAdreno(assembly),
    // They are counted in vectors of four.
    registers: compiled => 4 * sumOf(compiled, 'Registers used'),
    spills: compiled => sumOf(compiled, 'STP Count', 'LDP Count'),
  },
  arm: {
    countLoop: ({ assembly }) => countMali(assembly),
    registers: ({ assembly }) => registersOfMali(assembly),
    // Its statistics have none.
    spills: ({ assembly }) => assembly.match(/\bthread_local_pointer\b/g)?.length ?? 0,
  },
};
