// The document of one runtime. `limner bench everywhere` opens it and asks; times are taken here, next to what they measure.
// The program in Node (`node.mjs`) answers the same.

import { clockStep } from '../../shared/clock.ts';
import type { TfjsModel } from '../rivals/rival.ts';
import { failureReason } from '../rounds.ts';
import { measureTransferSize } from '../transfer-size.ts';
import { RUNTIMES, TRAININGS } from './index.ts';
import type { Example, LoadedNetwork, Network } from './runtime.ts';
import { takeTurn } from './turn.ts';

interface LoadRequest {
  readonly kind: 'load';
  readonly runtime: string;
  readonly training: boolean;
  /** URLs. Examples follow each other as float32; so do test pictures, which are classified and not timed. */
  readonly onnx: string;
  readonly examples: string;
  readonly pictures: string | null;
  readonly tfjs: string | null;
  readonly input: string;
  readonly shape: readonly number[];
  readonly output: string;
  /** How many numbers an example has. */
  readonly size: number;
}

/** Runs an example; its output is base64 of float32. */
interface RunRequest {
  readonly kind: 'run';
  readonly example: number;
}

/** Runs so many test pictures from the first; their outputs, one after the other, are base64 of float32. */
interface ClassifyRequest {
  readonly kind: 'classify';
  readonly first: number;
  readonly count: number;
}

/** Runs the examples one after the other: so many samples, or as many as fit into the milliseconds, but at least one. */
interface TimeRequest {
  readonly kind: 'time';
  readonly runs: number;
  readonly milliseconds: number;
}

/** Gzipped bytes of all that was fetched for the runtime. */
interface SizeRequest {
  readonly kind: 'size';
}

type Request = LoadRequest | RunRequest | ClassifyRequest | TimeRequest | SizeRequest;

declare global {
  interface Window {
    /** Answers with what is asked, or with `error`: the reason why not. */
    measure?: (request: Request) => Promise<object>;
    /** Milliseconds of CPU time of the browser so far; null if the system does not tell. The command provides it. */
    cpuTime?: () => Promise<number | null>;
  }
}

let loaded: LoadedNetwork | null = null;
let examples: readonly Example[] = [];
let pictures: readonly Example[] = [];
let next = 0;
/** Milliseconds of the last run. */
let runMs = 0;
let step = 0;
let own: readonly string[] = [];

async function load({ runtime: name, training, ...request }: LoadRequest): Promise<object> {
  const make = (training ? TRAININGS : RUNTIMES)[name];
  if (!make) throw new Error(`this page has no runtime '${name}'`);
  performance.setResourceTimingBufferSize(1000);
  const [network, given, urls] = await fetchNetwork(request);
  own = urls;
  const runtime = await make();
  const reason = await runtime.unavailableReason();
  if (reason) throw new Error(reason);
  await runtime.prepare();
  const start = performance.now();
  loaded = await runtime.load(network);
  const loadMs = performance.now() - start;
  const { arrangeInput = example => example } = loaded;
  examples = given.examples.map(arrangeInput);
  pictures = given.pictures.map(arrangeInput);
  step = clockStep(() => performance.now());
  const { version, device, threads } = loaded;
  return { version, device, threads, loadMs };
}

async function fetchNetwork(request: Omit<LoadRequest, 'runtime' | 'training'>) {
  const { tfjs, size, input, shape, output } = request;
  const urls: URL[] = [];
  const fetchOwn = (url: string): Promise<ArrayBuffer> => {
    const own = new URL(url, document.baseURI);
    urls.push(own);
    return fetchBytes(own);
  };
  const network: Network = {
    onnx: new Uint8Array(await fetchOwn(request.onnx)),
    tfjs: tfjs ? await fetchTfjs(new URL(tfjs, document.baseURI), urls) : null,
    ...{ input, shape, output },
  };
  const given = {
    examples: splitExamples(await fetchOwn(request.examples), size),
    pictures: request.pictures ? splitExamples(await fetchOwn(request.pictures), size) : [],
  };
  return [network, given, urls.map(({ href }) => href)] as const;
}

