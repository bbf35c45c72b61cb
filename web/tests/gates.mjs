// Runs the gates (the tests of the engine's requirements) one after the other, measures how long each takes, and
// writes docs/benchmarks/gates.json and gates.md: `npm run gates`. CI runs the same tests together with all others.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const GATES = [
  {
    gate: 'budgets of a frame',
    holds:
      'calls, dispatches, draws, pipelines and GPU memory per frame, for every size of U-Net, on both backends',
    files: ['browser/frames.test', 'browser/frames.webgl2', 'node/kernels'],
  },
  {
    gate: 'conformance',
    holds: "ONNX's node tests pass on WebGPU and WebGL2, and docs/operators.md lists the results",
    files: ['browser/nodes.test', 'browser/nodes.webgl2', 'node/operators'],
  },
  {
    gate: 'networks',
    holds: 'looks and complete networks give the output of ONNX Runtime, on both backends',
    files: ['browser/networks.test', 'browser/networks.webgl2', 'browser/looks.test', 'browser/looks.webgl2'],
  },
  {
    gate: 'fuzz',
    holds: 'mutated files are read or refused within limits of time and memory',
    files: ['node/fuzz'],
  },
  { gate: 'soak', holds: 'memory does not grow over 3,000 frames, on each backend', files: ['package/soak'] },
  { gate: 'lost GPUs', holds: 'painting resumes after a device loss', files: ['browser/recovery'] },
];

const folder = mkdtempSync(join(tmpdir(), 'gates-'));
const timed = (command, args) => {
  const began = performance.now();
  const { status, stdout } = spawnSync(command, args, {
    stdio: ['ignore', 'pipe', 'inherit'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed, so its gate is not passed.`);
  return { seconds: Math.round((performance.now() - began) / 1000), output: stdout };
};

const rows = GATES.map(({ gate, holds, files }) => {
  console.log(`${gate} ...`);
  const report = join(folder, 'report.json');
  const { seconds } = timed('npx', ['vitest', 'run', ...files, '--reporter=json', `--outputFile=${report}`]);
  const { numPassedTests: tests } = JSON.parse(readFileSync(report, 'utf8'));
  return { gate, holds, tests, seconds, command: `npx vitest run ${files.join(' ')}` };
});
console.log('bytes ...');
const { seconds, output } = timed('node', ['tests/size.mjs']);
rows.push({
  gate: 'bytes',
  holds: 'gzipped bytes of the engine that a page with our looks fetches, on each backend',
  tests: output.match(/^a page with our looks/gm)?.length ?? 0,
  seconds,
  command: 'npm run size',
});
rmSync(folder, { recursive: true });

const record = {
  what: 'wall seconds of each gate when run alone, including the start of the browser and of the tests',
  machine: `${cpus().length} x ${cpus()[0]?.model ?? 'unknown'}`,
  node: process.version,
  date: new Date().toISOString().slice(0, 10),
  gates: rows,
};
const table = [
  '# Gates',
  '',
  `Written by \`npm run gates\` in \`web/\`, ${record.date}, ${record.machine}, Node ${record.node}: ${record.what}.`,
  '',
  '| gate | holds | tests | seconds | command |',
  '| --- | --- | --- | --- | --- |',
  ...rows.map(row => `| ${row.gate} | ${row.holds} | ${row.tests} | ${row.seconds} | \`${row.command}\` |`),
];
const out = name => fileURLToPath(new URL(`../../docs/benchmarks/${name}`, import.meta.url));
writeFileSync(out('gates.json'), `${JSON.stringify(record, null, 1)}\n`);
writeFileSync(out('gates.md'), `${table.join('\n')}\n`);
