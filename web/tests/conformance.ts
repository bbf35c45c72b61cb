// ONNX's own node tests on one backend, with tolerances of 1e-4 absolute and relative. The results are written beside
// the cases. `npm run operators` makes the table in docs/operators.md from them, and every later run must agree
// with that table.

import { expect, inject, test } from 'vitest';
import { commands } from 'vitest/browser';
import { EngineError } from '../engine/error.ts';
import type { Plan } from '../engine/graph/passes/plan.ts';
import { decodeFloats, excess } from './compare.ts';
import { type Case, planOf } from './node-cases.ts';
import { differences, type Report, type Result } from './operators.ts';

export interface Conformance {
  readonly backend: 'webgpu' | 'webgl2';
  /** `training` tells that the plan is one of training. */
  readonly run: (
    plan: Plan,
    inputs: Record<string, Float32Array>,
    training: boolean,
  ) => Promise<Record<string, Float32Array>>;
  /** Cases that the engine refuses, with a part of the error message. */
  readonly refused: readonly (readonly [cases: RegExp, sentence: string])[];
  /** The least number of cases that must pass. */
  readonly least: number;
}

export async function conform({ backend, run, refused, least }: Conformance): Promise<void> {
  const { onnx, cases }: { onnx: string; cases: Case[] } = await (await fetch('/nodes.json')).json();
  const results: Result[] = [];
  for (const testCase of cases) {
    const { name, op, skip } = testCase;
    if (skip) {
      results.push({ name, op, outcome: 'skipped', reason: skip });
      continue;
    }
    test(name, async () => {
      const sentence = refused.find(([pattern]) => pattern.test(name))?.[1];
      if (sentence) {
        const error: unknown = await outputsOf(testCase, run).then(
          () => 'It ran.',
          (reason: unknown) => reason,
        );
        expect(error).toBeInstanceOf(EngineError);
        expect(String(error)).toContain(sentence);
        results.push({ name, op, outcome: 'refused', reason: sentence });
        return;
      }
      const { plan, outputs } = await outputsOf(testCase, run);
      expect(plan.outputs.map(output => output.name).sort()).toEqual(Object.keys(testCase.outputs).sort());
      for (const { name: output, dims } of plan.outputs) {
        const expected = testCase.outputs[output];
        if (!expected) throw new Error(`ONNX has no '${output}'.`);
        expect(dims).toEqual(expected.dims);
        const values = outputs[output] ?? new Float32Array();
        expect(excess(values, decodeFloats(expected.data), 1e-4, 1e-4)).toBeLessThanOrEqual(0);
      }
      results.push({ name, op, outcome: 'passed' });
    });
  }
  test('docs/operators.md agrees with the results of this run', async () => {
    const report: Report = { onnx, results };
    await commands.writeFile(`.cache/conformance-${backend}.json`, JSON.stringify(report));
    expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThanOrEqual(least);
    expect(results).toHaveLength(cases.length);
    if (inject('writing')) return;
    const found = differences(inject('operators'), backend, report);
    expect(found, 'npm run operators updates the table').toEqual([]);
  });
}

async function outputsOf(testCase: Case, run: Conformance['run']) {
  const plan = await planOf(testCase);
  const inputs = Object.entries(testCase.inputs).map(([name, data]) => [name, decodeFloats(data)] as const);
  return { plan, outputs: await run(plan, Object.fromEntries(inputs), testCase.training) };
}
