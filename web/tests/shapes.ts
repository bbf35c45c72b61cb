import type { ConvClass, KernelConfig } from '../engine/webgpu/kernels/config.ts';
import { neighbours } from '../engine/webgpu/tuning/tuner.ts';

/** The configuration with the tuner's i-th neighbour of each class's shape. */
export function near(config: KernelConfig, i: number): KernelConfig {
  const { shapes } = config;
  const neighbour = (name: ConvClass) => neighbours(name, shapes[name])[i] ?? shapes[name];
  return {
    ...config,
    shapes: {
      heavy: neighbour('heavy'),
      fine: neighbour('fine'),
      coarse: neighbour('coarse'),
      tiny: neighbour('tiny'),
    },
  };
}
