// Global setup: builds the npm package, once for all test files.

import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const WEB = fileURLToPath(new URL('../..', import.meta.url));
export const BUILT = join(WEB, 'dist/engine');

export default function build(): void {
  execFileSync(process.execPath, ['engine/package/build.mjs'], { cwd: WEB, stdio: 'inherit' });
}
