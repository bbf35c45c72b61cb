// GLSL for views, joins and pooling by maximum, which looks of our own do without: from the output's element
// back to the input's.

import { addressOf } from '../../codegen/view-address.ts';
import type { Join, MaxPool, Rearrange, View } from '../../graph/ir/operation.ts';
import { LANES } from '../../graph/ir/tensor.ts';
import { perLane, READ, vector } from './movement.ts';

export function viewCode({ inputs, output }: Rearrange, view: View): string {
  const { rest, place, at } = addressOf(view, inputs[0]?.shape ?? output.shape, output.shape);
  const lines = [
    ...(rest ? [`      int rest = ${rest};`] : []),
    ...(place ? [`      int place = ${place};`] : []),
    `      ivec4 i = ivec4(${at.join(', ')});`,
    `      made[lane] = ${READ};`,
  ];
  return perLane(lines.join('\n'));
}

/** The parts one after the other along the axis. */
export function joinCode({ axis, inputs }: Join): string {
  const letter = 'xyzw'[axis] ?? 'y';
  let at = 0;
  const parts = inputs.map((tensor, k) => {
    const start = at;
    at += tensor.shape[axis];
    const inner = [0, 1, 2, 3].map(a => (a === axis ? start : 0));
    return `      if (o.${letter} >= ${start} && o.${letter} < ${at}) {
        ivec4 i = o - ${vector(inner)};
        made[lane] = read_${k}(i.x, i.z, i.w, i.y / ${LANES})[i.y % ${LANES}];
      }`;
  });
  return perLane(parts.join('\n'));
}

export function maxPoolCode({ kernel, strides, before, dilations }: MaxPool): string {
  return `  vec4 made = vec4(-3.4028234e38);
  for (int j = 0; j < ${kernel[0]}; j++) {
    for (int i = 0; i < ${kernel[1]}; i++) {
      int from_y = y * ${strides[0]} + j * ${dilations[0]} - ${before[0]};
      int from_x = x * ${strides[1]} + i * ${dilations[1]} - ${before[1]};
      if (from_y >= 0 && from_x >= 0 && from_y < sizes[2].z && from_x < sizes[2].w) {
        made = max(made, read_0(n, from_y, from_x, c));
      }
    }
  }
  return made;`;
}
