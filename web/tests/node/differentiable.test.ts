// Every operator that the engine runs has a gradient rule that torch checks, or a reason to have none.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findRule } from '../../engine/autograd/rules.ts';
import { CACHE } from '../cases.ts';

const table = readFileSync(new URL('../../../docs/operators.md', import.meta.url), 'utf8');
const operators = Array.from(table.matchAll(/^\| ([A-Z]\w*) \|/gm), ([, op]) => op ?? '');
const checked = new Set(
  JSON.parse(readFileSync(`${CACHE}/gradients.json`, 'utf8')).map(({ op }: { op: string }) => op),
);

/** Operators without a derivative, by the reason. */
const WITHOUT: Readonly<Record<string, readonly string[]>> = {
  'compares or joins truth values': [
    'And',
    'Equal',
    'Greater',
    'GreaterOrEqual',
    'Less',
    'LessOrEqual',
    'Not',
    'Or',
    'Xor',
  ],
  'rounds to integers': ['QuantizeLinear'],
  'reads integers': ['DequantizeLinear'],
  'makes constants and shapes': ['Constant', 'ConstantOfShape', 'Range', 'Shape', 'Size'],
  'updates weights, after the gradients': ['Adagrad', 'Adam', 'Momentum'],
};
const without = Object.values(WITHOUT).flat();

test('the table of operators was read', () => {
  expect(operators.length).toBeGreaterThan(100);
  expect(operators).toContain('Conv');
});

test.each(operators)('%s has a rule that is checked against torch, or a reason', async op => {
  if (without.includes(op)) expect(checked.has(op), 'a reason and a case').toBe(false);
  else expect(checked.has(op), 'a case in tests/onnx_cases/gradient_cases').toBe(true);
  const isUpdate = WITHOUT['updates weights, after the gradients']?.includes(op);
  expect((await findRule(op)) !== undefined).toBe(!isUpdate);
});

test('every reason is of an operator of the table', () => {
  expect(without.filter(op => !operators.includes(op))).toEqual([]);
});
