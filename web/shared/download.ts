/** Fetching a file of this page with progress, and giving up on a connection that has gone silent. */

/** A sentence about a file that could not be had; `again` where trying again may help. */
export class FetchError extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

const STALL_MS = 20_000;

/** Tells the part that has arrived, 0..1 or null where the whole is unknown, and the bytes. */
export type OnFetched = (part: number | null, received: number) => void;

export interface Wish {
  /** What it is, within a sentence. */
  what: string;
  /** Its size; 0 where only the server knows. */
  bytes: number;
  onFetched: OnFetched;
  signal?: AbortSignal;
}

/** Throws a FetchError, or whatever comes of an aborted signal. */
export async function download(address: string, wish: Wish): Promise<Uint8Array<ArrayBuffer>> {
  const { what, onFetched, signal } = wish;
  // AbortSignal.any would do, but is younger than most of what this page needs.
  const ending = new AbortController();
  const end = () => ending.abort();
  if (signal?.aborted) end();
  signal?.addEventListener('abort', end);
  let timer = window.setTimeout(end, STALL_MS);
  try {
    const response = await fetch(address, { signal: ending.signal });
    if (!response.ok)
      throw new FetchError(`${capital(what)} is not where this page expects it (${address}).`, true);
    const whole = wish.bytes || sizeOf(response);
    const parts: Uint8Array[] = [];
    let received = 0;
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      window.clearTimeout(timer);
      timer = window.setTimeout(end, STALL_MS);
      parts.push(piece.value);
      received += piece.value.length;
      onFetched(whole > 0 ? Math.min(1, received / whole) : null, received);
    }
    return joined(parts, received);
  } catch (problem) {
    if (signal?.aborted || problem instanceof FetchError) throw problem;
    throw new FetchError(`Fetching ${what} broke off. Check the connection and try again.`, true);
  } finally {
    window.clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** The size that the server tells; it tells that of the packed file where it packs. */
function sizeOf(response: Response): number {
  if (response.headers.get('Content-Encoding')) return 0;
  return Number(response.headers.get('Content-Length')) || 0;
}

const capital = (text: string) => text.charAt(0).toUpperCase() + text.slice(1);

function joined(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
