// Asks the compiler of a device what it makes of kernels.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Compiled } from './compiled.ts';
import { type Device, environmentOf } from './devices.ts';
import type { Dispatch } from './dispatch.ts';

const keyOf = ({ code, constants }: Dispatch): string => JSON.stringify([code, constants]);

/** Compiles each different kernel once, and returns what the compiler says of any. `folder` is what setup.sh made. */
export function compileOn(
  device: Device,
  folder: string,
  dispatches: readonly Dispatch[],
): (dispatch: Dispatch) => Compiled {
  const distinct = [...new Map(dispatches.map(one => [keyOf(one), one]))];
  const work = mkdtempSync(join(tmpdir(), 'proxy-'));
  try {
    const file = (name: string) => join(work, `${name}.json`);
    const kernels = distinct.map(([, { code, constants }]) => ({ code, constants }));
    writeFileSync(file('kernels'), JSON.stringify(kernels));
    const script = fileURLToPath(new URL('compile.mjs', import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script, file('kernels'), file('compiled')], {
      env: environmentOf(device, folder, file('report')),
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${device.name} does not compile: ${stderr}`);
    const compiled: Compiled[] = JSON.parse(readFileSync(file('compiled'), 'utf8'));
    const found = new Map(compiled.map((one, i) => [distinct[i]?.[0], one]));
    return dispatch => {
      const made = found.get(keyOf(dispatch));
      if (!made) throw new Error(`${dispatch.label} was not compiled.`);
      return made;
    };
  } finally {
    rmSync(work, { recursive: true });
  }
}
