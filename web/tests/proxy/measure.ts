// What the compiler of a device makes of all kernels of looks.

import type { Precision } from '../../engine/painter.ts';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { GPU_CONFIG, LARGE_GPU_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import type { LoopCounts } from './assembly.ts';
import { type Compiled, READERS } from './compiled.ts';
import { compileOn } from './compiler.ts';
import type { Device } from './devices.ts';
import { type FrameKernel, kernelsOf } from './kernels.ts';

export interface KernelResult {
  readonly kernel: FrameKernel;
  readonly compiled: Compiled;
  readonly loop: LoopCounts;
  readonly registers: number;
  readonly spills: number;
  /** Products of outputs for each instruction of the busiest loop, of vectors of threads; 0 for other kernels. */
  readonly perInstruction: number;
}

/** The kernels of each look's frame, by its name. */
export async function measure(
  device: Device,
  precision: Precision,
  looks: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  folder: string,
): Promise<Map<string, KernelResult[]>> {
  const config: KernelConfig = { ...(device.vendor === 'amd' ? LARGE_GPU_CONFIG : GPU_CONFIG), precision };
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
    const loop = reader.countLoop(compiled);
    return {
      kernel,
      compiled,
      loop,
      registers: reader.registers(compiled),
      spills: reader.spills(compiled),
      perInstruction: kernel.product ? kernel.product.inRound / loop.instructions : 0,
    };
  };
  return new Map(frames.map(({ name, kernels }) => [name, kernels.map(resultOf)]));
}
