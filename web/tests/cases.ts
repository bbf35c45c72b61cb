// Before the tests: the cases that Python packs, unless they are there from an earlier run of the same packer.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');
const PACKER = ['pack.py', 'unets.py'].map(file => at(`../../tests/onnx_cases/${file}`));
/** Written last: what packed the cases beside it. */
const SEAL = `${CACHE}/packer.sha256`;

export default function pack(): void {
  const hash = createHash('sha256');
  for (const file of PACKER) hash.update(readFileSync(file));
  const packer = hash.digest('hex');
  if (existsSync(SEAL) && readFileSync(SEAL, 'utf8') === packer) return;
  rmSync(CACHE, { recursive: true, force: true });
  const python = process.env.LIMNER_PYTHON ?? at('../../.venv/bin/python');
  try {
    execFileSync(python, [PACKER[0] ?? '', CACHE], { stdio: 'inherit' });
  } catch (error) {
    throw new Error(`The test cases need Python with onnx and onnxruntime (LIMNER_PYTHON): ${error}`);
  }
  writeFileSync(SEAL, packer);
}
