// What the compiler of a device makes of all kernels of looks.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Precision } from '../../engine/painter.ts';
import type { KernelConfig } from '../../engine/webgpu/kernels/config.ts';
import { GPU_CONFIG, LARGE_GPU_CONFIG } from '../../engine/webgpu/tuning/defaults.ts';
import { countAmd, countIntel } from './assembly.ts';
import { type Device, environmentOf } from './devices.ts';
import { type Compiled, estimateMs, unrolled } from './estimate.ts';
import { type FrameKernel, kernelsOf } from './kernels.ts';

export interface KernelResult {
  readonly kernel: FrameKernel;
  readonly registers: number;
  readonly spills: number;
  /** Products of outputs for each instruction of the busiest loop, of vectors of threads; 0 for other kernels. */
  readonly perInstruction: number;
  readonly ms: number;
}

/** What the compiler says of each different text. `folder` is what setup.sh made. */
function compileOn(device: Device, folder: string, codes: readonly string[]): Map<string, Compiled> {
  const distinct = [...new Set(codes)];
  const work = mkdtempSync(join(tmpdir(), 'proxy-'));
  try {
    const file = (name: string) => join(work, `${name}.json`);
    writeFileSync(file('codes'), JSON.stringify(distinct));
    const script = fileURLToPath(new URL('compile.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, file('codes'), file('compiled')], {
      env: environmentOf(device, folder, file('report')),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${device.name} does not compile: ${stderr}`);
    const made: Compiled[] = JSON.parse(readFileSync(file('compiled'), 'utf8'));
    return new Map(made.map((one, i) => [distinct[i] ?? '', one]));
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** The kernels of each look's frame, by its name. */
export async function measure(
  device: Device,
  precision: Precision,
  looks: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
  folder: string,
): Promise<Map<string, KernelResult[]>> {
  const isAmd = device.vendor === 'amd';
  const config: KernelConfig = { ...(isAmd ? LARGE_GPU_CONFIG : GPU_CONFIG), precision };
  const frames = await Promise.all(
    [...looks].map(async ([name, bytes]) => ({ name, kernels: await kernelsOf(bytes, config) })),
  );
  const codes = frames.flatMap(({ kernels }) => kernels.map(({ code }) => code));
  const compiled = compileOn(device, folder, codes);
  const resultOf = (kernel: FrameKernel): KernelResult => {
    const made = compiled.get(kernel.code);
    if (!made) throw new Error(`${kernel.label} was not compiled.`);
    const loop = isAmd ? countAmd(made.assembly) : countIntel(made.assembly);
    const sumOf = (...names: string[]) => names.reduce((sum, name) => sum + (made.statistics[name] ?? 0), 0);
    return {
      kernel,
      registers: sumOf(isAmd ? 'VGPRs' : 'Max live registers'),
      spills: sumOf('Spilled VGPRs', 'Spilled SGPRs', 'Spill Count'),
      perInstruction: kernel.product
        ? (unrolled(kernel, loop) * kernel.product.inRound) / loop.instructions
        : 0,
      ms: estimateMs(device, kernel, made, loop),
    };
  };
  return new Map(frames.map(({ name, kernels }) => [name, kernels.map(resultOf)]));
}
