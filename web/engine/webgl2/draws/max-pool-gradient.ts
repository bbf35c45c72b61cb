// The gradient of max pooling where windows lie side by side, as most do: a fragment fetches each value of its windows once.

import type { MaxPoolGradient } from '../../graph/ir/operation.ts';
import type { Draw } from './draw.ts';
import type { ShaderBuilder } from './shader.ts';
import { rowCode, texelCode } from './texel-row.ts';
import type { TextureLayout } from './texture-layout.ts';

/** Values that a fragment fetches, at most. */
const MAX_FETCHES = 64;

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Whether the draw is made for it: the pixels of a fragment are those of whole windows, none of which lies beyond an edge. */
export function hasWindowDraw(
  { kernel, strides, before, dilations, inputs, output }: MaxPoolGradient,
  { wide, deep }: TextureLayout,
): boolean {
  const isApart = `${kernel}` === `${strides}` && `${before}` === '0,0' && `${dilations}` === '1,1';
  const [, , h, w] = output.shape;
  const [, , rows, columns] = (inputs[1] ?? output).shape;
  const isInside = rows * kernel[0] <= h && columns * kernel[1] <= w;
  return isApart && isInside && wide % kernel[1] === 0 && kernel[0] * wide * deep <= MAX_FETCHES;
}

/** The first of several largest counts, as elsewhere. */
export function compileWindowGradient(shader: ShaderBuilder, operation: MaxPoolGradient): Draw | null {
  const { kernel, inputs, output } = operation;
  const { layout, layouts } = shader;
  const [from = output, gradient = output] = inputs;
  if (!layout) return null;
  const [values, windows] = [layouts.get(from), layouts.get(gradient)];
  const { wide, deep } = layout;
  const [rows, columns] = kernel;
  const isWhole = from.shape[3] % columns === 0;
  const blockCode = (d: number): string[] => {
    const block = `at.c + ${d}`;
    const image = 'at.n';
    const sources = upTo(rows).map(j =>
      rowCode(`row_${d}_${j}`, 0, values, { image, block, row: `window * ${rows} + ${j}` }),
    );
    const target = rowCode(`window_${d}`, 1, windows, { image, block, row: 'window' });
    const perWindow = upTo(wide / columns).flatMap(k => {
      const taps = upTo(rows).flatMap(j =>
        upTo(columns).map(i => {
          const pixel = k * columns + i;
          return `texelFetch(input_0, row_${d}_${j} + ${texelCode(`(at.x + ${pixel})`, values)}, 0)`;
        }),
      );
      const name = `${d}_${k}`;
      const column = `(at.x / ${columns} + ${k})`;
      const fetched = `texelFetch(input_1, window_${d} + ${texelCode(column, windows)}, 0)`;
      const inside = isWhole ? 'isRow' : `isRow && ${column} < sizes[4].w`;
      return [
        `vec4 most_${name} = ${taps[0]}, tap_${name} = vec4(0), value_${name};`,
        ...taps
          .slice(1)
          .map(
            (tap, i) =>
              `value_${name} = ${tap}; tap_${name} = mix(tap_${name}, vec4(${i + 1}), lessThan(most_${name}, value_${name})); most_${name} = max(most_${name}, value_${name});`,
          ),
        `vec4 gradient_${name} = mix(vec4(0), ${fetched}, bvec4(${inside}));`,
        ...upTo(columns).map(i => {
          const pixel = k * columns + i;
          const own = `mix(vec4(0), gradient_${name}, equal(tap_${name}, vec4(first + ${i}.0)))`;
          return `made[${pixel * deep + d}] = finish(${own}, at.n, at.y, at.x + ${pixel}, ${block});`;
        }),
      ];
    });
    return [...sources, target, ...perWindow];
  };
  return shader.draw(`void main() {
  OutputPosition at = outputPosition();
  if (!at.inside) {
    discard;
  }
  int window = at.y / ${rows};
  bool isRow = window < sizes[4].z;
  float first = float((at.y - window * ${rows}) * ${columns});
  vec4 made[OUTPUTS];
  ${upTo(deep).flatMap(blockCode).join('\n  ')}
  store(made);
}`);
}
