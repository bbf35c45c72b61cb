// GLSL for operations that move elements: from the output's element back to the input's.

import { type IndexMap, type Join, LANES, type MaxPool, type Rearrange } from '../graph/operation.ts';
import { addressOf } from '../graph/view.ts';
import { literal } from './arithmetic.ts';

const vector = (values: readonly number[]): string => `ivec4(${values.join(', ')})`;
const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

/** Every lane by itself: `element` sees o = (n, channel, y, x) of the output and gives a scalar. */
function perLane(element: string): string {
  return `  vec4 made = vec4(0);
  for (int lane = 0; lane < 4; lane++) {
    ivec4 o = ivec4(n, c * 4 + lane, y, x);
    if (o.y < sizes[0].y) {
${element}
    }
  }
  return made;`;
}

export function rearrangeCode({ map, inputs, output }: Rearrange): string {
  if (map.kind === 'pad') {
    return perLane(`      ivec4 i = o - ${vector(map.before)};
      bool inside = all(greaterThanEqual(i, ivec4(0))) && all(lessThan(i, sizes[2]));
      made[lane] = ${literal(map.value)};
      if (inside) {
        made[lane] = ${READ};
      }`);
  }
  if (map.kind === 'extend') return perLane(`${extendCode(map)}\n      made[lane] = ${READ};`);
  const { rest, place, at } = addressOf(map, inputs[0]?.shape ?? output.shape, output.shape);
  const lines = [
    ...(rest ? [`      int rest = ${rest};`] : []),
    ...(place ? [`      int place = ${place};`] : []),
    `      ivec4 i = ivec4(${at.join(', ')});`,
    `      made[lane] = ${READ};`,
  ];
  return perLane(lines.join('\n'));
}

function extendCode({ before, mode }: Extract<IndexMap, { kind: 'extend' }>): string {
  const start = `      ivec4 place = o - ${vector(before)};`;
  const last = 'sizes[2] - ivec4(1)';
  if (mode === 'edge') return `${start}\n      ivec4 i = clamp(place, ivec4(0), ${last});`;
  if (mode === 'wrap') {
    // GLSL leaves the remainder of a negative number open.
    const several = 'sizes[2] * (ivec4(1) + abs(place) / sizes[2])';
    return `${start}\n      ivec4 i = (place + ${several}) % sizes[2];`;
  }
  return `${start}
      ivec4 last = ${last};
      ivec4 i = max(last - abs(last - abs(place)), ivec4(0));`;
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
