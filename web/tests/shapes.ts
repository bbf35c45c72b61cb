import type { ConvClass, KernelConfig } from '../engine/webgpu/kernels/config.ts';
import { neighbours } from '../engine/webgpu/tuning/tuner.ts';

/** The configuration with each class in the tuner's i-th neighbouring shape. */
export function near(config: KernelConfig, i: number): KernelConfig {
  const { shapes } = config;
  const one = (name: ConvClass) => neighbours(name, shapes[name])[i] ?? shapes[name];
  const moved = { heavy: one('heavy'), fine: one('fine'), coarse: one('coarse'), tiny: one('tiny') };
  return { ...config, shapes: moved };
}
