// WGSL for operations that move elements: from the output's element back to the input's. `extended.ts` has what
// our own looks do without.

import type { Shape } from '../../graph/ir/tensor.ts';

// WGSL for operations that move elements: from the output's element back to the input's. `extended.ts` has what
// our own looks do without.

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

/** The input's last rows and columns over again, all around it. */
export const edgeCode = (before: Shape): string =>
  perLane(`      let i = clamp(o - ${vector(before)}, vec4i(0), sizes[2] - vec4i(1));
      made[lane] = ${READ};`);
