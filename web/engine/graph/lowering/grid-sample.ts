// Lowering of GridSample, which samples a picture at computed positions, and of AffineGrid, which makes the positions
// of an affine map.

import { constantOf } from '../../onnx/constant.ts';
import { binary, constant } from '../ir/expression.ts';
import type { GridSample, Sampling } from '../ir/operation.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { foldElementwise } from './constant-folding.ts';
import { applyView } from './movement.ts';

const NONE = constant(0);

/** Since opset 20 the modes have other names. */
const INTERPOLATIONS: Readonly<Record<string, GridSample['interpolation']>> = {
  bilinear: 'linear',
  linear: 'linear',
  nearest: 'nearest',
};
const PADDINGS = ['zeros', 'border', 'reflection'] as const;

const list = (dims: readonly number[]): string => `[${dims.join(', ')}]`;

/** How a node samples, by its attributes. */
export function readSampling(node: NodeReader): Sampling {
  const mode = node.text('mode', 'linear');
  const interpolation = Object.hasOwn(INTERPOLATIONS, mode) ? INTERPOLATIONS[mode] : undefined;
  if (!interpolation) throw node.fail(`samples by '${mode}'; the engine supports 'linear' and 'nearest'.`);
  const padded = node.text('padding_mode', 'zeros');
  const padding = PADDINGS.find(known => known === padded);
  if (!padding) throw node.fail(`pads by '${padded}', which the engine does not support.`);
  return { interpolation, padding, alignCorners: node.int('align_corners', 0) === 1 };
}

export function lowerGridSample(node: NodeReader): void {
  const [tensor, grid] = [node.tensor(0), node.tensor(1)];
  const [n = 0, c = 0] = tensor.dims;
  const [images = 0, height = 0, width = 0, two = 0] = grid.dims;
  if (tensor.dims.length !== 4) {
    throw node.fail(
      `has an input of ${tensor.dims.length} dimensions; the engine supports pictures (N, C, H, W).`,
    );
  }
  if (grid.dims.length !== 4 || images !== n || two !== 2) {
    throw node.fail(`has a grid of ${list(grid.dims)} for a picture of ${list(tensor.dims)}.`);
  }
  node.define(
    node.builder.emit({
      kind: 'gridSample',
      reads: 2,
      name: node.node.name,
      inputs: [tensor, grid],
      output: node.outputTensor([n, c, height, width]),
      epilogue: null,
      ...readSampling(node),
    }),
  );
}

/** Positions of `size` pixels from -1 to 1: of their middles, or with the outer middles at the ends. A single middle
 * at both ends is at 1, as in ONNX Runtime. */
export function positions(size: number, alignCorners: boolean): Float32Array {
  if (alignCorners && size === 1) return Float32Array.of(1);
  const step = 2 / (alignCorners ? size - 1 : size);
  const first = alignCorners ? -1 : step / 2 - 1;
  return Float32Array.from({ length: size }, (_, i) => first + i * step);
}

/** The grid (N, H, W, 2) is theta (N, 2, 3) times (x, y, 1) for each pixel. */
export function lowerAffineGrid(node: NodeReader): void {
  const theta = node.value(0);
  const [n = 0, ...rest] = dimsOf(theta);
  const size = node.integers(1);
  const [, , height = 0, width = 0] = size;
  if (size.length !== 4) {
    throw node.fail(`makes a grid of ${size.length} dimensions; the engine supports pictures (N, C, H, W).`);
  }
  if (list(rest) !== '[2, 3]' || size[0] !== n) {
    throw node.fail(`makes a grid for ${list(size)} from ${list(dimsOf(theta))}, which is not (N, 2, 3).`);
  }
  const dims = [n, height, width, 2];
  node.outputTensor(dims); // refuses impossible sizes before the positions are made
  const alignCorners = node.int('align_corners', 0) === 1;
  node.builder.spend(4 * (height + width));
  const axis = (length: number, shape: number[], name: string): Value => ({
    kind: 'constant',
    constant: constantOf(`${node.output} ${name}`, shape, positions(length, alignCorners)),
  });
  const columns = [0, 1, 2].map(start => {
    const view = { dims: [n, 2], strides: [6, 3], start };
    return applyView(node, theta, [n, 1, 1, 2], view, `${node.output} column ${start}`);
  });
  const [x, y] = [axis(width, [width, 1], 'x'), axis(height, [height, 1, 1], 'y')];
  node.define(
    foldElementwise(
      node,
      dims,
      [...columns, x, y],
      ([byX = NONE, byY = NONE, shift = NONE, atX = NONE, atY = NONE]) =>
        binary('add', binary('add', binary('mul', byX, atX), binary('mul', byY, atY)), shift),
    ),
  );
}
