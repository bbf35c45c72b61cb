/** Fetches a file with progress, and gives up on a connection that stalls. */

import { FetchError } from './errors.ts';

const STALL_TIMEOUT_MS = 20_000;

/** Gets the fraction that has arrived (0..1, or null if the total is unknown) and the bytes received. */
export type OnProgress = (fraction: number | null, received: number) => void;

export interface DownloadOptions {
  /** What the file is, for error messages. */
  description: string;
  /** Its size; 0 if only the server knows it. */
  bytes: number;
  onProgress: OnProgress;
  signal?: AbortSignal;
  /** Whether only the browser's cache is asked, and no server. */
  fromCache?: boolean;
}

/** Throws a FetchError, or the reason of an aborted signal. */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { description, onProgress, signal } = options;
  // AbortSignal.any would be simpler, but older browsers that run this page lack it.
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  let timer = window.setTimeout(abort, STALL_TIMEOUT_MS);
  try {
    const cached = options.fromCache && ({ cache: 'only-if-cached', mode: 'same-origin' } as const);
    const response = await fetch(url, { signal: controller.signal, ...cached });
    if (!response.ok)
      throw new FetchError(`${capitalize(description)} is not where this page expects it (${url}).`);
    const total = options.bytes || contentLength(response);
    const chunks: Uint8Array[] = [];
    let received = 0;
    const reader = response.body?.getReader();
    for (let chunk = await reader?.read(); chunk && !chunk.done; chunk = await reader?.read()) {
      window.clearTimeout(timer);
      timer = window.setTimeout(abort, STALL_TIMEOUT_MS);
      chunks.push(chunk.value);
      received += chunk.value.length;
      onProgress(total > 0 ? Math.min(1, received / total) : null, received);
    }
    return joinChunks(chunks, received);
  } catch (error) {
    if (signal?.aborted || error instanceof FetchError) throw error;
    throw new FetchError(`Fetching ${description} broke off. Check the connection and try again.`);
  } finally {
    window.clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** The size that the server declares. For a compressed response it is the compressed size, so it is ignored. */
function contentLength(response: Response): number {
  if (response.headers.get('Content-Encoding')) return 0;
  return Number(response.headers.get('Content-Length')) || 0;
}

const capitalize = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function joinChunks(chunks: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    joined.set(chunk, offset);
    offset += chunk.length;
  }
  return joined;
}
