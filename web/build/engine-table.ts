/** Writes what the engine can run as a table into the Python package: `limner publish` reads it where neither Node nor a
 * browser can run the engine itself. It is no part of the page. */
import { writeFileSync } from 'node:fs';
import type { Plugin } from 'vite';

export interface EngineTable {
  operators: string[];
  minOpset: number;
  maxNodes: number;
}

export function engineTable(file: string, table: EngineTable): Plugin {
  return {
    name: 'limner-engine-table',
    writeBundle() {
      writeFileSync(file, `${JSON.stringify(table, null, 1)}\n`);
    },
  };
}
