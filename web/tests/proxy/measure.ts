// What the compiler of a device makes of all kernels of looks.

import type { Precision } from '../../engine/painter.ts';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import {
  ADRENO_CONFIG,
  GPU_CONFIG,
  LARGE_GPU_CONFIG,
  MALI_CONFIG,
} from '../../engine/webgpu/tuning/defaults.ts';
import type { LoopCounts } from './assembly.ts';
import { type Compiled, READERS } from './compiled.ts';
import { compileOn } from './compiler.ts';
import type { Device, RatedDevice } from './devices.ts';
import { estimateMs } from './estimate.ts';
import { type FrameKernel, kernelsOf } from './kernels.ts';

export interface KernelResult {
  readonly kernel: FrameKernel;
  readonly compiled: Compiled;
  /** What time is estimated from: a kernel's busiest loop, or all of it as one round. */
  readonly loop: LoopCounts;
  readonly registers: number;
  readonly spills: number;
  /** Of that loop; null where it is not known. */
  readonly rounds: number | null;
  /** Products of outputs for each instruction of the busiest loop, of vectors of threads; 0 for other kernels. */
  readonly perInstruction: number;
}

const CONFIGS: Readonly<Record<Device['vendor'], KernelConfig>> = {
  amd: LARGE_GPU_CONFIG,
  intel: GPU_CONFIG,
  qualcomm: ADRENO_CONFIG,
  arm: MALI_CONFIG,
};

/** Rounds of the loop that the compiler made one of. It can where the number of rounds is part of the text. */
const countUnrolledRounds = ({ code, product }: FrameKernel, { products }: LoopCounts): number =>
  product && code.includes('const sizes') ? Math.max(1, Math.floor(products / product.inRound)) : 1;

/** Milliseconds of a kernel. */
export const msOf = (device: RatedDevice, { kernel, compiled, loop, rounds }: KernelResult): number =>
  estimateMs(device, kernel, compiled, loop, rounds);

/** The kernels of each look's frame, by its name. */
export async function measure(
  device: Device,
  precision: Precision,
  looks: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  folder: string,
): Promise<Map<string, KernelResult[]>> {
  const config: KernelConfig = { ...CONFIGS[device.vendor], precision };
  const frames = await Promise.all(
    [...looks].map(async ([name, bytes]) => ({ name, kernels: await kernelsOf(bytes, config) })),
  );
  const compiledOf = compileOn(
    device,
    folder,
    frames.flatMap(({ kernels }) => kernels),
  );
  const reader = READERS[device.vendor];
  const resultOf = (kernel: FrameKernel): KernelResult => {
    const compiled = compiledOf(kernel);
    const { product, trips } = kernel;
    const busiest = reader.countLoop(compiled);
    const program = trips && reader.countProgram?.(compiled, trips);
    return {
      kernel,
      compiled,
      loop: program ?? busiest,
      registers: reader.registers(compiled),
      spills: reader.spills(compiled),
      rounds: program ? 1 : product && product.rounds / countUnrolledRounds(kernel, busiest),
      perInstruction: product
        ? (countUnrolledRounds(kernel, busiest) * product.inRound) / busiest.instructions
        : 0,
    };
  };
  return new Map(frames.map(({ name, kernels }) => [name, kernels.map(resultOf)]));
}
