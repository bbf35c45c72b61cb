// Records what an engine of others dispatches for one painting, on the driver that the environment names (devices.ts).
//   node capture.mjs ENGINE FOLDER OUT.json       (run by captures.ts; rival_files.py wrote the folder)
// It writes null where the engine cannot run the look on a GPU alone.

import { writeFileSync } from 'node:fs';
import { recordDispatches } from './dispatch-recorder.mjs';
import { installWebGpu } from './gpu.mjs';
import { ENGINES } from './rival-engines.mjs';

const [engine, folder, output] = process.argv.slice(2);
const gpu = installWebGpu();
// What the engines ask browsers for.
Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node', hardwareConcurrency: 1 } });
globalThis.self = globalThis;
globalThis.window = globalThis;

// Dawn for Node takes no memory that is shared, and WebAssembly's may be.
const { writeBuffer } = GPUQueue.prototype;
GPUQueue.prototype.writeBuffer = function (buffer, offset, data, ...range) {
  const isShared = ArrayBuffer.isView(data) && data.buffer instanceof SharedArrayBuffer;
  writeBuffer.call(this, buffer, offset, isShared ? data.slice() : data, ...range);
};

const takeDispatches = recordDispatches();
const paint = await ENGINES[engine](folder);
// The first time an engine may prepare weights.
await paint?.();
takeDispatches();
await paint?.();
writeFileSync(output, JSON.stringify(paint && takeDispatches()));
process.exit(0);
