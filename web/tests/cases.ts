// Before the tests: the cases that Python packs, unless they are there from an earlier run.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');

export default function pack(): void {
  if (existsSync(`${CACHE}/looks.json`)) return;
  const python = process.env.LIMNER_PYTHON ?? at('../../.venv/bin/python');
  try {
    execFileSync(python, [at('../../tests/onnx_cases/pack.py'), CACHE], { stdio: 'inherit' });
  } catch (error) {
    throw new Error(`The test cases need Python with onnx and onnxruntime (LIMNER_PYTHON): ${error}`);
  }
}
