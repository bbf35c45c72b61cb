// Who may import whom (docs/design.md): every file has one entry in `import-order.json`, and Biome refuses what that
// entry does not allow, types included, and import cycles.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const WEB = fileURLToPath(new URL('../..', import.meta.url));
const ORDER = 'lint/style/noRestrictedImports';
const CYCLE = 'lint/suspicious/noImportCycles';

const { overrides }: { overrides: { includes: string[] }[] } = JSON.parse(
  readFileSync(join(WEB, 'import-order.json'), 'utf8'),
);

/** Whether a file matches a pattern of `includes`, which has `**` at its end only. */
function matches(file: string, pattern: string): boolean {
  const expression = pattern
    .replaceAll('.', '\\.')
    .replace(/\{([^}]*)\}/g, (_, names: string) => `(${names.replaceAll(',', '|')})`)
    .replace(/\*+/g, stars => (stars === '**' ? '.+' : '[^/]+'));
  return new RegExp(`^${expression}$`).test(file);
}

/** The entries of a file, by their index. */
const entriesOf = (file: string): number[] =>
  overrides.flatMap(({ includes }, i) => {
    const not = includes.some(pattern => pattern.startsWith('!') && matches(file, pattern.slice(1)));
    return !not && includes.some(pattern => matches(file, pattern)) ? [i] : [];
  });

/** Files and what they import. */
type Cases = readonly (readonly [file: string, ...imports: string[]])[];

