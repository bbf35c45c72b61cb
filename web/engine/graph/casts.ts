// Lowering of what changes the type of numbers and not the numbers. Everything is computed in float32; weights
// keep the type that they have in the file.

import { type Constant, constantOf, exact, isWhole, sizeOf, wholeConstant } from '../onnx/constant.ts';
import type { NodeView, Value } from './builder.ts';

const INT32 = 6;
const INT64 = 7;
const BOOL = 9;
/** float32, float16 and float64: all are computed in float32. */
const FLOATS = [1, 10, 11];

/** To float of any width nothing happens; whole numbers are made of small constants. */
export function lowerCast(node: NodeView): void {
  const to = node.int('to', 1);
  const value = node.value(0);
  if (FLOATS.includes(to)) {
    const whole = value.kind === 'constant' && isWhole(value.constant);
    if (whole) node.define(widened(node, value.constant));
    else node.define(value);
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

const widened = (node: NodeView, { dims }: Constant): Value => ({
  kind: 'constant',
  constant: constantOf(node.output, dims, node.floats(0)),
});

/** Of a constant; of what is computed see `quantisation.ts`. */
export function lowerDequantize(node: NodeView): void {
  const constant = node.constant(0);
  const scale = node.floats(1);
  const zero = node.has(2) ? node.floats(2) : new Float32Array(scale.length);
  const axis = node.int('axis', 1);
  // One scale for all has no axis, and then the default may be beyond the last.
  const place = scale.length === 1 ? 0 : node.axis(axis, constant.dims.length);
  const block = node.int('block_size', 0);
  const size = constant.dims[place] ?? 1;
  const inner = constant.dims.slice(place + 1).reduce((a, b) => a * b, 1);
  const rows = constant.dims.slice(0, place).reduce((a, b) => a * b, 1);
  const blocked = block > 0 && scale.length === rows * Math.ceil(size / block) * inner;
  if ((!blocked && scale.length !== 1 && scale.length !== size) || zero.length !== scale.length) {
    throw node.fail(
      `has ${scale.length} scales and ${zero.length} zero points, which do not fit its axis ${axis}.`,
    );
  }
  if (!blocked) {
    node.define({ kind: 'quantised', constant, scale, zero, axis: place });
    return;
  }
  const values = node.floats(0).slice();
  node.builder.spend(4 * values.length);
  for (let i = 0; i < values.length; i++) {
    const part = Math.floor((Math.floor(i / inner) % size) / block);
    const row = Math.floor(i / (inner * size));
    const k = (row * Math.ceil(size / block) + part) * inner + (i % inner);
    values[i] = (scale[k] ?? 0) * ((values[i] ?? 0) - (zero[k] ?? 0));
  }
  node.define({ kind: 'constant', constant: constantOf(node.output, constant.dims, values) });
}
