// How many products heavy layers have for each vector instruction, and which of them the bar lets off.

import { DEVICES, type RatedDevice } from './devices.ts';
import { isMemoryBound } from './estimate.ts';
import type { KernelResult } from './measure.ts';

/** Multiply-adds from which on a layer's loop has to be dense. */
const HEAVY = 8e6;

export const heavyLayers = (results: readonly KernelResult[]): KernelResult[] =>
  results.filter(({ kernel }) => kernel.product !== null && kernel.multiplyAdds > HEAVY);

/** Products for each vector instruction that heavy layers have on RDNA2. */
export const DENSITY = 0.7;
/** The same of the input convolution: its loop has sums of few terms, and the epilogue of each. */
const INPUT_CONV_DENSITY = 0.5;

/** The same on Xe, by the outputs of a thread: what its kernels have now, rounded down. The GEMM's threads have 16. */
export const XE_DENSITY: Readonly<Record<number, number>> = { 16: 0.44, 4: 0.32, 2: 0.28, 1: 0.2 };

export function outputsOf({ kernel }: KernelResult): number {
  const tile = kernel.product?.tile;
  if (!tile) throw new Error(`${kernel.label} is no convolution.`);
  return tile === 'gemm' ? 16 : tile.wide * tile.tall * tile.deep;
}

/** Whether a layer reads each weight for so few outputs that memory takes its time, whatever the kernel. As halves its
 * weights would take fewer instructions, and twice the time. */
const waitsForMemory = (device: RatedDevice, { kernel }: KernelResult): boolean =>
  isMemoryBound(device, kernel.multiplyAdds, kernel.leastBytes, DENSITY);

/** Why RDNA2's bar lets a layer off; null where it does not. */
export function reasonBelow(one: KernelResult): string | null {
  if (one.kernel.isInputConv)
    return one.perInstruction < INPUT_CONV_DENSITY
      ? null
      : `it is the input convolution, whose sums have few terms: ${INPUT_CONV_DENSITY} is its bar`;
  return waitsForMemory(DEVICES.deck, one) ? 'it waits for memory, whatever the kernel' : null;
}
