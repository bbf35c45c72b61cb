// Global setup: runs the Python packer of the test cases, unless the cache holds the output of the same packer.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');
const PACKER = '../../tests/onnx_cases';
/** The packers: Python files that are run and cached separately. */
const PARTS = ['nodes', 'unets', 'networks', 'exports', 'opsets', 'folding'];

export default function pack(): void {
  mkdirSync(CACHE, { recursive: true });
  for (const part of PARTS) packPart(part);
}

function packPart(part: string): void {
  const hash = createHash('sha256')
    .update(readFileSync(at(`${PACKER}/${part}.py`)))
    .digest('hex');
  /** The packer's hash, written last, so that it is missing if packing failed. */
  const hashFile = `${CACHE}/${part}.sha256`;
  if (existsSync(hashFile) && readFileSync(hashFile, 'utf8') === hash) return;
  const python = process.env.LIMNER_PYTHON ?? at('../../.venv/bin/python');
  try {
    execFileSync(python, [at(`${PACKER}/pack.py`), CACHE, part], { stdio: 'inherit' });
  } catch (error) {
    throw new Error(`The test cases need Python with onnx and onnxruntime (LIMNER_PYTHON): ${error}`);
  }
  writeFileSync(hashFile, hash);
}
