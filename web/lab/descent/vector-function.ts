/** Makes a function of an optimizer's formula: the engine's own expressions, evaluated over vectors in float64. So what
 * races here is what trains networks. */
import type { Optimizer } from '../../engine/training/index.ts';

type Update = ReturnType<Optimizer['update']>;
type Expression = Update['weight'];
type Vector = Float64Array;

export const input = (index: number): Expression => ({ kind: 'input', index });

/** Computes `results`, one vector for each tree, from `inputs`, which trees read by index. */
export function compileVectors(
  trees: readonly Expression[],
  inputs: readonly Vector[],
  length: number,
): { readonly run: () => void; readonly results: readonly Vector[] } {
  const vectors = new Map<Expression, Vector>();
  const steps: (() => void)[] = [];
  const visit = (node: Expression): Vector => {
    const known = vectors.get(node);
    if (known) return known;
    const made = node.kind === 'input' ? (inputs[node.index] ?? null) : new Float64Array(length);
    if (!made) throw new Error(`An optimizer reads input ${node.kind}, which it was not given.`);
    vectors.set(node, made);
    switch (node.kind) {
      case 'input':
        break;
      case 'constant':
        made.fill(node.value);
        break;
      case 'unary':
        steps.push(unaryStep(node.name, visit(node.of), made));
        break;
      case 'binary':
        steps.push(binaryStep(node.name, visit(node.left), visit(node.right), made));
        break;
      default:
        throw new Error(`An optimizer has no '${node.kind}'.`);
    }
    return made;
  };
  const results = trees.map(visit);
  const run = () => {
    for (const step of steps) step();
  };
  return { run, results };
}

/** Only what optimizers have. Each has a loop of its own, which browsers compile well. */
function unaryStep(name: string, of: Vector, to: Vector): () => void {
  const { length } = to;
  switch (name) {
    case 'sqrt':
      return () => {
        for (let i = 0; i < length; i++) to[i] = Math.sqrt(of[i] ?? 0);
      };
    case 'sign':
      return () => {
        for (let i = 0; i < length; i++) to[i] = Math.sign(of[i] ?? 0);
      };
    default:
      throw new Error(`An optimizer has no '${name}'.`);
  }
}

function binaryStep(name: string, left: Vector, right: Vector, to: Vector): () => void {
  const { length } = to;
  switch (name) {
    case 'add':
      return () => {
        for (let i = 0; i < length; i++) to[i] = (left[i] ?? 0) + (right[i] ?? 0);
      };
    case 'sub':
      return () => {
        for (let i = 0; i < length; i++) to[i] = (left[i] ?? 0) - (right[i] ?? 0);
      };
    case 'mul':
      return () => {
        for (let i = 0; i < length; i++) to[i] = (left[i] ?? 0) * (right[i] ?? 0);
      };
    case 'div':
      return () => {
        for (let i = 0; i < length; i++) to[i] = (left[i] ?? 0) / (right[i] ?? 0);
      };
    default:
      throw new Error(`An optimizer has no '${name}'.`);
  }
}
