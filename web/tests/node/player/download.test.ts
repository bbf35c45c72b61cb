import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { download } from '../../../shared/download.ts';
import { FetchError } from '../../../shared/errors.ts';

/** Stubs `fetch` with a body of these chunks; null is a connection that stalls. */
function serve(chunks: readonly (number[] | null)[], init: ResponseInit = {}): void {
  vi.stubGlobal('fetch', async (_address: string, { signal }: { signal: AbortSignal }) => {
    if (signal.aborted) throw signal.reason;
    const remaining = [...chunks];
    const body = new ReadableStream<Uint8Array>({
      async pull(controller) {
        const chunk = remaining.shift();
        if (chunk) controller.enqueue(Uint8Array.from(chunk));
        else if (chunk === undefined) controller.close();
        else
          return new Promise<void>((_, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
          });
      },
    });
    return new Response(body, init);
  });
}

const downloadLook = (bytes: number, fractions: (number | null)[], signal?: AbortSignal) =>
  download('looks/a.onnx', {
    description: 'the look',
    bytes,
    onProgress: fraction => fractions.push(fraction),
    ...(signal && { signal }),
  });

describe('a download', () => {
  beforeEach(() => {
    vi.useFakeTimers();
    vi.stubGlobal('window', globalThis);
    // Browsers of 2022 lack it, and this page must run there.
    vi.spyOn(AbortSignal, 'any').mockImplementation(() => {
      throw new TypeError('AbortSignal.any is not a function');
    });
  });
  afterEach(() => {
    vi.useRealTimers();
    vi.unstubAllGlobals();
    vi.restoreAllMocks();
  });

  it('returns all bytes and reports progress', async () => {
    serve([[1], [2, 3], [4]]);
    const fractions: (number | null)[] = [];
    expect([...(await downloadLook(4, fractions))]).toEqual([1, 2, 3, 4]);
    expect(fractions).toEqual([0.25, 0.75, 1]);
  });

  it('takes the size from the server, unless the response is compressed', async () => {
    const fractions: (number | null)[] = [];
    serve([[1], [2]], { headers: { 'Content-Length': '2' } });
    await downloadLook(0, fractions);
    serve([[1], [2]], { headers: { 'Content-Length': '1', 'Content-Encoding': 'gzip' } });
    await downloadLook(0, fractions);
    expect(fractions).toEqual([0.5, 1, null, null]);
  });

  it('gives up on a stalled connection with a readable message', async () => {
    serve([[1], null]);
    const failed = expect(downloadLook(4, [])).rejects.toThrow(/^Fetching the look broke off/);
    await vi.advanceTimersByTimeAsync(21_000);
    await failed;
  });

  it('names the file that is missing', async () => {
    serve([], { status: 404 });
    await expect(downloadLook(4, [])).rejects.toThrow(
      'The look is not where this page expects it (looks/a.onnx).',
    );
  });

  it('ends with its signal, without a FetchError', async () => {
    const signal = AbortSignal.abort();
    serve([[1]]);
    await expect(downloadLook(4, [], signal)).rejects.not.toBeInstanceOf(FetchError);
    const later = new AbortController();
    serve([[1], null]);
    const ended = expect(downloadLook(4, [], later.signal)).rejects.not.toBeInstanceOf(FetchError);
    await vi.advanceTimersByTimeAsync(0);
    later.abort();
    await ended;
  });
});