/** What their entry refuses. */
const REFUSED: Cases = [
  ['engine/error.ts', './look.ts', './availability.ts', '../shared/dom.ts'],
  ['engine/onnx/a.ts', '../graph/ir/tensor.ts', '../look.ts', '../../player/app.ts'],
  ['engine/graph/ir/a.ts', '../lowering/builder.ts', '../eval/evaluator.ts', '../../look.ts'],
  ['engine/graph/eval/a.ts', '../lowering/builder.ts', '../passes/plan.ts', '../../codegen/reduce-code.ts'],
  ['engine/graph/passes/a.ts', '../lowering/lower.ts', '../eval/evaluator.ts', '../../look.ts'],
  ['engine/graph/lowering/a.ts', '../passes/plan.ts', '../../look.ts', '../../../shared/dom.ts'],
  ['engine/autograd/a.ts', '../cpu/executor.ts', '../training/step.ts', '../look.ts'],
  ['engine/autograd/rules/a.ts', '../gradients.ts', '../../cpu/arrays.ts', '../../look.ts'],
  ['engine/cpu/a.ts', '../autograd/gradients.ts', '../codegen/reduce-code.ts', '../webgpu/painter.ts'],
  ['engine/training/a.ts', '../index.ts', '../look.ts', '../../player/app.ts'],
  ['engine/training/learning-painter.ts', '../look.ts', '../webgpu/painter.ts', '../../player/app.ts'],
  ['engine/training/optimizers/a.ts', '../step.ts', '../../cpu/arrays.ts', '../../graph/lowering/lower.ts'],
  ['engine/look.ts', './run-inputs.ts', './painter.ts', './codegen/reduce-code.ts', '../shared/dom.ts'],
  ['engine/run-inputs.ts', './look.ts', './webgpu/painter.ts'],
  ['engine/codegen/a.ts', '../painter.ts', '../look.ts', '../webgpu/kernels/kernel.ts'],
  ['engine/painter.ts', './live-inputs.ts', './frames/source.ts', './index.ts', '../player/app.ts'],
  ['engine/live-inputs.ts', './painter.ts', './recovery/probe.ts', './webgl2/painter.ts'],
  ['engine/frames/a.ts', '../recovery/probe.ts', '../webgpu/painter.ts', '../index.ts', '../training/a.ts'],
  ['engine/recovery/a.ts', '../frames/source.ts', '../webgl2/painter.ts', '../../shared/dom.ts'],
  ['engine/webgpu/kernels/a.ts', '../runtime/device.ts', '../tuning/cache.ts', '../painter.ts'],
  ['engine/webgpu/kernels/b.ts', '../../webgl2/painter.ts', '../../index.ts', '../../../shared/dom.ts'],
  ['engine/webgpu/runtime/a.ts', '../tuning/cache.ts', '../painter.ts', '../../webgl2/draws/draw.ts'],
  ['engine/webgpu/runtime/b.ts', '../../index.ts', '../../../bench/main.ts', '../../training/a.ts'],
  ['engine/webgpu/tuning/a.ts', '../painter.ts', '../../webgl2/painter.ts', '../../../player/app.ts'],
  ['engine/webgl2/draws/a.ts', '../runtime/context.ts', '../painter.ts', '../../webgpu/kernels/kernel.ts'],
  ['engine/webgl2/runtime/a.ts', '../painter.ts', '../../webgpu/runtime/adapter.ts', '../../index.ts'],
  ['engine/webgpu/painter.ts', '../webgl2/painter.ts', '../index.ts', '../../shared/dom.ts'],
  ['engine/webgl2/painter.ts', '../webgpu/painter.ts', '../index.ts', '../../player/app.ts'],
  ['engine/index.ts', '../shared/dom.ts', '../player/app.ts', './training/a.ts', './node.ts'],
  ['engine/node.ts', '../shared/dom.ts', './webgl2/painter.ts', './training/a.ts'],
  ['shared/a.ts', '../engine/index.ts', '../player/app.ts'],
  ['build/a.ts', '../engine/index.ts', '../shared/dom.ts'],
  ['bench/a.ts', '../player/app.ts', '../engine/look.ts', '../engine/webgpu/painter.ts'],
  ['bench/rivals/a.ts', '../main.ts', '../../engine/webgpu/painter.ts', '../../player/app.ts'],
  ['bench/rivals/limner.ts', '../../engine/webgpu/runtime/device.ts', '../../engine/look.ts'],
  [
    'bench/everywhere/a.ts',
    '../../engine/look.ts',
    '../../engine/webgpu/runtime/device.ts',
    '../../player/app.ts',
  ],
  ['bench/training/a.ts', '../rivals/rival.ts', '../../engine/look.ts', '../../player/app.ts'],
  ['player/app.ts', '../bench/main.ts', '../engine/look.ts'],
  ['player/look-loader.ts', './app.ts', './main.ts', '../bench/main.ts', '../engine/look.ts'],
  ['player/learning/a.ts', '../app.ts', '../../engine/look.ts', '../../engine/training/step.ts'],
  ['player/filters/a.ts', '../app.ts', '../learning/panel.ts', '../../engine/onnx/model.ts'],
  ['lab/tabs.ts', '../engine/index.ts', '../player/app.ts', '../bench/main.ts'],
  [
    'lab/shell/a.ts',
    '../network/session.ts',
    '../line/tab.ts',
    '../../engine/index.ts',
    '../../player/app.ts',
  ],
  ['lab/plot/a.ts', '../data/table.ts', '../../engine/training/index.ts'],
  ['lab/numbers/a.ts', '../shell/format.ts', '../../shared/dom.ts'],
  ['lab/data/a.ts', '../shell/format.ts', '../network/session.ts', '../../engine/index.ts'],
  ['lab/network/a.ts', '../line/tab.ts', '../../engine/training/step.ts', '../../engine/onnx/model.ts'],
  ['lab/line/a.ts', '../descent/tab.ts', '../../engine/training/step.ts', '../../player/app.ts'],
  ['lab/descent/plane/a.ts', '../tab.ts', '../../shell/tab.ts', '../../../engine/training/step.ts'],
  ['lab/classifier/a.ts', '../digits/tab.ts', '../../engine/training/step.ts', '../../player/app.ts'],
  [
    'lab/measure/a.ts',
    '../line/tab.ts',
    '../data/table.ts',
    '../../engine/onnx/model.ts',
    '../../bench/a.ts',
  ],
  ['lab/digits/a.ts', '../pictures/tab.ts', '../../engine/training/step.ts', '../../player/app.ts'],
  ['player/ui/a.ts', '../app.ts', '../look-loader.ts', '../../engine/look.ts', '../../bench/main.ts'],
  ['player/render/a.ts', '../ui/sliders.ts', '../look-loader.ts', '../../engine/look.ts'],
  ['player/painters/a.ts', '../sources/camera.ts', '../looks/look-index.ts', '../render/frame-stats.ts'],
  ['player/sources/a.ts', '../painters/painter.ts', '../looks/look-index.ts', '../ui/sliders.ts'],
  ['player/looks/a.ts', '../sources/camera.ts', '../painters/painter.ts', '../../engine/look.ts'],
  [
    'player/painters/wasm/a.ts',
    '../../../engine/onnx/protobuf.ts',
    '../../sources/camera.ts',
    '../../app.ts',
  ],
  ['player/painters/wasm/live-inputs.ts', '../../../engine/look.ts', '../../ui/sliders.ts'],
  ['player/painters/format/a.ts', '../../../engine/look.ts', '../../sources/camera.ts'],
  ['player/painters/onnx-fields.ts', '../../engine/onnx/model.ts', '../sources/camera.ts'],
  ['player/painters/wasm/transposed.ts', '../../../engine/graph/eval/evaluator.ts', '../../app.ts'],
];

