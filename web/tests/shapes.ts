import type { Class, Style } from '../engine/webgpu/kernels/config.ts';
import { neighbours } from '../engine/webgpu/tuning/tuner.ts';

/** The style with each class in the shape that the tuner tries in that place. */
export function near(style: Style, i: number): Style {
  const { shapes } = style;
  const one = (name: Class) => neighbours(name, shapes[name])[i] ?? shapes[name];
  const moved = { heavy: one('heavy'), fine: one('fine'), coarse: one('coarse'), tiny: one('tiny') };
  return { ...style, shapes: moved };
}
