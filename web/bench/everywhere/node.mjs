// One runtime in Node: a program that `limner bench everywhere` starts and asks, as it asks the documents in the browser
// (`sandbox.ts`). Times are taken here, next to what they measure.
//   node node.mjs PACKAGE        (PACKAGE: @limner/engine as `npm run engine` builds it)
// It reads requests and writes answers, one JSON value a line.

import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

const engine = resolve(process.argv[2]);
const modules = createRequire(import.meta.url);
/** What is installed on demand. */
const runtimes = createRequire(new URL('../node-runtimes/package.json', import.meta.url));
const importFile = path => import(pathToFileURL(path).href);
const readVersion = path => JSON.parse(readFileSync(path, 'utf8')).version;

/** Bytes of the files in a folder, or of one file, without other platforms' folders and without what only debuggers read. */
function countBytes(path) {
  const found = lstatSync(path);
  if (!found.isDirectory()) return /\.map$/.test(path) ? 0 : found.size;
  return readdirSync(path).reduce((sum, name) => sum + countBytes(join(path, name)), 0);
}

/** Each gives what loads a network: its time is measured. */
const RUNTIMES = {
  'limner webgpu': async ({ input, output }) => {
    const { create, globals } = await import('webgpu');
    const { createNodePainter, readModel } = await importFile(join(engine, 'node.js'));
    Object.assign(globalThis, globals);
    const dawn = modules.resolve('webgpu/package.json');
    const load = async bytes => {
      // The others compute in float32, and nothing beside the runs.
      const settings = { gpu: create([]), precision: 'float32', upkeep: false };
      const painter = await createNodePainter(await readModel(bytes), settings);
      return {
        device: painter.adapter,
        threads: null,
        run: async example => (await painter.run({ [input]: example }))[output],
      };
    };
    const platform =
      process.platform === 'darwin' ? 'darwin-universal' : `${process.platform}-${process.arch}`;
    const bytes = countModules('node.js') + countBytes(join(dirname(dawn), 'dist', platform));
    return {
      version: `${readVersion(join(engine, 'package.json'))}, webgpu ${readVersion(dawn)}`,
      bytes,
      load,
    };
  },
  'limner cpu': async ({ input, output }) => {
    const { createEvaluator, readModel } = await importFile(join(engine, 'training.js'));
    const load = async bytes => {
      const evaluator = await createEvaluator(readModel(bytes), { batch: 1, watch: [output], weights: [] });
      return {
        device: '',
        threads: 1,
        run: async example => (await evaluator.run(new Map([[input, example]]))).get(output),
      };
    };
    return { version: readVersion(join(engine, 'package.json')), bytes: countModules('training.js'), load };
  },
  'onnxruntime-node cpu': async network => {
    const main = find(
      runtimes,
      'onnxruntime-node',
      'run `npm ci --ignore-scripts` in web/bench/node-runtimes',
    );
    const ort = runtimes('onnxruntime-node');
    const folder = dirname(dirname(main));
    const binaries = join(folder, 'bin', 'napi-v6', process.platform, process.arch);
    const options = { executionProviders: ['cpu'], intraOpNumThreads: 1, interOpNumThreads: 1 };
    return {
      version: readVersion(join(folder, 'package.json')),
      bytes: countBytes(binaries) + countBytes(join(folder, 'dist')),
      load: bytes => loadOnnxRuntime(ort, bytes, options, network),
    };
  },
  'ONNX Runtime Web wasm': async network => {
    const ort = await import('onnxruntime-web');
    ort.env.wasm.numThreads = 1;
    ort.env.logLevel = 'error';
    const folder = dirname(modules.resolve('onnxruntime-web/wasm'));
    const files = ['ort.node.min.mjs', 'ort-wasm-simd-threaded.mjs', 'ort-wasm-simd-threaded.wasm'];
    return {
      version: ort.env.versions.web,
      bytes: files.reduce((sum, file) => sum + countBytes(join(folder, file)), 0),
      load: bytes => loadOnnxRuntime(ort, bytes, { executionProviders: ['wasm'] }, network),
    };
  },
};

/** Bytes of a module of the engine's package and of all that it imports, at once or on demand. */
function countModules(file, seen = new Set()) {
  const path = join(engine, file);
  if (seen.has(path)) return 0;
  seen.add(path);
  const text = readFileSync(path, 'utf8');
  const names = [...text.matchAll(/["'`](\.{1,2}\/[\w./-]+\.js)["'`]/g)].map(([, name]) => name);
  return names.reduce(
    (sum, name) => sum + countModules(join(dirname(file), name), seen),
    Buffer.byteLength(text),
  );
}

function find(require, name, advice) {
  try {
    return require.resolve(name);
  } catch {
    throw new Error(`${name} is not installed: ${advice}`);
  }
}

async function loadOnnxRuntime(ort, bytes, options, { input, output, shape }) {
  const session = await ort.InferenceSession.create(bytes, { graphOptimizationLevel: 'all', ...options });
  return {
    device: '',
    threads: 1,
    run: async example =>
      (await session.run({ [input]: new ort.Tensor('float32', example, shape) }, [output]))[output].data,
  };
}

// What libraries print must not come between the answers.
for (const name of ['log', 'info', 'debug']) console[name] = console.error;

let loaded = null;
let examples = [];
/** They are classified, and not timed. */
let pictures = [];
let bytes = null;
let next = 0;

const cpuMs = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e3;
};

/** The examples of a file, which has nothing else. */
function readExamples(path, size) {
  const numbers = new Float32Array(new Uint8Array(readFileSync(path)).buffer);
  return Array.from({ length: numbers.length / size }, (_, i) => numbers.slice(i * size, (i + 1) * size));
}

const encode = ({ buffer, byteOffset, byteLength }) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const ANSWERS = {
  load: async request => {
    const { version, load, ...runtime } = await RUNTIMES[request.runtime](request);
    bytes = runtime.bytes;
    const file = new Uint8Array(readFileSync(request.onnx));
    examples = readExamples(request.examples, request.size);
    pictures = request.pictures ? readExamples(request.pictures, request.size) : [];
    const start = performance.now();
    loaded = await load(file);
    const loadMs = performance.now() - start;
    const { device, threads } = loaded;
    return { version, device, threads, loadMs };
  },
  run: async ({ example }) => {
    const start = performance.now();
    const values = await loaded.run(examples[example]);
    const milliseconds = performance.now() - start;
    return { milliseconds, output: encode(values) };
  },
  classify: async ({ first, count }) => {
    const outputs = [];
    for (const picture of pictures.slice(first, first + count)) outputs.push(...(await loaded.run(picture)));
    return { output: encode(Float32Array.from(outputs)) };
  },
  time: async ({ runs, milliseconds }) => {
    const times = [];
    const before = cpuMs();
    const begin = performance.now();
    while (times.length < runs && (times.length === 0 || performance.now() - begin < milliseconds)) {
      const start = performance.now();
      await loaded.run(examples[next]);
      times.push(performance.now() - start);
      next = (next + 1) % examples.length;
    }
    return { times, runs: times.length, cpuMs: cpuMs() - before };
  },
  size: async () => ({ bytes }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line);
  const answer = await ANSWERS[request.kind](request).catch(error => ({
    error: (String(error?.message ?? error).split('\n')[0] ?? '').slice(0, 300),
  }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit();
