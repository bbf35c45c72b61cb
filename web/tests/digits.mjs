// Trains the lab's tab Digits on MNIST, as people do: opens the built page in headless Chromium, gives it MNIST's four
// files, presses Play, and counts what it finds of all 10,000 test digits when it stops. Writes docs/benchmarks/digits.json
// and digits.md. `npm run digits`, with the folder that has mnist/ in LIMNER_SHARED_DATA, after `npm run build`.

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { cpus, loadavg } from 'node:os';
import { extname, join } from 'node:path';
import { launchChromium } from './launch.mjs';

const FILES = ['train-images-idx3', 'train-labels-idx1', 't10k-images-idx3', 't10k-labels-idx1'];
/** The usual settings but for the data: LeNet, Adam, batches of 64, one epoch. */
const ADDRESS = '#digits?data=drawn';
const TYPES = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
};
const LOOK_MS = 2000;
/** It ends a run that hangs, and says nothing about speed. */
const MAX_MS = 3 * 3_600_000;

const web = new URL('..', import.meta.url).pathname;
const lab = new URL('../../src/limner/_web_lab', import.meta.url).pathname;

function findFiles() {
  const shared = process.env.LIMNER_SHARED_DATA;
  if (!shared) throw new Error('Set LIMNER_SHARED_DATA to the folder that has mnist/.');
  const files = FILES.map(name => join(shared, 'mnist', `${name}-ubyte.gz`));
  const missing = files.find(file => !existsSync(file));
  if (missing) throw new Error(`${missing} is not there: put MNIST's four files into that folder.`);
  if (!existsSync(join(lab, 'index.html'))) throw new Error('The lab is not built: run `npm run build`.');
  return files;
}

/** The built lab, on this machine alone. */
async function serveLab() {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://lab');
    const file = join(lab, pathname === '/' ? 'index.html' : pathname);
    if (!existsSync(file)) return response.writeHead(404).end();
    response.setHeader('Content-Type', TYPES[extname(file)] ?? 'application/octet-stream');
    return response.end(readFileSync(file));
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** What the page says now. `counts` is the confusion table, row by row. */
const readPage = page =>
  page.evaluate(() => {
    const text = selector => document.querySelector(selector)?.textContent ?? '';
    const number = found => Number((found?.[1] ?? '0').replaceAll(',', ''));
    return {
      isStopped: text('#play-button') === 'Play',
      step: number(/step ([0-9,]+)/.exec(text('.figures'))),
      tested: number(/% of ([0-9,]+)/.exec(text('.accuracy'))),
      testedAt: number(/at step ([0-9,]+)/.exec(text('.accuracy'))),
      share: number(/^([0-9.]+) %/.exec(text('.accuracy'))),
      counts: [...document.querySelectorAll('.confusion button')].map(one => Number(one.textContent)),
      backend: text('#chip').split(' · ')[0],
    };
  });

async function train(page, files) {
  await page.setInputFiles('input[type=file]', files);
  await page.waitForSelector('text=4 files of your own: 60,000 to learn from, 10,000 to test on.');
  const begin = performance.now();
  await page.click('#play-button');
  const points = [];
  let trained = 0;
  while (performance.now() - begin < MAX_MS) {
    await page.waitForTimeout(LOOK_MS);
    const now = await readPage(page);
    const seconds = (performance.now() - begin) / 1000;
    if (now.testedAt > (points.at(-1)?.step ?? 0)) {
      points.push({ seconds, step: now.testedAt, tested: now.tested, percent: now.share });
      console.log(`step ${now.step}, ${seconds.toFixed(0)} s: ${now.share} % of ${now.tested}`);
    }
    if (now.isStopped) trained ||= seconds;
    if (now.isStopped && now.tested === 10_000) return { ...now, points, seconds: trained };
  }
  throw new Error('It did not end: see whether the page still learns.');
}

const files = findFiles();
const load = loadavg()[0];
// Of the beginning: the page was built before.
const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: web }).toString().trim();
const server = await serveLab();
const browser = await launchChromium();
const page = await browser.newPage();
page.setDefaultTimeout(MAX_MS);
await page.goto(`http://127.0.0.1:${server.address().port}/${ADDRESS}`);
await page.waitForSelector('.bench.digits .layers canvas');
const { backend, step, counts, points, seconds } = await train(page, files);
const own = counts.filter((_, i) => i % 11 === 0);
const right = own.reduce((sum, one) => sum + one, 0);
const version = browser.version();
await browser.close();
server.close();

const date = new Date().toISOString().slice(0, 10);
const machine = { cpu: cpus()[0]?.model ?? '', cores: cpus().length };
const sha256 = Object.fromEntries(
  files.map(file => [file.split('/').at(-1), createHash('sha256').update(readFileSync(file)).digest('hex')]),
);
const percent = (100 * right) / 10_000;
const rows = points
  .filter(({ tested }) => tested < 10_000)
  .filter((_, i, all) => i % Math.ceil(all.length / 12) === 0);
const text = `# MNIST in the lab's page

Written by \`npm run digits\` in \`web\`, ${date}, with ${commit}. ${machine.cpu}, ${machine.cores} cores, load before the start
${load.toFixed(2)}; Chromium ${version}, headless, without a GPU: it learns on ${backend}.

The tab Digits gets MNIST's four files and learns them for one epoch, as it is set when it opens: LeNet (61,706 parameters)
from nothing with seed 0, Adam at 0.002, ${step} steps of 64 digits. Then it finds **${percent.toFixed(2)} %** of the 10,000 test digits,
${10_000 - right} of them not. Training took ${Math.round(seconds)} s by the clock, with the tests of 200 digits meanwhile.

| step | seconds | found of the first 200 test digits |
|---|---|---|
${rows.map(row => `| ${row.step} | ${Math.round(row.seconds)} | ${row.percent.toFixed(1)} % |`).join('\n')}

Of each class, of its test digits:

| ${own.map((_, i) => i).join(' | ')} |
|${'---|'.repeat(10)}
| ${own.map((one, i) => `${((100 * one) / counts.slice(10 * i, 10 * i + 10).reduce((a, b) => a + b)).toFixed(1)} %`).join(' | ')} |
`;
const out = name => new URL(`../../docs/benchmarks/${name}`, import.meta.url);
const json = {
  commit,
  date,
  machine,
  load,
  chromium: version,
  backend,
  step,
  seconds,
  right,
  counts,
  points,
  sha256,
};
writeFileSync(out('digits.json'), `${JSON.stringify(json)}\n`);
writeFileSync(out('digits.md'), text);
console.log(text);
