// Lowering of Resize as our own looks have it: each pixel becomes two by two. `resize.ts` has its other modes.

import { emitResample, makeBandedMatrix } from './banded-matrix.ts';
import type { NodeReader } from './builder.ts';

/** Whether it doubles height and width by repeating pixels. */
export function isDoubling(node: NodeReader): boolean {
  const modes = ['mode', 'coordinate_transformation_mode', 'nearest_mode'].map(name =>
    node.text(name, 'nearest'),
  );
  return (
    modes.join() === 'nearest,asymmetric,floor' &&
    node.has(2) &&
    node.tensor(0).dims.length === 4 &&
    node.floats(2).join() === '1,1,2,2'
  );
}

export function lowerDoubling(node: NodeReader): void {
  const tensor = node.tensor(0);
  const [n, c, height, width] = tensor.shape;
  const double = (size: number) =>
    makeBandedMatrix(
      node,
      [2 * size, 1, size],
      row => row >> 1,
      () => 1,
    );
  const bands = [double(height), double(width)] as const;
  node.define(emitResample(node, tensor, [n, c, 2 * height, 2 * width], bands));
}
