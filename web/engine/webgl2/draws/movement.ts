// GLSL for operations that move elements: from the output's element back to the input's. Views and joins are
// in `movement-extended.ts`.

import type { IndexMap } from '../../graph/ir/operation.ts';
import { literal } from './glsl-math.ts';

export const vector = (values: readonly number[]): string => `ivec4(${values.join(', ')})`;
export const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

/** Every lane by itself: `element` sees o = (n, channel, y, x) of the output and gives a scalar. */
export function perLane(element: string): string {
  return `  vec4 made = vec4(0);
  for (int lane = 0; lane < 4; lane++) {
    ivec4 o = ivec4(n, c * 4 + lane, y, x);
    if (o.y < sizes[0].y) {
${element}
    }
  }
  return made;`;
}

/** The input with something around it. */
export function surroundedCode(map: Exclude<IndexMap, { kind: 'view' }>): string {
  if (map.kind === 'extend') return perLane(`${extendCode(map)}\n      made[lane] = ${READ};`);
  return perLane(`      ivec4 i = o - ${vector(map.before)};
      bool inside = all(greaterThanEqual(i, ivec4(0))) && all(lessThan(i, sizes[2]));
      made[lane] = ${literal(map.value)};
      if (inside) {
        made[lane] = ${READ};
      }`);
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
