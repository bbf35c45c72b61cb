// A view (see ir/operation.ts) as integer arithmetic: it computes the address of the input's element from o = (n, c,
// h, w), the output's element. The text is the same in WGSL and GLSL, so both backends move elements alike.
//
// In general an element's index is taken apart by divisions. Most views are simpler: a transpose, a slice or
// DepthToSpace splits each axis by itself, which needs hardly any divisions.

import type { View } from '../graph/ir/operation.ts';
import { productOf, stridesOf } from '../graph/ir/strides.ts';
import type { Shape } from '../graph/ir/tensor.ts';

export interface ViewAddress {
  /** The index of the output's element, where the other fields read `index`. */
  readonly index: string | null;
  /** The index of the input's element, where `at` reads `offset`. */
  readonly offset: string | null;
  /** The input's (n, c, h, w). */
  readonly at: readonly [n: string, c: string, h: string, w: string];
}

const AXES = ['o.x', 'o.y', 'o.z', 'o.w'] as const;

export function viewAddress(view: View, input: Shape, output: Shape): ViewAddress {
  const split = digitsByAxis(view.dims, output);
  const digits = split ?? digitCode('index', view.dims);
  const [n, c, h, w] = AXES;
  const index = split ? null : `((${n} * ${output[1]} + ${c}) * ${output[2]} + ${h}) * ${output[3]} + ${w}`;
  const axes = sourceByAxis(view, digits, input);
  if (axes) return { index, offset: null, at: axes };
  const terms = view.strides.map((stride, i) => ({ digit: digits[i] ?? '0', step: stride }));
  const [, channels, height, width] = input;
  return {
    index,
    offset: sumCode(view.start, terms),
    at: [
      `offset / ${channels * height * width}`,
      `offset / ${height * width} % ${channels}`,
      `offset / ${width} % ${height}`,
      `offset % ${width}`,
    ],
  };
}

/** The digits of `number` in the mixed base `dims`. */
function digitCode(number: string, dims: readonly number[]): string[] {
  return dims.map((dim, i) => {
    if (dim === 1) return '0';
    const inner = productOf(dims.slice(i + 1));
    const left = inner === 1 ? number : `${number} / ${inner}`;
    return productOf(dims.slice(0, i)) === 1 ? left : `${left} % ${dim}`;
  });
}

/** The digits, if each belongs to one axis of the output; else null. */
function digitsByAxis(dims: readonly number[], output: Shape): string[] | null {
  const digits: string[] = [];
  for (const [axis, size] of output.entries()) {
    const own: number[] = [];
    for (let at = digits.length; productOf(own) < size && at < dims.length; at++) own.push(dims[at] ?? 1);
    if (productOf(own) !== size) return null;
    digits.push(...digitCode(AXES[axis] ?? 'o.w', own));
  }
  return [...digits, ...dims.slice(digits.length).map(() => '0')];
}

/** The input's axes, if each digit moves along one of them and stays on it; else null. */
function sourceByAxis(view: View, digits: readonly string[], input: Shape): ViewAddress['at'] | null {
  const steps = stridesOf(input);
  const terms = input.map((): { digit: string; step: number }[] => []);
  const low = input.map((size, axis) => Math.floor(view.start / (steps[axis] ?? 1)) % size);
  const starts = [...low];
  const high = [...low];
  for (const [i, dim] of view.dims.entries()) {
    const stride = view.strides[i] ?? 0;
    if (dim === 1 || stride === 0) continue;
    const axis = steps.findIndex((step, a) => (input[a] ?? 1) > 1 && Math.abs(stride) >= step);
    const step = stride / (steps[axis] ?? 1);
    if (axis < 0 || !Number.isInteger(step)) return null;
    terms[axis]?.push({ digit: digits[i] ?? '0', step });
    const end = step > 0 ? high : low;
    end[axis] = (end[axis] ?? 0) + step * (dim - 1);
  }
  if (input.some((size, axis) => (low[axis] ?? 0) < 0 || (high[axis] ?? 0) >= size)) return null;
  const [n = '0', c = '0', h = '0', w = '0'] = terms.map((own, axis) => sumCode(starts[axis] ?? 0, own));
  return [n, c, h, w];
}

function sumCode(start: number, terms: readonly { digit: string; step: number }[]): string {
  const moving = terms.filter(({ digit, step }) => digit !== '0' && step !== 0);
  const parts = moving.map(({ digit, step }) => {
    const whole = /[/%]/.test(digit) ? `(${digit})` : digit;
    return step === 1 ? whole : `${whole} * ${step < 0 ? `(${step})` : step}`;
  });
  return [...(start === 0 && parts.length > 0 ? [] : [String(start)]), ...parts].join(' + ');
}
