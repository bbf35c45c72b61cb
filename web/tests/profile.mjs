// Times looks on WebGPU in a real browser, kernel by kernel, and writes time, multiply-adds and bytes read and written
// into docs/benchmarks/layers.{json,md}: `npm run profile -- small large`. The figures are for the adapter of
// Chromium (LIMNER_CHROMIUM). Without a GPU this is a software adapter, and its CPU time is given too.

import { writeFileSync } from 'node:fs';
import { openPage } from './open-page.mjs';

const records = new URL('../../docs/benchmarks/', import.meta.url);

const sum = (layers, key) => layers.reduce((total, layer) => total + layer[key], 0);

function table({ name, adapter, frame, first, compiling, statistics, layers }) {
  const rows = layers.map(layer => {
    const { kernel, shape, workgroups, products, weights, read, written, ms, processor } = layer;
    const figures = [
      (products / 1e6).toFixed(2),
      (weights / 1024).toFixed(0),
      (read / 1024).toFixed(0),
      (written / 1024).toFixed(0),
      ms.toFixed(2),
      processor.toFixed(2),
      (products / ms / 1e6).toFixed(2),
      ((weights + read + written) / ms / 1e6).toFixed(2),
    ];
    return `| ${[layer.name, kernel, shape, workgroups, ...figures].join(' | ')} |`;
  });
  return `## ${name}

${adapter}: ${frame.toFixed(1)} ms a frame; sum of the kernels, timed one by one, ${sum(layers, 'ms').toFixed(1)} ms (${sum(layers, 'processor').toFixed(1)} ms of CPU time). ${statistics.dispatches} dispatches, ${statistics.pipelines} pipelines, ${statistics.bufferBytes} bytes on the GPU. First painting after ${first.toFixed(0)} ms (${compiling.toFixed(0)} ms of CPU time).

| layer | kernel | long x short x deep | workgroups | MMAC | weights KB | in KB | out KB | ms | CPU ms | GMAC/s | GB/s |
| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
}

const given = process.argv.slice(2);
/** Looks by their size, the default first; other names are those of files in `web/.cache`. */
const FILES = {
  full: 'full-256-uint8-levels',
  lean: 'lean-256-uint8-soft',
  small: 'small-256-uint8-soft',
  medium: 'medium-256-uint8-soft',
  large: 'large-256-uint8-soft',
};
const names = given.length > 0 ? given : Object.keys(FILES);
const { page, close } = await openPage();
try {
  const results = [];
  for (const name of names) {
    const result = await page.evaluate(
      async file => (await import('/tests/profile.ts')).profile(file),
      FILES[name] ?? name,
    );
    results.push(result);
    console.log(table(result));
  }
  const head = `# Kernels of a frame

Written by \`npm run profile\` in \`web/\` (\`LIMNER_GPU=1\` on a machine with a GPU): multiply-adds, bytes read and written,
and time of each kernel on the named adapter. Zeros at the border count as multiply-adds, as in published figures,
except for taps that only ever read padding: these are neither loaded nor multiplied. Kernels are timed one by one
with repetitions, while they overlap in a frame. On a busy machine, use the CPU time.

`;
  writeFileSync(new URL('layers.json', records), `${JSON.stringify(results, null, 1)}\n`);
  writeFileSync(new URL('layers.md', records), head + results.map(table).join('\n'));
} finally {
  await close();
}
