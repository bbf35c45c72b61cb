// The windows of gradients, which are lowered on pictures: a line is one of a single row.

import { dimsOf, type NodeReader, type Value } from './builder.ts';
import { windowPads } from './conv.ts';
import { reshape } from './movement.ts';

const sidesOf = ([, , h, w]: readonly [number, number, number, number]): [number, number] => [h, w];

/** A picture in place of a line. */
export function asPicture(node: NodeReader, index: number): Value {
  const value = node.value(index);
  const [n = 1, c = 1, w = 1, ...more] = dimsOf(value);
  return more.length > 0 ? value : reshape(node, value, [n, c, 1, w], `${node.output} picture ${index}`);
}

export interface Window {
  readonly kernel: [number, number];
  readonly strides: [number, number];
  readonly dilations: [number, number];
  readonly before: [number, number];
}

export function readWindow(node: NodeReader): Window {
  const line = dimsOf(node.value(0)).length === 3;
  const kernel = node.pair('kernel_shape', line, 1);
  const strides = node.pair('strides', line, 1);
  const dilations = node.pair('dilations', line, 1);
  const sides = sidesOf(node.tensor(0).shape);
  const [top, left] = windowPads(node, sides, { kernel, strides, dilations }, line);
  return { kernel, strides, dilations, before: [top, left] };
}
