// Lowering of normalizations whose parameters are computed.

import { binary, constant, type Expression, unary } from '../ir/expression.ts';
import { productOf } from '../ir/strides.ts';
import { dimsOf, type NodeReader } from './builder.ts';
import { emitElementwise } from './elementwise.ts';
import { reshape } from './movement.ts';
import {
  emitInstanceNorm,
  lowerBatchNorm as lowerConstantBatchNorm,
  lowerGroupNorm as lowerConstantGroupNorm,
  lowerInstanceNorm as lowerConstantInstanceNorm,
} from './normalization.ts';
import { computed, perChannel } from './training-conv.ts';

const NONE = constant(0);

/** In inference, with computed scales and shifts. */
function lowerBatchNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const epsilon = constant(node.float('epsilon', 1e-5));
  const parameters = [1, 2, 3, 4].map(i => perChannel(node, i, dims[1] ?? 1, dims.length));
  node.define(
    emitElementwise(
      node,
      dims,
      [node.value(0), ...parameters],
      ([x = NONE, scale = NONE, shift = NONE, mean = NONE, variance = NONE]) => {
        const deviation = unary('sqrt', binary('add', variance, epsilon));
        const even = binary('div', binary('sub', x, mean), deviation);
        return binary('add', binary('mul', even, scale), shift);
      },
    ),
  );
}

const scaleAndShift = ([x = NONE, scale = NONE, shift = NONE]: Expression[]): Expression =>
  binary('add', binary('mul', x, scale), shift);

function lowerInstanceNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...sides] = dims;
  const four = [n, c, productOf(sides.slice(0, -1)), sides.at(-1) ?? 1];
  const even = reshape(node, emitInstanceNorm(node, node.value(0), four), dims, `${node.output} even`);
  const parameters = [1, 2].map(i => perChannel(node, i, c, dims.length));
  node.define(emitElementwise(node, dims, [even, ...parameters], scaleAndShift));
}

/** Scale and shift are per channel; before opset 21 they are per group. */
function lowerGroupNorm(node: NodeReader): void {
  const dims = dimsOf(node.value(0));
  const [n = 1, c = 1, ...sides] = dims;
  const groups = node.int('num_groups', 1);
  const size = productOf(sides);
  const even = emitInstanceNorm(node, node.value(0), [n, groups, c / groups, size]);
  const split = [n, groups, c / groups, size];
  const parameters = [1, 2].map(i => {
    const isOfGroups = productOf(dimsOf(node.value(i))) === groups;
    return reshape(
      node,
      node.value(i),
      [groups, isOfGroups ? 1 : c / groups, 1],
      `${node.output} of groups ${i}`,
    );
  });
  const made = emitElementwise(node, split, [even, ...parameters], scaleAndShift, `${node.output} in groups`);
  node.define(reshape(node, made, dims));
}

export const NORMALIZATIONS = {
  BatchNormalization: computed(lowerBatchNorm, lowerConstantBatchNorm),
  GroupNormalization: computed(lowerGroupNorm, lowerConstantGroupNorm),
  InstanceNormalization: computed(lowerInstanceNorm, lowerConstantInstanceNorm),
};
