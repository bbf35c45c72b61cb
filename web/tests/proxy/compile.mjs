// Compiles kernels with the driver that the environment names (devices.ts), and writes what its compiler says of each.
//   node compile.mjs KERNELS.json OUT.json       (run by compiler.ts; a kernel is {code, constants})

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { installWebGpu } from './gpu.mjs';

const [input, output] = process.argv.slice(2);
const report = process.env.PROXY_REPORT;
const gpu = installWebGpu();
const adapter = await gpu.requestAdapter();
if (!adapter) throw new Error('The driver gives no adapter.');
const { maxComputeInvocationsPerWorkgroup, maxComputeWorkgroupSizeX, maxComputeWorkgroupStorageSize } =
  adapter.limits;
const device = await adapter.requestDevice({
  requiredFeatures: ['shader-f16', 'subgroups'].filter(feature => adapter.features.has(feature)),
  requiredLimits: {
    maxComputeInvocationsPerWorkgroup,
    maxComputeWorkgroupSizeX,
    maxComputeWorkgroupStorageSize,
  },
});

/** The last executable is the whole kernel. */
function readReport() {
  const executables = JSON.parse(readFileSync(report, 'utf8'));
  const { subgroup, statistics, texts } = executables.at(-1);
  const [, assembly] = Object.entries(texts).find(([name]) => /assembly/i.test(name)) ?? [];
  return { subgroup, statistics, assembly };
}

const compiled = [];
for (const { code, constants } of JSON.parse(readFileSync(input, 'utf8'))) {
  rmSync(report, { force: true });
  const module = device.createShaderModule({ code });
  await device.createComputePipelineAsync({ layout: 'auto', compute: { module, constants } });
  if (!existsSync(report)) throw new Error('The driver says nothing of a kernel.');
  compiled.push(readReport());
}
writeFileSync(output, JSON.stringify(compiled));
process.exit(0);
