// Global setup: runs the Python packers of the test cases, unless the cache holds the output of the same files.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');
const PACKER = '../../tests/onnx_cases';
/** The packers: Python files that are run and cached separately. */
const PARTS = [
  'nodes',
  'unets',
  'networks',
  'doublings',
  'exports',
  'opsets',
  'folding',
  'normalizations',
  'gradients',
  'optimizers',
  'initializers',
  'schedules',
  'training',
  'state',
];

export default function pack(): void {
  mkdirSync(CACHE, { recursive: true });
  const hash = hashPackers();
  for (const part of PARTS) packPart(part, hash);
}

/** The hash of all packers, because they import each other. */
function hashPackers(): string {
  const names = readdirSync(at(PACKER), { recursive: true, encoding: 'utf8' });
  const files = names.filter(name => name.endsWith('.py'));
  const hash = createHash('sha256');
  for (const name of files.sort()) hash.update(name).update(readFileSync(at(`${PACKER}/${name}`)));
  return hash.digest('hex');
}

function packPart(part: string, hash: string): void {
  /** The packers' hash, written last, so that it is missing if packing failed. */
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
