// Compares frame times with those of the engine of a former commit, in turns in one page, and writes
// docs/benchmarks/former.{json,md}:
//
//   npm run former -- COMMIT
//
// The looks are those that the package brings and those of `web/.cache`, which the tests write. Fails if a look paints
// something else than before, or takes more than a tenth longer.

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openPage } from './open-page.mjs';

const LIMIT = 1.1;
/** Of 255: roundings of a byte and of half floats. */
const MAX_DIFFERENCE = 2;
const PACKAGED = ['garden', 'night', 'sea'];
const CACHED = [
  'lean-256-uint8-soft',
  'full-256-uint8-levels',
  'small-256-uint8-soft',
  'medium-256-uint8-soft',
  'large-256-uint8-soft',
];
const BACKENDS = ['webgpu', 'webgl2'];

const root = fileURLToPath(new URL('../..', import.meta.url));
const git = (...args) => execFileSync('git', args, { cwd: root, maxBuffer: 2 ** 28, stdio: 'pipe' });
const readGit = (...args) =>
  git(...args)
    .toString()
    .trim();

const [given, ...others] = process.argv.slice(2);
if (!given || others.length > 0) throw new Error('Name the commit to compare with: npm run former -- COMMIT');
const former = findCommit(given);
const changed = readGit('status', '--porcelain', '--', 'web/engine') ? ', with changes' : '';
const now = `${readGit('rev-parse', '--short', 'HEAD')}${changed}`;
const load = loadavg()[0];

const looks = [
  ...PACKAGED.map(name => ({ name, file: `@fs${root}src/limner/looks/${name}.onnx` })),
  ...CACHED.map(name => ({ name, file: `${name}.onnx` })),
];
const missing = CACHED.filter(name => !existsSync(join(root, `web/.cache/${name}.onnx`)));
if (missing.length > 0) throw new Error(`web/.cache has no ${missing.join(', ')}: npm run unit makes them.`);
const folder = mkdtempSync(join(tmpdir(), 'limner-former-'));
const results = [];
try {
  const files = git('archive', former, 'web/engine', 'web/tsconfig.json');
  execFileSync('tar', ['-x', '-C', folder], { input: files });
  const index = `/@fs${folder}/web/engine/index.ts`;
  const { page, close } = await openPage([folder]);
  try {
    for (const { name, file } of looks) {
      for (const backend of BACKENDS) {
        // A new document for each, so that none inherits the garbage of another.
        await page.reload();
        const found = await page.evaluate(
          async args => (await import('/tests/former.ts')).compareEngines(...args),
          [index, file, backend],
        );
        results.push({ look: name, ...found });
        console.log(row(results.at(-1)));
      }
    }
  } finally {
    await close();
  }
} finally {
  rmSync(folder, { recursive: true });
}

const slower = results.filter(({ ms }) => ms.ratio[2] > LIMIT);
const other = results.filter(({ difference }) => difference > MAX_DIFFERENCE);
const tell = found => found.map(({ look, backend }) => `${look} on ${backend}`).join(', ') || 'none';
const verdict = `Slower by more than a tenth: ${tell(slower)}. Another painting: ${tell(other)}.`;
console.log(verdict);
if (slower.length + other.length > 0) process.exitCode = 1;
record();

/** The short name of a commit that has an engine. */
function findCommit(name) {
  try {
    readGit('cat-file', '-e', `${name}:web/engine/index.ts`);
    return readGit('rev-parse', '--short', `${name}^{commit}`);
  } catch {
    throw new Error(`${name} is no commit with an engine (web/engine/index.ts): name another.`);
  }
}

function row({ look, backend, rounds, difference, ms, processor }) {
  const spread = ([least, , median, , most]) =>
    `${median.toFixed(2)} | ${least.toFixed(2)} to ${most.toFixed(2)}`;
  const half = ({ ratio }) => `${ratio[1].toFixed(2)} to ${ratio[3].toFixed(2)}`;
  const figures = [ms.former.toFixed(1), ms.now.toFixed(1), spread(ms.ratio), half(ms)];
  const cpu = [
    processor.former.toFixed(1),
    processor.now.toFixed(1),
    processor.ratio[2].toFixed(2),
    half(processor),
  ];
  return `| ${[look, backend, rounds, ...figures, ...cpu, difference].join(' | ')} |`;
}

function record() {
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    gpu: process.env.LIMNER_GPU ? 'yes' : 'none',
  };
  const date = new Date().toISOString().slice(0, 10);
  const adapters = BACKENDS.map(name => results.find(({ backend }) => backend === name)?.adapter);
  const text = `# Frame times beside a former commit

Written by \`npm run former -- ${former}\` in \`web\`, ${date}: milliseconds of a frame (from an image bitmap
to a painting on a canvas) with the engine of ${former} and of ${now}. Both paint in one page, in turns, with the
default kernels: nothing is tuned, and what was tuned before is not used. ${machine.cpu}, ${machine.cores} cores, GPU:
${machine.gpu}; load before the start ${load.toFixed(2)}. WebGPU: ${adapters[0]}. WebGL2: ${adapters[1]}.

In each round both paint as many frames, and each begins every other round. *Times* and *CPU times* are medians of the
ratios within rounds: below 1, this commit is faster. *CPU* is that of the browser's GPU process, over all cores; other
work on the machine disturbs it less. *Middle half* is between the quartiles. Before, both paint the same picture:
*difference* is the largest of the two canvases, of 255. \`npm run former -- HEAD\` compares the engine with itself, and
shows how far ratios come from 1 by chance on the machine.

${verdict}

| look | backend | rounds | ms, before | ms, now | times | from to | middle half | CPU ms, before | CPU ms, now | CPU times | middle half | difference |
|---|---|---|---|---|---|---|---|---|---|---|---|---|
${results.map(row).join('\n')}
`;
  const out = name => new URL(`../../docs/benchmarks/${name}`, import.meta.url);
  const json = { former, now, date, machine, load, results };
  writeFileSync(out('former.json'), `${JSON.stringify(json, null, 1)}\n`);
  writeFileSync(out('former.md'), text);
}