/** The exceptions, and imports down the list that a sweeping pattern might catch. */
const ALLOWED: Cases = [
  ['player/painters/wasm/live-inputs.ts', '../../../engine/onnx/protobuf.ts', '../painter.ts'],
  ['player/painters/wasm/transposed.ts', '../../../engine/onnx/model.ts', '../onnx-writer.ts'],
  ['player/painters/format/a.ts', '../../../engine/onnx/model.ts', '../onnx-fields.ts', '../painter.ts'],
  ['player/painters/onnx-fields.ts', '../../engine/onnx/protobuf.ts', './painter.ts'],
  ['bench/rivals/limner.ts', '../../engine/webgpu/painter.ts', '../../engine/webgl2/painter.ts'],
  ['bench/rivals/limner.ts', './rival.ts', '../../engine/index.ts', '../../shared/planes.ts'],
  [
    'bench/everywhere/a.ts',
    '../rounds.ts',
    '../rivals/rival.ts',
    '../training/lesson.ts',
    '../../engine/training/cpu-evaluator.ts',
    '../../engine/webgpu/painter.ts',
  ],
  [
    'bench/training/a.ts',
    '../rounds.ts',
    '../../engine/training/index.ts',
    '../../engine/graph/passes/plan.ts',
  ],
  ['player/app.ts', './look-loader.ts', '../engine/index.ts', '../shared/dom.ts'],
  ['lab/line/a.ts', '../network/session.ts', '../shell/tab.ts', '../../engine/training/index.ts'],
  ['lab/measure/a.ts', '../network/session.ts', '../../engine/index.ts', '../../engine/onnx/write-model.ts'],
  ['lab/pictures/a.ts', '../classifier/tab.ts', '../shell/tab.ts', '../../engine/training/index.ts'],
  ['lab/network/a.ts', '../plot/axes.ts', '../data/table.ts', '../../engine/index.ts'],
  [
    'player/learning/a.ts',
    '../look-loader.ts',
    '../../engine/training/index.ts',
    '../../engine/onnx/model.ts',
  ],
  ['player/filters/a.ts', '../look-loader.ts', '../ui/sliders.ts', '../../engine/onnx/filters.ts'],
  ['engine/index.ts', './webgpu/painter.ts', './webgl2/runtime/context.ts', './look.ts'],
  ['engine/training/a.ts', '../webgl2/runtime/network.ts', '../cpu/executor.ts', './step.ts'],
  ['engine/node.ts', './index.ts', './webgpu/runtime/adapter.ts', './look.ts'],
  ['engine/webgl2/runtime/a.ts', '../draws/draw.ts', '../../frames/source.ts', '../../run-inputs.ts'],
  ['engine/graph/lowering/a.ts', '../eval/evaluator.ts', '../ir/tensor.ts', '../../onnx/model.ts'],
];

