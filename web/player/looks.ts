/** The looks that lie beside this page: their list, and fetching one with progress. */

export interface LookEntry {
  file: string;
  name: string;
  author: string;
  credit: string;
  licence: string;
  pixels: number;
  size: string;
  bytes: number;
  preview: string | null;
}

/** A sentence about a look that could not be had; `again` where trying again may help. */
export class FetchError extends Error {
  readonly again: boolean;

  constructor(message: string, again: boolean) {
    super(message);
    this.again = again;
  }
}

const NO_LIST =
  'There are no looks beside this page yet. Drop one anywhere on the page (an .onnx file that limner made), or publish the page again with a look.';

const STALL_MS = 20_000;

const address = (file: string) => `looks/${encodeURIComponent(file)}`;

/** Where a look's small picture is, if it has one. */
export const previewOf = (entry: LookEntry): string | null => entry.preview && address(entry.preview);

/** Reads looks.json's value; entries that name no file are left out. */
export function parseLooks(value: unknown): LookEntry[] {
  const list = typeof value === 'object' && value !== null && 'looks' in value ? value.looks : null;
  if (!Array.isArray(list)) throw new FetchError('looks/looks.json is not a list of looks.', false);
  const text = (part: unknown) => (typeof part === 'string' ? part : '');
  const number = (part: unknown) => (typeof part === 'number' && Number.isFinite(part) ? part : 0);
  return list
    .filter((item): item is Record<string, unknown> => typeof item === 'object' && item !== null)
    .map(item => ({
      file: text(item.file),
      name: text(item.name) || text(item.file).replace(/\.onnx$/i, ''),
      author: text(item.author),
      credit: text(item.credit),
      licence: text(item.licence),
      pixels: number(item.pixels),
      size: text(item.size),
      bytes: number(item.bytes),
      preview: text(item.preview) || null,
    }))
    .filter(entry => entry.file !== '');
}

export async function listLooks(): Promise<LookEntry[]> {
  const response = await fetch('looks/looks.json', { cache: 'no-cache' }).catch(() => {
    throw new FetchError('The list of looks could not be fetched. Check the connection and try again.', true);
  });
  if (!response.ok) throw new FetchError(NO_LIST, false);
  const value: unknown = await response.json().catch(() => {
    throw new FetchError('The list of looks (looks/looks.json) cannot be read.', false);
  });
  const looks = parseLooks(value);
  if (looks.length === 0) throw new FetchError(NO_LIST, false);
  return looks;
}

/** Fetches a look; tells the part that has arrived, 0..1. Throws a FetchError, or what `signal` says. */
export async function fetchLook(
  entry: LookEntry,
  onProgress: (part: number) => void,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const stalled = new AbortController();
  let timer = window.setTimeout(() => stalled.abort(), STALL_MS);
  try {
    const response = await fetch(address(entry.file), { signal: AbortSignal.any([signal, stalled.signal]) });
    if (!response.ok) {
      throw new FetchError(
        `“${entry.name}” is not where this page expects it (${address(entry.file)}).`,
        true,
      );
    }
    const parts: Uint8Array[] = [];
    let received = 0;
    const reader = response.body?.getReader();
    for (let piece = await reader?.read(); piece && !piece.done; piece = await reader?.read()) {
      window.clearTimeout(timer);
      timer = window.setTimeout(() => stalled.abort(), STALL_MS);
      parts.push(piece.value);
      received += piece.value.length;
      if (entry.bytes > 0) onProgress(Math.min(1, received / entry.bytes));
    }
    return joined(parts, received);
  } catch (problem) {
    if (signal.aborted || problem instanceof FetchError) throw problem;
    throw new FetchError(`Fetching “${entry.name}” broke off. Check the connection and try again.`, true);
  } finally {
    window.clearTimeout(timer);
  }
}

function joined(parts: readonly Uint8Array[], length: number): Uint8Array {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A size for people: "0.9 MB", "12 kB". */
export function megabytes(bytes: number): string {
  if (bytes < 95_000) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  const value = bytes / 1e6;
  return `${value.toFixed(value < 10 ? 1 : 0)} MB`;
}