function splitExamples(bytes: ArrayBuffer, size: number): Example[] {
  const numbers = new Float32Array(bytes);
  return Array.from({ length: numbers.length / size }, (_, i) => numbers.slice(i * size, (i + 1) * size));
}

async function fetchTfjs(url: URL, urls: URL[]): Promise<Network['tfjs']> {
  const json = JSON.parse(new TextDecoder().decode(await fetchBytes(url))) as TfjsModel;
  const shards = json.weightsManifest.flatMap(({ paths }) => paths).map(path => new URL(path, url));
  urls.push(url, ...shards);
  return { json, weights: await new Blob(await Promise.all(shards.map(fetchBytes))).arrayBuffer() };
}

async function fetchBytes(url: URL): Promise<ArrayBuffer> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} could not be fetched (status ${response.status})`);
  return response.arrayBuffer();
}

async function run({ example }: RunRequest): Promise<object> {
  const network = started();
  const start = performance.now();
  const values = await network.run(exampleAt(example));
  const milliseconds = performance.now() - start;
  runMs = milliseconds;
  return { milliseconds, output: encode(network.arrangeOutput?.(values) ?? values) };
}

function exampleAt(number: number): Example {
  const example = examples[number];
  if (!example) throw new Error(`There is no input ${number}.`);
  return example;
}

async function classify({ first, count }: ClassifyRequest): Promise<object> {
  const network = started();
  const outputs: number[] = [];
  for (const picture of pictures.slice(first, first + count)) {
    const values = await network.run(picture);
    outputs.push(...(network.arrangeOutput?.(values) ?? values));
  }
  return { output: encode(Float32Array.from(outputs)) };
}

/** The system counts CPU time in steps of 10 ms: in a shorter turn they, and the asking, are too much of it. */
const CPU_TURN_MS = 200;

async function time({ runs, milliseconds }: TimeRequest): Promise<object> {
  const network = started();
  const before = await window.cpuTime?.();
  const turn = await takeTurn(
    () => {
      const example = exampleAt(next);
      next = (next + 1) % examples.length;
      return network.run(example);
    },
    { samples: runs, milliseconds, runMs, clockStep: step },
  );
  const after = await window.cpuTime?.();
  runMs = turn.times.at(-1) ?? runMs;
  const isKnown = typeof before === 'number' && typeof after === 'number' && turn.milliseconds >= CPU_TURN_MS;
  return { times: turn.times, runs: turn.runs, cpuMs: isKnown ? after - before : null };
}

async function measureSize(): Promise<object> {
  const names = new Set(performance.getEntriesByType('resource').map(({ name }) => name));
  const urls = [...names].filter(name => !name.startsWith('blob:') && !own.includes(name));
  return { bytes: (await measureTransferSize(urls)).gzip };
}

function started(): LoadedNetwork {
  if (!loaded) throw new Error('nothing is loaded');
  return loaded;
}

/** Texts may have some 60,000 arguments at once. */
const PART = 2 ** 15;

function encode({ buffer, byteOffset, byteLength }: Float32Array): string {
  const bytes = new Uint8Array(buffer, byteOffset, byteLength);
  let text = '';
  for (let at = 0; at < byteLength; at += PART) text += String.fromCharCode(...bytes.subarray(at, at + PART));
  return btoa(text);
}

async function answer(request: Request): Promise<object> {
  switch (request.kind) {
    case 'load':
      return load(request);
    case 'run':
      return run(request);
    case 'classify':
      return classify(request);
    case 'time':
      return time(request);
    case 'size':
      return measureSize();
    default:
      return request satisfies never;
  }
}

window.measure = request => answer(request).catch((error: unknown) => ({ error: failureReason(error) }));
