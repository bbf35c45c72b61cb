// Trains LeNet-5 on limner and on its rivals, in turns in one browser, and writes docs/benchmarks/browser-training.{json,md}:
//
//   npm run browser-training
//
// The network is a test case's, which `npm run unit` packs. Fails if losses do not agree, or if a bar is not met.

import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { launchChromium } from './launch.mjs';
import { browserProcesses, processorTime } from './processor-time.mjs';

const FILE = 'training-lenet.onnx';
const PLAN = { file: FILE, before: 6, compared: 20, rounds: 5, turnMs: 1000 };
/** Times the CPU time of limner's step on WebGPU that a rival's on WebGPU takes at least. */
const BARS = { 'jax-webgpu': 5, 'tfjs-webgpu': 40 };
/** Times limner's forward pass that its step's dispatches are at most. */
const MAX_DISPATCHES = 3.5;
const MAX_DIFFERENCE = 1e-3;

const web = fileURLToPath(new URL('..', import.meta.url));
const configFile = `${web}vite.browser-training.config.ts`;
if (!existsSync(`${web}.cache/${FILE}`)) throw new Error(`web/.cache has no ${FILE}: npm run unit makes it.`);
const load = loadavg()[0];

const found = await measure();
const verdict = judge(found);
record();
console.log(`${found.engines.map(row).join('\n')}\n${verdict.sentences.join('\n')}`);
if (!verdict.isMet) process.exitCode = 1;

async function measure() {
  await build({ configFile, logLevel: 'error' });
  cpSync(`${web}.cache/${FILE}`, `${web}.cache/browser-training/${FILE}`);
  const headers = {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
  };
  const server = await preview({ configFile, preview: { port: 0, host: '127.0.0.1', headers } });
  const browser = await launchChromium();
  try {
    const page = await browser.newPage();
    page.on('console', message => message.type() === 'log' && console.log(message.text()));
    const time = type => browserProcesses(type).reduce((sum, pid) => sum + processorTime(pid), 0);
    await page.exposeFunction('browserTimes', () => ({
      gpu: time('gpu-process'),
      renderer: time('renderer'),
    }));
    await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/index.html`);
    return await page.evaluate(plan => window.runContest(plan), PLAN);
  } finally {
    await browser.close();
    await server.close();
  }
}

/** The bars, and whether they are met. */
function judge({ engines, failures, forward }) {
  const sentences = [];
  const say = (isMet, sentence) => {
    sentences.push(`${isMet ? 'Met' : 'NOT met'}: ${sentence}`);
    return isMet;
  };
  const met = Object.entries(BARS).map(([name, bar]) => {
    const rival = engines.find(one => one.name === name);
    const ratio = rival?.processor.ratio ?? 0;
    return say(
      ratio >= bar,
      `${rival?.label ?? name}: at least ${bar} times the CPU time of limner's step on WebGPU, found ${ratio.toFixed(1)}.`,
    );
  });
  const [{ calls }] = engines;
  const times = calls.dispatches / forward;
  const dispatches = `${calls.dispatches} dispatches a step, ${forward} forward: at most ${MAX_DISPATCHES} times, found ${times.toFixed(2)}.`;
  met.push(say(times <= MAX_DISPATCHES, dispatches));
  const created = countCreated(calls);
  met.push(say(created === 0, `nothing created in a step after the first, found ${created}.`));
  const difference = Math.max(...engines.map(one => one.difference));
  const agree = `losses within ${MAX_DIFFERENCE} of limner's on WebGPU, found ${difference.toExponential(1)}.`;
  met.push(say(difference <= MAX_DIFFERENCE, agree));
  for (const { label, reason } of failures) sentences.push(`${label} did not train: ${reason}`);
  return { sentences, isMet: met.every(Boolean) };
}

/** Pipelines, bind groups, buffers and textures that a step creates. */
function countCreated({ pipelines, bindGroups, resources }) {
  return pipelines + bindGroups + resources;
}

function row({ label, version, wall, processor, renderer, steps, first, calls, code, difference }) {
  const times = ({ ratio }) => (ratio === null ? '' : ratio.toFixed(2));
  const costs = [wall, processor].flatMap(figure => [figure.ms.toFixed(0), times(figure)]);
  const counts = [calls.dispatches, calls.submits, countCreated(calls), calls.writes, calls.readbacks];
  const rest = [
    renderer.ms.toFixed(0),
    steps,
    first.toFixed(0),
    ...counts,
    code.gzip,
    difference.toExponential(1),
  ];
  return `| ${[`${label} ${version}`, ...costs, ...rest].join(' | ')} |`;
}

function record() {
  const git = (...args) => execFileSync('git', args, { cwd: web }).toString().trim();
  const changed = git('status', '--porcelain', '--', 'engine', 'bench') ? ', with changes' : '';
  const commit = `${git('rev-parse', '--short', 'HEAD')}${changed}`;
  const machine = {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    gpu: process.env.LIMNER_GPU ? 'yes' : 'none',
  };
  const date = new Date().toISOString().slice(0, 10);
  const { engines, forward } = found;
  const adapters = engines
    .filter(({ adapter }) => adapter)
    .map(({ label, adapter }) => `${label}: ${adapter}`);
  const text = `# A training step beside other libraries

Written by \`npm run browser-training\` in \`web\`, ${date}, with the engine of ${commit}. ${machine.cpu}, ${machine.cores} cores, GPU:
${machine.gpu}; load before the start ${load.toFixed(2)}.

All train LeNet-5 (28 x 28 padded by 2, ReLU, max pooling, 61,706 parameters, softmax cross-entropy) by Adam with a rate of
0.001, from the same weights on the same batches of 64, in one browser. Each has its own document. After
${PLAN.before} steps each they take turns in ${PLAN.rounds} rounds, in another random order each. A turn is as many steps as fit into ${PLAN.turnMs / 1000} s,
but at least one: slow engines have few steps.

${verdict.sentences.map(sentence => `- ${sentence}`).join('\n')}

*CPU* is the CPU time of the browser's GPU process and renderers, over all cores, which other work on the machine disturbs
less than the clock; on a GPU in software it is the work itself. *In JavaScript* is that of the renderers alone, with
WebAssembly. *Times* are medians of the ratios to limner on WebGPU within rounds. *First* is from the fetched code and file to
the end of the first step: it compiles. Calls are those of one step after the first, counted in another document: *kernels*
are dispatches and draws, *created* are pipelines, bind groups, buffers and textures. limner reads losses at most four times
a second, which creates a buffer: a step that takes longer has one. *Code* is all that the document fetched, gzipped, in
bytes. *Difference* is the largest of a loss, relative to limner's on WebGPU, in the first ${PLAN.compared} steps, or in as many as an
engine took.

| engine | ms a step | times | CPU ms a step | times | in JavaScript | steps | first, ms | kernels | submits | created | writes | readbacks | code | difference |
|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|
${engines.map(row).join('\n')}

limner's forward pass alone has ${forward} dispatches. ${adapters.join('. ')}.

What a step waits for:

${engines.map(({ label, fence }) => `- ${label}: ${fence}`).join('\n')}

A GPU in software says little of real ones, where small steps wait for dispatches and not for arithmetic.
`;
  const out = name => new URL(`../../docs/benchmarks/${name}`, import.meta.url);
  const json = { commit, date, machine, load, plan: PLAN, ...found };
  writeFileSync(out('browser-training.json'), `${JSON.stringify(json, null, 1)}\n`);
  writeFileSync(out('browser-training.md'), text);
}
