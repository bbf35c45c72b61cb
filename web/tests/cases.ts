// Before the tests: the cases that Python packs, unless they are there from an earlier run of the same packer.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');
const PACKER = '../../tests/onnx_cases';
/** What is packed by itself, each by the file of that name. */
const PARTS = ['nodes', 'unets', 'networks', 'exports', 'opsets'];

export default function pack(): void {
  mkdirSync(CACHE, { recursive: true });
  for (const part of PARTS) packPart(part);
}

function packPart(part: string): void {
  const packer = createHash('sha256')
    .update(readFileSync(at(`${PACKER}/${part}.py`)))
    .digest('hex');
  /** Written last: what packed the cases beside it. */
  const seal = `${CACHE}/${part}.sha256`;
  if (existsSync(seal) && readFileSync(seal, 'utf8') === packer) return;
  const python = process.env.LIMNER_PYTHON ?? at('../../.venv/bin/python');
  try {
    execFileSync(python, [at(`${PACKER}/pack.py`), CACHE, part], { stdio: 'inherit' });
  } catch (error) {
    throw new Error(`The test cases need Python with onnx and onnxruntime (LIMNER_PYTHON): ${error}`);
  }
  writeFileSync(seal, packer);
}
