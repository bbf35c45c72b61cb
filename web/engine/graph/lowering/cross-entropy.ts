// Lowering of softmax cross-entropy and its gradient (`training/losses.ts`): to one operation each, or to reductions and
// element-wise operations, which every backend has.

import { binary, constant, type Expression, select, unary } from '../ir/expression.ts';
import { productOf } from '../ir/strides.ts';
import { makeTensor } from '../ir/tensor.ts';
import { dimsOf, type NodeReader, type Value } from './builder.ts';
import type { Lowering } from './elementwise.ts';
import { reshape } from './movement.ts';
import { emitPart, lowerReduction } from './reduce.ts';

const NONE = constant(0);

/** The logits as (N, C, H, W), and the targets: one for each pixel. */
interface Operands {
  readonly logits: Value;
  readonly targets: Value;
  readonly dims: readonly [n: number, c: number, h: number, w: number];
}

function readOperands(node: NodeReader): Operands {
  const [n = 1, c = 1, ...rest] = dimsOf(node.value(0));
  const dims = [n, c, productOf(rest.slice(0, -1)), rest.at(-1) ?? 1] as const;
  const logits = reshape(node, node.value(0), dims, `${node.output} logits`);
  return { logits, targets: node.value(1), dims };
}

/** As one operation. Targets (N) lie as (N, 1, 1, 1) do. */
export const lowerCrossEntropy =
  (gradient: boolean): Lowering =>
  node => {
    const { logits, targets, dims } = readOperands(node);
    const [n, , h, w] = dims;
    const isList = dimsOf(targets).length === 1;
    const lying = isList ? targets : reshape(node, targets, [n, 1, h, w], `${node.output} targets`);
    const inputs = [logits, lying].map((value, i) =>
      node.builder.tensor(value, node.node.inputs[i] ?? node.output),
    );
    const own = gradient ? dims : [1, 1, 1, 1];
    const output = makeTensor(`${node.output} as one`, own);
    const { name } = node.node;
    const fields = { name, inputs, output, epilogue: null, gradient };
    const made = node.builder.emit({ kind: 'crossEntropy', reads: 2, ...fields });
    node.define(reshape(node, made, gradient ? dimsOf(node.value(0)) : []));
  };

/** In parts: a reduction for the largest logit and one for the sum of powers. */
export const lowerCrossEntropyInParts =
  (gradient: boolean): Lowering =>
  node => {
    const { logits, targets, dims } = readOperands(node);
    const [n, c, h, w] = dims;
    const lying = reshape(node, targets, [n, 1, h, w], `${node.output} targets`);
    const most = lowerReduction(node, logits, [1], 'max', `${node.output} most`);
    const apart = emitPart(node, 'apart', [logits, most], ([x = NONE, m = NONE]) => binary('sub', x, m));
    const powers = emitPart(node, 'powers', [apart], ([x = NONE]) => unary('exp', x));
    const sum = lowerReduction(node, powers, [1], 'sum', `${node.output} sum`);
    const numbers: Expression = { kind: 'perChannel', values: Float32Array.from({ length: c }, (_, i) => i) };
    const isClass = (target: Expression): Expression =>
      binary('less', unary('abs', binary('sub', target, numbers)), constant(0.5));
    const logarithms = emitPart(node, 'logarithms', [apart, sum], ([x = NONE, s = NONE]) =>
      binary('sub', x, unary('log', s)),
    );
    const share = 1 / (n * h * w);
    if (gradient) {
      const shares = emitPart(node, 'shares', [logarithms], ([x = NONE]) => unary('exp', x));
      const made = emitPart(node, 'by logit', [shares, lying], ([p = NONE, target = NONE]) =>
        binary('mul', binary('sub', p, isClass(target)), constant(share)),
      );
      node.define(reshape(node, made, dimsOf(node.value(0))));
      return;
    }
    const picked = emitPart(node, 'picked', [logarithms, lying], ([x = NONE, target = NONE]) =>
      select(isClass(target), x, NONE),
    );
    const total = lowerReduction(node, picked, [0, 1, 2, 3], 'sum', `${node.output} total`);
    const mean = emitPart(node, 'mean', [total], ([x = NONE]) => binary('mul', x, constant(-share)));
    node.define(reshape(node, mean, []));
  };
