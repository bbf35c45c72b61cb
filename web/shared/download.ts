/** Fetching a file of this page with progress, and giving up on a connection that has gone silent. */

/** A sentence about a file that could not be had; `again` where trying again may help. */
export class FetchError extends Error {
  readonly isRetryable: boolean;

  constructor(message: string, isRetryable: boolean) {
    super(message);
    this.isRetryable = isRetryable;
  }
}

const STALL_TIMEOUT_MS = 20_000;

/** Tells the part that has arrived, 0..1 or null where the whole is unknown, and the bytes. */
export type OnProgress = (fraction: number | null, received: number) => void;

export interface DownloadOptions {
  /** What it is, within a sentence. */
  description: string;
  /** Its size; 0 where only the server knows. */
  bytes: number;
  onProgress: OnProgress;
  signal?: AbortSignal;
}

/** Throws a FetchError, or whatever comes of an aborted signal. */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array<ArrayBuffer>> {
  const { description, onProgress, signal } = options;
  // AbortSignal.any would do, but is younger than most of what this page needs.
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort);
  let timer = window.setTimeout(abort, STALL_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: controller.signal });
    if (!response.ok)
      throw new FetchError(`${capitalize(description)} is not where this page expects it (${url}).`, true);
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
    throw new FetchError(`Fetching ${description} broke off. Check the connection and try again.`, true);
  } finally {
    window.clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

/** The size that the server tells; it tells that of the packed file where it packs. */
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
