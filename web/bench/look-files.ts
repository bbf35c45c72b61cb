// A look's files, fetched in the format that a rival reads.

import type { Files, Format, TfjsModel } from './rivals/rival.ts';

/** Where a look's files are; rivals whose format is absent are left out. */
export interface LookAddress {
  readonly name: string;
  readonly pixels: number;
  readonly onnx: string;
  /** Without transposed convolutions. */
  readonly plain?: string;
  readonly tfjs?: string;
  readonly tflite?: string;
  /** Why a format is absent, where whoever wrote the look knows. */
  readonly refused?: Partial<Record<Format, string>>;
}

export interface Fetched {
  readonly files: Files;
  readonly addresses: readonly string[];
  readonly bytes: number;
}

const NAMES = {
  onnx: 'ONNX',
  plain: 'ONNX without transposed convolutions',
  tfjs: 'TensorFlow.js',
  tflite: 'LiteRT',
} as const satisfies Record<Format, string>;

/** The files of one format; to ask the result for another is an error of the rival. */
export async function fetchFiles(format: Format, look: LookAddress): Promise<Fetched> {
  const address = look[format];
  if (!address) {
    throw new Error(look.refused?.[format] ?? `the look is not there in the format of ${NAMES[format]}`);
  }
  const at = new URL(address, document.baseURI);
  const first = await bytesOf(at);
  if (format !== 'tfjs') return { files: only(format, first), addresses: [at.href], bytes: first.length };
  const json = JSON.parse(new TextDecoder().decode(first)) as TfjsModel;
  const shards = json.weightsManifest.flatMap(({ paths }) => paths).map(path => new URL(path, at));
  const parts = await Promise.all(shards.map(bytesOf));
  const weights = await new Blob(parts).arrayBuffer();
  return {
    files: only('tfjs', { json, weights }),
    addresses: [at, ...shards].map(({ href }) => href),
    bytes: first.length + weights.byteLength,
  };
}

/** A file of one format, which refuses to be read as another. */
function only<F extends Format>(format: F, file: Files[F]): Files {
  const refuse = (): never => {
    throw new Error(`The rival said that it reads ${NAMES[format]}, and reads another format.`);
  };
  const files: PropertyDescriptorMap = {};
  for (const other of Object.keys(NAMES)) files[other] = { get: refuse };
  files[format] = { value: file };
  return Object.defineProperties({}, files) as Files;
}

async function bytesOf(address: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(address);
  if (!response.ok) throw new Error(`${address.pathname} could not be fetched (status ${response.status})`);
  return new Uint8Array(await response.arrayBuffer());
}