/** The ways to import. Lines of a planted file take turns. */
const FORMS = [
  (path: string) => `export type { A } from '${path}';`,
  (path: string) => `import { b } from '${path}'; b();`,
  (path: string) => `import('${path}');`,
];

const plant = (cases: Cases): Record<string, string> =>
  Object.fromEntries(
    cases.map(([file, ...imports]) => [file, imports.map((path, i) => FORMS[i % 3]?.(path)).join('\n')]),
  );

/** The lines of each file that Biome refuses, by rule. */
function lint(files: Readonly<Record<string, string>>): (file: string, rule: string) => number[] {
  const folder = mkdtempSync(join(tmpdir(), 'limner-imports-'));
  try {
    for (const name of ['biome.json', 'import-order.json']) cpSync(join(WEB, name), join(folder, name));
    for (const [file, code] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), code);
    }
    const biome = join(WEB, 'node_modules/@biomejs/biome/bin/biome');
    const args = [biome, 'lint', '--colors=off', '--max-diagnostics=none'];
    const { stdout, stderr } = spawnSync(process.execPath, args, { cwd: folder, encoding: 'utf8' });
    const found = [...(stdout + stderr).matchAll(/^(\S+\.ts):(\d+):\d+ (lint\/\S+)/gm)];
    return (file, rule) =>
      found
        .filter(([, a, , b]) => a === file && b === rule)
        .map(([, , line]) => Number(line))
        .sort((a, b) => a - b);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const source = ['engine', 'player', 'lab', 'bench', 'shared', 'build'].flatMap(root =>
  readdirSync(join(WEB, root), { recursive: true, encoding: 'utf8' })
    .filter(file => /\.(ts|mjs)$/.test(file) && !file.includes('node_modules'))
    .map(file => `${root}/${file.replaceAll('\\', '/')}`),
);

test('every file has one entry, and every entry has files', () => {
  expect(source.length).toBeGreaterThan(150);
  expect(source.filter(file => entriesOf(file).length !== 1)).toEqual([]);
  const used = new Set(source.flatMap(entriesOf));
  expect(overrides.filter((_, i) => !used.has(i))).toEqual([]);
});

test.each([
  'engine/training/kernels/a.ts',
  'engine/a.ts',
  'engine/graph/a.ts',
  'engine/webgpu/a.ts',
  'engine/webgl2/a.ts',
  'player/a.ts',
  'player/layers/a.ts',
  'studio/a.ts',
  'lab/a.ts',
])('%s would need an entry', file => {
  expect(entriesOf(file)).toEqual([]);
});

test('every entry refuses something here', () => {
  const planted = new Set(REFUSED.flatMap(([file]) => entriesOf(file)));
  expect(overrides.filter((_, i) => !planted.has(i))).toEqual([]);
});

describe('what Biome says', () => {
  const refused = lint(plant(REFUSED));
  test.each(REFUSED)('%s may not import %s', (file, ...imports) => {
    expect(refused(file, ORDER)).toEqual(imports.map((_, i) => i + 1));
  });

  const allowed = lint(plant(ALLOWED));
  test.each(ALLOWED)('%s may import %s', file => {
    expect(allowed(file, ORDER)).toEqual([]);
  });

  test('an import cycle of types is refused', () => {
    const cyclic = lint({
      'engine/graph/ir/one.ts': "import type { Two } from './two.ts';\nexport type One = Two | 1;",
      'engine/graph/ir/two.ts': "import type { One } from './one.ts';\nexport type Two = One | 2;",
    });
    expect(cyclic('engine/graph/ir/one.ts', CYCLE)).toEqual([1]);
    expect(cyclic('engine/graph/ir/two.ts', CYCLE)).toEqual([1]);
  });
});
