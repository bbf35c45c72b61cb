// Fetches a look's files in the format that a rival reads.

import type { Format, LookFiles, TfjsModel } from './rivals/rival.ts';

/** The URLs of a look's files. Rivals whose format is absent are left out. */
export interface LookUrls {
  readonly name: string;
  readonly pixels: number;
  readonly onnx: string;
  /** Without transposed convolutions. */
  readonly plain?: string;
  readonly tfjs?: string;
  readonly tflite?: string;
  /** Why a format is absent, if the exporter says so. */
  readonly refused?: Partial<Record<Format, string>>;
}

export interface FetchedLook {
  readonly files: LookFiles;
  readonly urls: readonly string[];
  readonly bytes: number;
}

const FORMAT_NAMES = {
  onnx: 'ONNX',
  plain: 'ONNX without transposed convolutions',
  tfjs: 'TensorFlow.js',
  tflite: 'LiteRT',
} as const satisfies Record<Format, string>;

/** Fetches the files of one format. A rival that reads another format from the result is in error. */
export async function fetchLookFiles(format: Format, look: LookUrls): Promise<FetchedLook> {
  const url = look[format];
  if (!url) {
    throw new Error(
      look.refused?.[format] ?? `the look is not available in the format of ${FORMAT_NAMES[format]}`,
    );
  }
  const base = new URL(url, document.baseURI);
  const first = await fetchBytes(base);
  if (format !== 'tfjs')
    return { files: restrictToFormat(format, first), urls: [base.href], bytes: first.length };
  const json = JSON.parse(new TextDecoder().decode(first)) as TfjsModel;
  const shards = json.weightsManifest.flatMap(({ paths }) => paths).map(path => new URL(path, base));
  const parts = await Promise.all(shards.map(fetchBytes));
  const weights = await new Blob(parts).arrayBuffer();
  return {
    files: restrictToFormat('tfjs', { json, weights }),
    urls: [base, ...shards].map(({ href }) => href),
    bytes: first.length + weights.byteLength,
  };
}

/** Wraps a file so that reading any other format throws. */
function restrictToFormat<F extends Format>(format: F, file: LookFiles[F]): LookFiles {
  const refuse = (): never => {
    throw new Error(`The rival declared that it reads ${FORMAT_NAMES[format]}, but reads another format.`);
  };
  const files: PropertyDescriptorMap = {};
  for (const other of Object.keys(FORMAT_NAMES)) files[other] = { get: refuse };
  files[format] = { value: file };
  return Object.defineProperties({}, files) as LookFiles;
}

async function fetchBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname} could not be fetched (status ${response.status})`);
  return new Uint8Array(await response.arrayBuffer());
}
