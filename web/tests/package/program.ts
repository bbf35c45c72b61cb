// Programs of other people in Node: a project that has installed the package and npm's `webgpu`, on the
// software GPU that Chromium brings.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BUILT } from './build.ts';

const MODULES = fileURLToPath(new URL('../../node_modules', import.meta.url));
const DRIVER = 'vk_swiftshader_icd.json';
/** Less than the health monitor waits: a program that it keeps does not end by itself. */
const MAX_MS = 100_000;

/** On Linux the variables with which Dawn finds the Vulkan library and the software GPU beside Chromium.
 * Elsewhere it uses what the system has. */
function softwareGpu(): Record<string, string> {
  if (process.platform !== 'linux') return {};
  const chromium = process.env.LIMNER_CHROMIUM ?? '/usr/bin/chromium';
  // Debian starts Chromium by a script that is elsewhere.
  const folders = [dirname(realpathSync(chromium)), '/usr/lib/chromium'];
  const folder = folders.find(one => existsSync(join(one, DRIVER)));
  if (!folder) throw new Error(`Chromium's software GPU, ${DRIVER}, is in none of ${folders.join(', ')}.`);
  const driver = join(folder, DRIVER);
  return { LD_LIBRARY_PATH: folder, VK_DRIVER_FILES: driver, VK_ICD_FILENAMES: driver };
}

/** A folder in which programs can import the package and what its examples need. */
export function makeProject(): string {
  const folder = mkdtempSync(join(tmpdir(), 'limner-node-'));
  mkdirSync(join(folder, 'node_modules/@limner'), { recursive: true });
  symlinkSync(BUILT, join(folder, 'node_modules/@limner/engine'));
  for (const name of ['webgpu', 'pngjs'])
    symlinkSync(join(MODULES, name), join(folder, 'node_modules', name));
  return folder;
}

export interface Ended {
  /** Null if it was ended because it did not end. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a module in the project's folder until it ends. */
export function runProgram(folder: string, code: string, environment: Record<string, string> = {}): Ended {
  const file = join(folder, 'program.mjs');
  writeFileSync(file, code);
  return spawnSync(process.execPath, [file], {
    cwd: folder,
    env: { ...process.env, ...softwareGpu(), ...environment },
    encoding: 'utf8',
    timeout: MAX_MS,
  });
}
