// Lowering of what asks for sizes and makes numbers of them: all known at load, none of it left to compute.

import { BYTES, constantOf, exact, isWhole, sizeOf, wholeConstant } from '../onnx/constant.ts';
import { dimsOf, MOST_INTEGERS, type NodeView } from './builder.ts';
import { FLOATS, isToFloat, lowerCast } from './casts.ts';

export function lowerShape(node: NodeView): void {
  const dims = dimsOf(node.value(0));
  const shown = dims.slice(node.int('start', 0), node.int('end', dims.length));
  node.define({ kind: 'constant', constant: wholeConstant(node.output, [shown.length], shown) });
}

export function lowerSize(node: NodeView): void {
  const size = sizeOf(dimsOf(node.value(0)), node.output);
  node.define({ kind: 'constant', constant: wholeConstant(node.output, [], [size]) });
}

/** A constant of the shape that is asked for, all of one value. */
export function lowerConstantOfShape(node: NodeView): void {
  const dims = node.integers(0);
  const value = node.node.attributes.get('value');
  const filler = value?.kind === 'tensor' ? value.value : constantOf(node.output, [1], new Float32Array(1));
  const width = BYTES[filler.type];
  if (filler.bytes.length !== width) throw node.fail('fills with more than one value.');
  const size = sizeOf(dims, node.output);
  node.builder.spend(size * width);
  const bytes = new Uint8Array(size * width);
  // Each round doubles what is there.
  bytes.set(filler.bytes.subarray(0, bytes.length));
  for (let done = width; done < bytes.length; done *= 2) bytes.copyWithin(done, 0, done);
  node.define({ kind: 'constant', constant: { ...filler, name: node.output, dims, bytes } });
}

export function lowerRange(node: NodeView): void {
  const [start = 0, end = 0, step = 1] = [0, 1, 2].map(i => {
    const { dims } = node.constant(i);
    if (sizeOf(dims, node.output) !== 1) throw node.fail(`needs one number as its input ${i}.`);
    return exact(node.constant(i))[0];
  });
  const count = Math.max(0, Math.ceil((end - start) / step));
  if (!(count <= MOST_INTEGERS)) throw node.fail(`counts ${count} numbers; the engine counts few.`);
  const values = Array.from({ length: count }, (_, i) => start + i * step);
  const whole = [0, 1, 2].every(i => isWhole(node.constant(i)));
  const constant = whole
    ? wholeConstant(node.output, [count], values)
    : constantOf(node.output, [count], Float32Array.from(values));
  node.define({ kind: 'constant', constant });
}

/** To a float as of the second input, whatever its width. */
export function lowerCastLike(node: NodeView): void {
  const like = node.value(1);
  if (like.kind === 'constant' && isWhole(like.constant)) {
    throw node.fail(`casts to ${like.constant.type}, which the engine does not run.`);
  }
  node.define(node.value(0));
}

/** Numbers that stand in a node of their own. */
export function lowerConstant(node: NodeView): void {
  const { attributes } = node.node;
  const value = attributes.get('value');
  if (value?.kind === 'tensor') {
    node.define({ kind: 'constant', constant: value.value });
    return;
  }
  const float = attributes.get('value_float') ?? attributes.get('value_floats');
  const int = attributes.get('value_int') ?? attributes.get('value_ints');
  if (float?.kind === 'float' || float?.kind === 'floats') {
    const values = Float32Array.from([float.value].flat());
    const dims = float.kind === 'float' ? [] : [values.length];
    node.define({ kind: 'constant', constant: constantOf(node.output, dims, values) });
  } else if (int?.kind === 'int' || int?.kind === 'ints') {
    const values = [int.value].flat();
    const dims = int.kind === 'int' ? [] : [values.length];
    node.define({ kind: 'constant', constant: wholeConstant(node.output, dims, values) });
  } else throw node.fail('holds no tensor of numbers.');
}

const INT32 = 6;
const INT64 = 7;
const BOOL = 9;

/** Whole numbers become floats, and small constants whole numbers. */
export function lowerAnyCast(node: NodeView): void {
  if (isToFloat(node)) {
    lowerCast(node);
    return;
  }
  const to = node.int('to', 1);
  const value = node.value(0);
  if (value.kind === 'constant' && isWhole(value.constant) && FLOATS.includes(to)) {
    const constant = constantOf(node.output, value.constant.dims, node.floats(0));
    node.define({ kind: 'constant', constant });
    return;
  }
  if (value.kind !== 'constant' || ![INT32, INT64, BOOL].includes(to)) {
    throw node.fail(`casts to type ${to}, which the engine does not run.`);
  }
  const { dims } = value.constant;
  node.builder.spend(8 * sizeOf(dims, node.output));
  const values = exact(value.constant).map(x => (to === BOOL ? Number(x !== 0) : Math.trunc(x)));
  if (!values.every(Number.isSafeInteger)) throw node.fail('casts what is no whole number.');
  node.define({ kind: 'constant', constant: wholeConstant(node.output, dims, values) });
}
