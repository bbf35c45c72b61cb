// What engines of others dispatch for a painting, on the driver of a GPU that is not here.

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Device, environmentOf } from './devices.ts';

/** A dispatch as capture.mjs writes it. */
export interface Captured {
  readonly label: string;
  readonly code: string;
  readonly constants: Readonly<Record<string, number>>;
  readonly workgroups: number;
  readonly bytes: readonly number[];
}

/** What rival_files.py writes of each convolution of the network. */
export interface Layer {
  readonly weights: number;
  readonly multiplyAdds: number;
}

/** The packages of the engines, whose versions package.json pins. */
const PACKAGES = {
  tfjs: '@tensorflow/tfjs-backend-webgpu',
  onnxruntime: 'onnxruntime-web',
  litert: '@litertjs/core',
} as const;

export type EngineKey = keyof typeof PACKAGES;

export const forEngines = <T>(make: (key: EngineKey) => T): Record<EngineKey, T> => ({
  tfjs: make('tfjs'),
  onnxruntime: make('onnxruntime'),
  litert: make('litert'),
});

interface Capture {
  readonly layers: readonly Layer[];
  readonly engines: Readonly<Record<EngineKey, readonly Captured[] | null>>;
}

/** What the engines dispatch for a look on a device. Kept in `folder` until a file changes that it depends on. */
export function capture(device: Device, look: string, folder: string): Capture {
  const cache = join(folder, 'rivals');
  const kept = join(cache, `${hashOf(device, look)}.json`);
  if (existsSync(kept)) return JSON.parse(readFileSync(kept, 'utf8'));
  const work = mkdtempSync(join(tmpdir(), 'rivals-'));
  try {
    const python = process.env.LIMNER_PYTHON ?? at('../../../.venv/bin/python');
    execFileSync(python, [at('rival_files.py'), look, work], { stdio: 'inherit' });
    const captured: Capture = {
      engines: forEngines(key => captureEngine(device, key, work, folder)),
      layers: JSON.parse(readFileSync(join(work, 'layers.json'), 'utf8')),
    };
    mkdirSync(cache, { recursive: true });
    writeFileSync(kept, JSON.stringify(captured));
    return captured;
  } finally {
    rmSync(work, { recursive: true });
  }
}

function captureEngine(device: Device, key: EngineKey, work: string, folder: string): Captured[] | null {
  const output = join(work, `${key}.json`);
  // WebAssembly is compiled by V8's quick compiler: the optimizing one takes a minute for ONNX Runtime.
  const args = ['--liftoff-only', at('capture.mjs'), key, work, output];
  const { status, stderr } = spawnSync(process.execPath, args, {
    env: environmentOf(device, folder, join(work, 'report')),
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${PACKAGES[key]} was not captured on ${device.name}: ${stderr}`);
  return JSON.parse(readFileSync(output, 'utf8'));
}

const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

const SCRIPTS = ['capture.mjs', 'dispatch-recorder.mjs', 'gpu.mjs', 'rival-engines.mjs', 'rival_files.py'];

function hashOf({ chip }: Device, look: string): string {
  const versions = Object.values(PACKAGES).map(name => `../../node_modules/${name}/package.json`);
  const hash = createHash('sha256').update(chip);
  for (const path of [look, ...[...SCRIPTS, ...versions].map(at)]) hash.update(readFileSync(path));
  return hash.digest('hex');
}
