// Global setup: runs the Python packers of the test cases, unless the cache holds the output of the same files.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

export const CACHE = at('../.cache');
const PACKER = '../../tests/onnx_cases';
/** Where the packers' own modules are; the versions of others do not count. */
const ROOTS = ['../../tests', '../../src'];
/** The packers: Python files that are run and cached separately. */
const PARTS = [
  'branches',
  'descent',
  'nodes',
  'unets',
  'networks',
  'doublings',
  'dreams',
  'exports',
  'filters',
  'opsets',
  'folding',
  'normalizations',
  'gradients',
  'optimizers',
  'initializers',
  'schedules',
  'training',
  'state',
  'styles',
];

export default function pack(): void {
  mkdirSync(CACHE, { recursive: true });
  for (const part of PARTS) packPart(part, hashPart(part));
}

/** The hash of the files that a part is made from: its module, what that imports, and so on. */
function hashPart(part: string): string {
  const files = new Set([`onnx_cases/${part}.py`, 'onnx_cases/pack.py']);
  const hash = createHash('sha256');
  for (const file of files) {
    const code = readFileSync(found(file) ?? at(`${PACKER}/${part}.py`), 'utf8');
    hash.update(file).update(code);
    if (file === 'onnx_cases/pack.py') continue; // it imports all parts
    for (const imported of importsOf(code)) if (found(imported)) files.add(imported);
  }
  return hash.digest('hex');
}

/** The files that Python code may import, anywhere in it: modules, packages, and names that may be modules. */
function* importsOf(code: string): Generator<string> {
  const from = /^[ \t]*from\s+([\w.]+)\s+import\s+(\([^)]*\)|.*)/gm;
  const whole = /^[ \t]*import\s+([\w., \t]+)/gm;
  const modules = [...code.matchAll(whole)].flatMap(([, names = '']) => names.match(/[\w.]+/g) ?? []);
  for (const [, module = '', names = ''] of code.matchAll(from)) {
    modules.push(module, ...(names.match(/\w+/g) ?? []).map(name => `${module}.${name}`));
  }
  for (const module of modules) {
    if (module.startsWith('.')) throw new Error(`A packer's import is relative: '${module}'.`);
    const folders = module.split('.');
    for (const i of folders.keys()) {
      const path = folders.slice(0, i + 1).join('/');
      yield `${path}.py`;
      yield `${path}/__init__.py`;
    }
  }
}

/** Where a module of ours is; undefined for those of others. */
const found = (file: string): string | undefined =>
  ROOTS.map(root => at(`${root}/${file}`)).find(path => existsSync(path));

function packPart(part: string, hash: string): void {
  /** The hash of its files, written last, so that it is missing if packing failed. */
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
