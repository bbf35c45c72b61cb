// Expressions as shader code. A table holds what WGSL and GLSL write differently.

import { assertNever } from '../error.ts';
import type { Binary, Expression, Unary } from '../graph/ir/expression.ts';
import { LANES, type Shape, type Tensor } from '../graph/ir/tensor.ts';

export interface ShaderLanguage {
  readonly float4: string;
  readonly int4: string;
  /** The keywords that declare a constant and a variable of that type. */
  readonly constant: (type: string) => string;
  readonly variable: (type: string) => string;
  readonly nan: string;
  /** Functions and operators that differ between the languages. */
  readonly unary: Partial<Record<Unary, (x: string) => string>>;
  readonly binary: Partial<Record<Binary, (x: string, y: string) => string>>;
  /** `yes` where `test` is not 0, else `no`. */
  readonly select: (no: string, yes: string, test: string) => string;
  /** A 4x4 matrix, given row by row, times a vector. */
  readonly matrixProduct: (rows: readonly string[], x: string) => string;
}

/** A literal of exactly that float32. Infinity becomes the largest float, as the languages have no literal for it. */
export function literal({ nan }: ShaderLanguage, value: number): string {
  if (Number.isNaN(value)) return nan;
  const most = 3.4028234663852886e38;
  const text = String(Math.fround(Math.min(Math.max(value, -most), most)));
  return /[.e]/.test(text) ? text : `${text}.0`;
}

const OPERATORS: Partial<Record<Binary, string>> = { add: '+', sub: '-', mul: '*', div: '/' };

function unaryCode({ unary }: ShaderLanguage, name: Unary, x: string): string {
  return name === 'neg' ? `-${x}` : (unary[name]?.(x) ?? `${name}(${x})`);
}

function binaryCode({ binary }: ShaderLanguage, name: Binary, x: string, y: string): string {
  const operator = OPERATORS[name];
  if (operator) return `${x} ${operator} ${y}`;
  return binary[name]?.(x, y) ?? `${name === 'pow' ? 'power' : name}(${x}, ${y})`;
}

/** How the expression reads its operands. */
export interface ExpressionReads {
  readonly input: (index: number) => string;
  readonly channel: (values: Float32Array) => string;
}

/** The expression as statements, and the name of the result. It is applied to `value`. */
export function expressionCode(
  language: ShaderLanguage,
  tree: Expression,
  reads: ExpressionReads,
): { lines: string[]; result: string } {
  const { float4, constant } = language;
  const lines: string[] = [];
  const names = new Map<Expression, string>();
  const number = (value: number) => literal(language, value);
  const code = (node: Exclude<Expression, { kind: 'value' }>): string => {
    switch (node.kind) {
      case 'input':
        return reads.input(node.index);
      case 'constant':
        return `${float4}(${number(node.value)})`;
      case 'live':
        return `${float4}(live[${node.index >> 2}].${'xyzw'[node.index & 3]})`;
      case 'perChannel':
        return reads.channel(node.values);
      case 'unary':
        return unaryCode(language, node.name, walk(node.of));
      case 'binary':
        return binaryCode(language, node.name, walk(node.left), walk(node.right));
      case 'select':
        return language.select(walk(node.no), walk(node.yes), walk(node.test));
      case 'laneMatrix': {
        const product = language.matrixProduct(node.rows.map(number), walk(node.of));
        return `${product} + ${float4}(${node.offset.map(number).join(', ')})`;
      }
      default:
        return assertNever(node);
    }
  };
  const walk = (node: Expression): string => {
    if (node.kind === 'value') return 'value';
    const known = names.get(node);
    if (known) return known;
    const made = code(node);
    const name = `v${lines.length}`;
    lines.push(`  ${constant(float4)} ${name} = ${made};`);
    names.set(node, name);
    return name;
  };
  return { result: walk(tree), lines };
}

/** An element of an input, broadcast where the input has one row, column or channel and the output has more. */
export function readCode(index: number, tensor: Tensor | undefined, [, , height, width]: Shape): string {
  const [n, c, h, w] = tensor?.shape ?? [1, 1, 1, 1];
  const at = [
    n === 1 ? '0' : 'n',
    h === 1 && height > 1 ? '0' : 'y',
    w === 1 && width > 1 ? '0' : 'x',
    c <= LANES ? '0' : 'c',
  ];
  const read = `read_${index}(${at.join(', ')})`;
  return c === 1 ? `${read}.xxxx` : read;
}

/** Numbers per output channel. `fill` goes into lanes without a channel. */
export interface ChannelSlot {
  readonly values: ArrayLike<number>;
  readonly fill: number;
}

/** Writes the slots one after the other, each into `lanes` numbers. */
export function fillChannels(target: ArrayBuffer, slots: readonly ChannelSlot[], lanes: number): void {
  const floats = new Float32Array(target);
  slots.forEach(({ values, fill }, slot) => {
    floats.fill(fill, slot * lanes, (slot + 1) * lanes);
    for (let i = 0; i < Math.min(values.length, lanes); i++) floats[slot * lanes + i] = values[i] ?? 0;
  });
}
