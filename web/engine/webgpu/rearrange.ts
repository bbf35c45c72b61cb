// WGSL for operations that move elements: from the output's element back to the input's. Views and joins are
// in `uncommon.ts`.

import type { IndexMap } from '../graph/operation.ts';
import { literal } from './shader.ts';

/** Every lane by itself: `element` sees o = (n, channel, y, x) of the output and gives a scalar. */
export function perLane(element: string): string {
  return `  var made = vec4f(0);
  for (var lane = 0; lane < 4; lane++) {
    let o = vec4i(n, c * 4 + lane, y, x);
    if (o.y < sizes[0].y) {
${element}
    }
  }
  return made;`;
}

export const vector = (values: readonly number[]): string => `vec4i(${values.join(', ')})`;
export const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

/** The input with something around it. */
export function surroundedCode(map: Exclude<IndexMap, { kind: 'view' }>): string {
  if (map.kind === 'extend') {
    return perLane(`${extendCode(map)}
      made[lane] = ${READ};`);
  }
  return perLane(`      let i = o - ${vector(map.before)};
      let inside = all(i >= vec4i(0)) && all(i < sizes[2]);
      made[lane] = ${literal(map.value)};
      if (inside) {
        made[lane] = ${READ};
      }`);
}

function extendCode({ before, mode }: Extract<IndexMap, { kind: 'extend' }>): string {
  const start = `      let place = o - ${vector(before)};`;
  const last = 'sizes[2] - vec4i(1)';
  if (mode === 'edge') return `${start}\n      let i = clamp(place, vec4i(0), ${last});`;
  if (mode === 'wrap') return `${start}\n      let i = (place % sizes[2] + sizes[2]) % sizes[2];`;
  return `${start}
      let last = ${last};
      let inner = abs(place);
      let i = max(select(inner, 2 * last - inner, inner > last), vec4i(0));`;
}
