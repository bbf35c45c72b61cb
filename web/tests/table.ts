// Before the browser tests: the table in the docs, to which they are held. After them, if they were run by
// `npm run operators`: the table anew.

import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { CACHE } from './cases.ts';
import { BACKENDS, type Report, tableOf } from './operators.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    operators: string;
    writing: boolean;
  }
}

const TABLE = fileURLToPath(new URL('../../docs/operators.md', import.meta.url));
const writing = process.env.npm_lifecycle_event === 'operators';

export default function setup(project: TestProject): () => void {
  project.provide('operators', existsSync(TABLE) ? readFileSync(TABLE, 'utf8') : '');
  project.provide('writing', writing);
  return () => {
    if (!writing) return;
    const found = BACKENDS.flatMap(backend => {
      const file = `${CACHE}/conformance-${backend}.json`;
      const report: Report[] = existsSync(file) ? [JSON.parse(readFileSync(file, 'utf8'))] : [];
      return report.map(one => [backend, one] as const);
    });
    writeFileSync(TABLE, tableOf(Object.fromEntries(found)));
  };
}
