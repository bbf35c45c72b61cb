// The check of docs/operators.md against the test results finds every difference.

import { expect, test } from 'vitest';
import { differences, type Report, tableOf } from '../operators.ts';

const report = (refused: string[] = []): Report => ({
  onnx: '1.0',
  results: [
    { name: 'test_abs', op: 'Abs', outcome: 'passed' },
    { name: 'test_conv', op: 'Conv', outcome: 'passed' },
    { name: 'test_conv_3d', op: 'Conv', outcome: 'skipped', reason: 'has int64' },
    ...refused.map(reason => ({ name: reason, op: 'Conv', outcome: 'refused', reason }) as const),
  ],
});

test('a table agrees with the reports from which it is made', () => {
  const other: Report = { ...report(), results: report().results.slice(0, 2) };
  for (const webgl2 of [report(), report(['is too large'])]) {
    const webgpu = webgl2.results.length > 3 ? report(['is large']) : report();
    const table = tableOf({ webgpu, webgl2 });
    expect(differences(table, 'webgpu', webgpu)).toEqual([]);
    expect(differences(table, 'webgl2', webgl2)).toEqual([]);
  }
  expect(differences(tableOf({ webgpu: report() }), 'webgpu', other).length).toBeGreaterThan(1);
});

test('every changed word is found', () => {
  const table = tableOf({ webgpu: report(), webgl2: report() });
  for (const [from, to] of [
    ['2 on WebGPU', '3 on WebGPU'],
    ['of 3 cases', 'of 4 cases'],
    ['| Abs | 1 of 1', '| Abs | 0 of 1'],
    ['has int64', 'has int32'],
    ['| Abs |', '| Acos |'],
  ] as const) {
    const changed = table.replace(from, to);
    expect(changed).not.toBe(table);
    expect(differences(changed, 'webgpu', report()), to).not.toEqual([]);
  }
});
