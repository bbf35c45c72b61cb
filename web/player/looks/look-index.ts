/** The looks that lie beside this page: their list, and fetching one with progress. */
import { download, FetchError, type OnFetched } from '../../shared/download.ts';

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

const NO_LIST =
  'There are no looks beside this page yet. Drop one anywhere on the page (an .onnx file that limner made), or publish the page again with a look.';

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

/** Fetches a look; tells the part that has arrived. Throws a FetchError, or what `signal` says. */
export function fetchLook(
  entry: LookEntry,
  onFetched: OnFetched,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  return download(address(entry.file), { what: `“${entry.name}”`, bytes: entry.bytes, onFetched, signal });
}
