// Global setup of the browser tests: provides docs/operators.md, which the results must agree with. After the tests of
// `npm run operators`, it writes that file from the results.

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
    const reports = BACKENDS.flatMap(backend => {
      const file = `${CACHE}/conformance-${backend}.json`;
      if (!existsSync(file)) return [];
      const report: Report = JSON.parse(readFileSync(file, 'utf8'));
      return [[backend, report] as const];
    });
    writeFileSync(TABLE, tableOf(Object.fromEntries(reports)));
  };
}
