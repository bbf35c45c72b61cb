// Compiles WGSL with the driver that the environment names (devices.ts), and writes what its compiler says of each text.
//   node compile.mjs CODES.json OUT.json       (run by proxy.test.ts; LIMNER_PROXY is the folder that setup.sh made)

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const { create, globals } = createRequire(join(process.env.LIMNER_PROXY, 'package.json'))('webgpu');
Object.assign(globalThis, globals);
const [input, output] = process.argv.slice(2);
const report = process.env.PROXY_REPORT;
// It has to be kept: adapters do not keep it.
const gpu = create(['backend=vulkan']);
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('The driver gives no adapter.');
const device = await adapter.requestDevice();

/** The last executable is the whole kernel. */
function readReport() {
  const executables = JSON.parse(readFileSync(report, 'utf8'));
  const { subgroup, statistics, texts } = executables.at(-1);
  const [, assembly] = Object.entries(texts).find(([name]) => /assembly/i.test(name)) ?? [];
  return { subgroup, statistics, assembly };
}

const compiled = [];
for (const code of JSON.parse(readFileSync(input, 'utf8'))) {
  rmSync(report, { force: true });
  const module = device.createShaderModule({ code });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module } });
  if (!existsSync(report)) throw new Error('The driver says nothing of a kernel.');
  compiled.push(readReport());
}
writeFileSync(output, JSON.stringify(compiled));
process.exit(0);
