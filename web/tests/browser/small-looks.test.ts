// Looks so small that a kernel extends beyond the picture on every side, compared with the definition of convolution
// on both backends.

import { expect, test } from 'vitest';
import { type Backend, createPainter, readLook } from '../../engine/index.ts';
import { graphOf, model, node, tensor, value } from '../onnx.ts';

interface Shape {
  readonly pixels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
  readonly pad: number;
}

const SHAPES: readonly Shape[] = [
  { pixels: 2, kernel: 4, stride: 2, dilation: 1, pad: 1 },
  { pixels: 8, kernel: 3, stride: 1, dilation: 8, pad: 8 },
  { pixels: 4, kernel: 7, stride: 1, dilation: 1, pad: 3 },
];
const BACKENDS: readonly Backend[] = ['webgpu', 'webgl2'];
const INNER = 5;

/** Numbers in [-0.5, 0.5) without a simple pattern. */
const numbers = (count: number): Float32Array =>
  Float32Array.from({ length: count }, (_, i) => ((i * 0.618034) % 1) - 0.5);

/** All products of a tap with a pixel, as indices into the kernel, the large picture and the small one. */
function findProducts({ pixels, kernel, stride, dilation, pad }: Shape, small: number) {
  const found: { tap: number; large: number; small: number }[] = [];
  for (let y = 0; y < small; y++)
    for (let x = 0; x < small; x++)
      for (let j = 0; j < kernel; j++)
        for (let i = 0; i < kernel; i++) {
          const [row, column] = [y * stride - pad + j * dilation, x * stride - pad + i * dilation];
          if (Math.min(row, column) < 0 || Math.max(row, column) >= pixels) continue;
          found.push({ tap: j * kernel + i, large: row * pixels + column, small: y * small + x });
        }
  return found;
}

for (const shape of SHAPES) {
  const { pixels, kernel, stride, dilation, pad } = shape;
  for (const backend of BACKENDS) {
    test(`${backend}: a kernel of ${kernel} on ${pixels} pixels, ${dilation} apart`, async () => {
      const small = Math.floor((pixels + 2 * pad - dilation * (kernel - 1) - 1) / stride) + 1;
      const [down, up] = [numbers(INNER * 3 * kernel ** 2), numbers(INNER * 3 * kernel ** 2).reverse()];
      const dims = [1, 3, pixels, pixels];
      const settings = {
        strides: [stride, stride],
        dilations: [dilation, dilation],
        pads: Array(4).fill(pad),
      };
      const graph = graphOf({
        nodes: [
          node('Conv', ['image', 'down'], ['inner'], settings),
          node('ConvTranspose', ['inner', 'up'], ['painting'], settings),
        ],
        constants: [
          tensor('down', [INNER, 3, kernel, kernel], down),
          tensor('up', [INNER, 3, kernel, kernel], up),
        ],
        inputs: [value('image', dims)],
        outputs: [value('painting', dims)],
      });
      const image = numbers(3 * pixels ** 2).map(one => one + 0.5);
      const inner = new Float32Array(INNER * small ** 2);
      const expected = new Float32Array(3 * pixels ** 2);
      const products = findProducts(shape, small);
      for (let k = 0; k < INNER * 3; k++) {
        const [to, from] = [Math.floor(k / 3) * small ** 2, (k % 3) * pixels ** 2];
        for (const { tap, large, small: at } of products)
          inner[to + at] =
            (inner[to + at] ?? 0) + (image[from + large] ?? 0) * (down[k * kernel ** 2 + tap] ?? 0);
      }
      for (let k = 0; k < INNER * 3; k++) {
        const [from, to] = [Math.floor(k / 3) * small ** 2, (k % 3) * pixels ** 2];
        for (const { tap, large, small: at } of products)
          expected[to + large] =
            (expected[to + large] ?? 0) + (inner[from + at] ?? 0) * (up[k * kernel ** 2 + tap] ?? 0);
      }
      const painter = await createPainter(await readLook(model(graph)), { backend, upkeep: false });
      const { painting = new Float32Array() } = await painter.run({ image });
      painter.destroy();
      expect(painting.length).toBe(expected.length);
      painting.forEach((found, i) => {
        expect(found).toBeCloseTo(expected[i] ?? Number.NaN, 4);
      });
    });
  }
}
