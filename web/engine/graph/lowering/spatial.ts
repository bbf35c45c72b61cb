// The inputs of sliding windows: pictures (N, C, H, W), and lines (N, C, W), which become pictures of one row.

import type { Tensor } from '../ir/tensor.ts';
import type { NodeReader, Value } from './builder.ts';
import { dimsOf } from './builder.ts';
import { reshape } from './movement.ts';

export interface SpatialInput {
  /** With four dimensions. */
  readonly tensor: Tensor;
  readonly line: boolean;
}

export function readSpatialInput(node: NodeReader): SpatialInput {
  const { dims } = node.tensor(0);
  const [n = 1, c = 1, w = 1] = dims;
  if (dims.length === 4) return { tensor: node.tensor(0), line: false };
  if (dims.length !== 3) {
    throw node.fail(
      `has an input of ${dims.length} dimensions; the engine supports pictures (N, C, H, W) and lines (N, C, W).`,
    );
  }
  const value = reshape(node, node.value(0), [n, c, 1, w], `${node.output} as a picture`);
  return { tensor: node.builder.tensor(value, node.output), line: true };
}

/** Defines the node's output. A line becomes a line again. */
export function defineSpatial(node: NodeReader, value: Value, line: boolean): void {
  const [n = 1, c = 1, , w = 1] = dimsOf(value);
  node.define(line ? reshape(node, value, [n, c, w]) : value);
}
