/** Runs ONNX Runtime Web in a worker, so that painting does not block the page. */
import * as ort from 'onnxruntime-web/wasm';
import { errorMessage } from '../../../shared/errors.ts';
import { planesToRgba, rgbaToPlanes } from '../../../shared/planes.ts';
import { smallestModel } from '../onnx-writer.ts';
import type { LoadRequest, PaintRequest, Reply, Request, StartRequest } from './protocol.ts';
import { sessionOptions } from './session-options.ts';
import { withTransposedConvs } from './transposed.ts';

interface LoadedModel {
  session: ort.InferenceSession;
  planes: Float32Array;
  /** The shape of the picture and of the painting. */
  shape: readonly [1, 3, height: number, width: number];
  /** The name of the image input. */
  image: string;
  /** The outputs that the next painting reads, by the names of its inputs. */
  next: ReadonlyMap<string, string>;
  /** What the last painting left, by the names of the inputs. */
  state: Record<string, ort.Tensor>;
  /** The name of the painting, and of the guide if there is one. */
  pictures: readonly string[];
}

const FAILURE = 'something in it is unknown there, or the memory is too small, or the connection broke off.';

let loaded: LoadedModel | null = null;

const reply = (message: Reply, transfer: Transferable[] = []) => self.postMessage(message, { transfer });

/** The runtime starts with its first model. */
async function start({ script, binary, threads }: StartRequest): Promise<void> {
  ort.env.logLevel = 'error';
  ort.env.wasm.wasmPaths = { mjs: script };
  ort.env.wasm.wasmBinary = binary;
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(smallestModel());
  await session.release();
  reply({ kind: 'started' });
}

async function load(request: LoadRequest): Promise<void> {
  const options = sessionOptions(request.model);
  const session = await ort.InferenceSession.create(withTransposedConvs(request.model), options);
  const next = new Map(request.state.map(({ input, output }) => [input, output]));
  const image = session.inputNames.find(name => !request.live.includes(name) && !next.has(name)) ?? 'image';
  const { width, height } = request;
  const kept = new Set(next.values());
  loaded = {
    session,
    image,
    shape: [1, 3, height, width],
    planes: new Float32Array(3 * width * height),
    next,
    state: Object.fromEntries(request.state.map(one => [one.input, firstValue(one)])),
    pictures: session.outputNames.filter((name, i) => i === 0 || !kept.has(name)).slice(0, 2),
  };
  const entries = performance.getEntriesByType('resource') as PerformanceResourceTiming[];
  const bytes = entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
  reply({ kind: 'loaded', inputs: session.inputNames, bytes });
}

function firstValue({ dims, initial }: LoadRequest['state'][number]): ort.Tensor {
  const size = dims.reduce((product, dim) => product * dim, 1);
  return new ort.Tensor('float32', initial ?? new Float32Array(size), dims);
}

function getLoaded(): LoadedModel {
  if (!loaded) throw new Error('The worker has no look yet.');
  return loaded;
}

const scalar = (value: number) => new ort.Tensor('float32', Float32Array.of(value), []);

async function paint(request: PaintRequest): Promise<void> {
  const look = getLoaded();
  const { session, planes, shape, image, next } = look;
  const pixels = planes.length / 3;
  const start = performance.now();
  rgbaToPlanes(request.rgba, planes);
  const feeds: Record<string, ort.Tensor> = {
    ...look.state,
    [image]: new ort.Tensor('float32', planes, shape),
  };
  for (const [name, value] of Object.entries(request.live)) feeds[name] = scalar(value);
  const [paintingName = '', guideName] = look.pictures.slice(0, request.guide ? 2 : 1);
  const outputNames = new Set([paintingName, ...(guideName ? [guideName] : []), ...next.values()]);
  const outputs = await session.run(feeds, [...outputNames]);
  for (const [input, output] of next) {
    const made = outputs[output];
    if (made) look.state[input] = made;
  }
  if (outputs[paintingName]?.dims.join() !== shape.join()) {
    reply({ kind: 'failed', reason: 'its painting has another size than its picture.' });
    return;
  }
  const outputRgba = (name: string | undefined) => {
    const tensor = name && outputs[name];
    return tensor ? planesToRgba(tensor.data as Float32Array, pixels) : null;
  };
  const painting = outputRgba(paintingName) ?? new Uint8ClampedArray(4 * pixels);
  const guide = outputRgba(guideName);
  const milliseconds = performance.now() - start;
  const transfer = guide ? [painting.buffer, guide.buffer] : [painting.buffer];
  reply({ kind: 'painted', painting, guide, milliseconds }, transfer);
}

function handleRequest(request: Request): Promise<void> {
  switch (request.kind) {
    case 'start':
      return start(request);
    case 'load':
      return load(request);
    case 'paint':
      return paint(request);
    default:
      return request satisfies never;
  }
}

self.addEventListener('message', (event: MessageEvent<Request>) => {
  handleRequest(event.data).catch((error: unknown) => {
    console.info(errorMessage(error)); // it names nodes and shapes, which tell a visitor nothing
    reply({ kind: 'failed', reason: FAILURE });
  });
});
