// What the engine weighs: bundled, minified, gzipped. Fails above the 40 kB that it may weigh.

import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 40_000;
const result = await build({
  configFile: false,
  logLevel: 'error',
  publicDir: false,
  build: { write: false, lib: { entry: 'engine/index.ts', formats: ['es'] }, minify: 'oxc' },
});
const outputs = [result].flat().flatMap(one => one.output);
const code = outputs.map(one => ('code' in one ? one.code : '')).join('');
const bytes = gzipSync(code, { level: 9 }).length;
console.log(`engine: ${code.length} bytes, ${bytes} gzipped (limit ${LIMIT})`);
if (bytes > LIMIT) process.exitCode = 1;
