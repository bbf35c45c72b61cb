// The gradient of a product of matrices.

import type { BackwardNode, Rule } from './backward-node.ts';

/** Swaps the last two axes. */
function turned({ writer }: BackwardNode, x: string, rank: number): string {
  const perm = Array.from({ length: rank }, (_, i) => i);
  perm.splice(rank - 2, 2, rank - 1, rank - 2);
  return writer.transpose(x, perm);
}

const matMul: Rule = (node, [gradient]) => {
  if (!gradient) return [];
  const { writer, inputs } = node;
  const [a, b] = [node.dims(0), node.dims(1)];
  // A vector is a row on the left and a column on the right.
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  const lead = (node.outputDims().length > 0 ? node.outputDims() : []).slice(
    0,
    node.outputDims().length - (a.length > 1 ? 1 : 0) - (b.length > 1 ? 1 : 0),
  );
  const [rows, inner, columns] = [left.at(-2) ?? 1, left.at(-1) ?? 1, right.at(-1) ?? 1];
  const shaped = (name: string, dims: readonly number[], own: readonly number[]) =>
    `${dims}` === `${own}` ? name : writer.reshape(name, own);
  const dy = () => shaped(gradient, node.outputDims(), [...lead, rows, columns]);
  const back = (made: string, from: readonly number[], own: readonly number[], dims: readonly number[]) =>
    shaped(writer.sumTo(made, from, own), own, dims);
  return [
    () => {
      const other = turned(node, shaped(inputs[1] ?? '', b, right), right.length);
      return back(writer.add('MatMul', [dy(), other]), [...lead, rows, inner], left, a);
    },
    () => {
      const other = turned(node, shaped(inputs[0] ?? '', a, left), left.length);
      return back(writer.add('MatMul', [other, dy()]), [...lead, inner, columns], right, b);
    },
  ];
};

export const MATMUL: Readonly<Record<string, Rule>> = { MatMul: matMul };
