// WGSL for operations that move elements: from the output's element back to the input's.

import {
  type IndexMap,
  type Join,
  LANES,
  type MaxPool,
  type Rearrange,
  type View,
} from '../graph/operation.ts';
import { addressOf } from '../graph/view.ts';
import { literal } from './shader.ts';

/** Every lane by itself: `element` sees o = (n, channel, y, x) of the output and gives a scalar. */
function perLane(element: string): string {
  return `  var made = vec4f(0);
  for (var lane = 0; lane < 4; lane++) {
    let o = vec4i(n, c * 4 + lane, y, x);
    if (o.y < sizes[0].y) {
${element}
    }
  }
  return made;`;
}

const vector = (values: readonly number[]): string => `vec4i(${values.join(', ')})`;
const READ = 'read_0(i.x, i.z, i.w, i.y / 4)[i.y % 4]';

export function rearrangeCode(operation: Rearrange): string {
  const { map } = operation;
  if (map.kind === 'pad') {
    return perLane(`      let i = o - ${vector(map.before)};
      let inside = all(i >= vec4i(0)) && all(i < sizes[2]);
      made[lane] = ${literal(map.value)};
      if (inside) {
        made[lane] = ${READ};
      }`);
  }
  const index = map.kind === 'extend' ? extendCode(map) : viewCode(map, operation);
  return perLane(`${index}
      made[lane] = ${READ};`);
}

/** Statements that declare `i`, the input's (n, channel, y, x). */
function viewCode(view: View, { inputs, output }: Rearrange): string {
  const { rest, place, at } = addressOf(view, inputs[0]?.shape ?? output.shape, output.shape);
  return [
    ...(rest ? [`      let rest = ${rest};`] : []),
    ...(place ? [`      let place = ${place};`] : []),
    `      let i = vec4i(${at.join(', ')});`,
  ].join('\n');
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

/** The parts one after the other along the axis. */
export function joinCode({ axis, inputs }: Join): string {
  const letter = 'xyzw'[axis] ?? 'y';
  let at = 0;
  const parts = inputs.map((tensor, k) => {
    const start = at;
    at += tensor.shape[axis];
    const inner = [0, 1, 2, 3].map(a => (a === axis ? start : 0));
    return `      if (o.${letter} >= ${start} && o.${letter} < ${at}) {
        let i = o - ${vector(inner)};
        made[lane] = read_${k}(i.x, i.z, i.w, i.y / ${LANES})[i.y % ${LANES}];
      }`;
  });
  return perLane(parts.join('\n'));
}

export function maxPoolCode({ kernel, strides, before, dilations }: MaxPool): string {
  return `  var made = vec4f(-3.4028234e38);
  for (var j = 0; j < ${kernel[0]}; j++) {
    for (var i = 0; i < ${kernel[1]}; i++) {
      let at = vec2i(y * ${strides[0]} + j * ${dilations[0]}, x * ${strides[1]} + i * ${dilations[1]}) - vec2i(${before[0]}, ${before[1]});
      if (all(at >= vec2i(0)) && at.x < sizes[2].z && at.y < sizes[2].w) {
        made = max(made, read_0(n, at.x, at.y, c));
      }
    }
  }
  return made;`;
}
