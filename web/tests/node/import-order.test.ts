// The linter's rules of who may import whom: an import up the list is refused, of types too, and so is a circle.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const WEB = fileURLToPath(new URL('../..', import.meta.url));
const UP = 'lint/style/noRestrictedImports';
const CIRCLE = 'lint/suspicious/noImportCycles';

const FILES: readonly (readonly [file: string, code: string, rule: string | null])[] = [
  ['engine/error.ts', "export type { Look } from './look.ts';", UP],
  ['engine/onnx/reads-the-graph.ts', "export type { Tensor } from '../graph/ir/tensor.ts';", UP],
  ['engine/graph/ir/reads-lowering.ts', "export type { NodeReader } from '../lowering/builder.ts';", UP],
  ['engine/graph/passes/fetches-lowering.ts', "export const fetched = import('../lowering/lower.ts');", UP],
  ['engine/codegen/reads-a-painter.ts', "export type { Painter } from '../painter.ts';", UP],
  ['engine/webgpu/kernels/reads-runtime.ts', "export { requestDevice } from '../runtime/device.ts';", UP],
  ['engine/webgpu/runtime/reads-tuning.ts', "export type { TunedShapes } from '../tuning/cache.ts';", UP],
  [
    'engine/webgl2/draws/reads-webgpu.ts',
    "export type { Kernel } from '../../webgpu/kernels/kernel.ts';",
    UP,
  ],
  ['shared/reads-the-engine.ts', "export { load } from '../engine/index.ts';", UP],
  ['bench/reads-the-player.ts', "export type { App } from '../player/app.ts';", UP],
  ['player/render/reads-ui.ts', "export type { Sliders } from '../ui/sliders.ts';", UP],
  ['player/ui/reads-inside.ts', "export { readGraph } from '../../engine/look.ts';", UP],
  ['engine/graph/ir/one.ts', "import type { Two } from './two.ts';\nexport type One = Two | 1;", CIRCLE],
  ['engine/graph/ir/two.ts', "import type { One } from './one.ts';\nexport type Two = One | 2;", CIRCLE],
  ['engine/webgl2/runtime/reads-draws.ts', "export type { Draw } from '../draws/draw.ts';", null],
  ['player/app.ts', "export { load } from '../engine/index.ts';", null],
];

let folder = '';
let report = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'limner-imports-'));
  for (const name of ['biome.json', 'import-order.json']) cpSync(join(WEB, name), join(folder, name));
  for (const [file, code] of FILES) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  const biome = join(WEB, 'node_modules/@biomejs/biome/bin/biome');
  const { stdout, stderr } = spawnSync(process.execPath, [biome, 'lint', '--colors=off'], {
    cwd: folder,
    encoding: 'utf8',
  });
  report = stdout + stderr;
});
afterAll(() => rmSync(folder, { recursive: true }));

test.each(FILES)('%s: %s', (file, _, rule) => {
  const [found = null] = new RegExp(`(?<=${file}:\\S+ )lint/\\S+`).exec(report) ?? [];
  expect(found).toBe(rule);
});
