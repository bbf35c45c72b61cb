/** The looks that are published beside this page: fetches their list, and one look with progress. */
import { download, type OnProgress } from '../../shared/download.ts';
import { FetchError } from '../../shared/errors.ts';

export interface LookEntry {
  file: string;
  name: string;
  author: string;
  credit: string;
  licence: string;
  pixels: number;
  width: number;
  height: number;
  size: string;
  bytes: number;
  preview: string | null;
  /** One that moves. */
  moving?: string | null;
}

export interface LookIndex {
  looks: LookEntry[];
  /** Seconds after which the list is fetched again, because a look is being trained; 0 if none is. */
  refresh: number;
}

const NO_LOOKS =
  'There are no looks beside this page yet. Drop one anywhere on the page (an .onnx file that limner made), or publish the page again with a look.';

const lookUrl = (file: string) => `looks/${encodeURIComponent(file)}`;

/** The URL of a look's preview picture, if it has that one. */
export const previewUrl = (file: string | null | undefined): string | null => (file ? lookUrl(file) : null);

/** Parses looks.json. Entries without a file name are left out. */
export function parseLooks(value: unknown): LookIndex {
  const isRecord = (item: unknown): item is Record<string, unknown> =>
    typeof item === 'object' && item !== null;
  if (!isRecord(value) || !Array.isArray(value.looks)) {
    throw new Error('looks/looks.json is not a list of looks.');
  }
  const readText = (field: unknown) => (typeof field === 'string' ? field : '');
  const readNumber = (field: unknown) => (Number.isFinite(field) ? Number(field) : 0);
  const looks = value.looks
    .filter(isRecord)
    .map(item => ({
      file: readText(item.file),
      name: readText(item.name) || readText(item.file).replace(/\.onnx$/i, ''),
      author: readText(item.author),
      credit: readText(item.credit),
      licence: readText(item.licence),
      pixels: readNumber(item.pixels),
      width: readNumber(item.width ?? item.pixels),
      height: readNumber(item.height ?? item.pixels),
      size: readText(item.size),
      bytes: readNumber(item.bytes),
      preview: readText(item.preview) || null,
      moving: readText(item.moving) || null,
    }))
    .filter(entry => entry.file !== '');
  return { looks, refresh: readNumber(value.refresh) };
}

export async function listLooks(): Promise<LookIndex> {
  const response = await fetch('looks/looks.json', { cache: 'no-cache' }).catch(() => {
    throw new FetchError('The list of looks could not be fetched. Check the connection and try again.');
  });
  if (!response.ok) throw new Error(NO_LOOKS);
  const index = parseLooks(await response.json().catch(() => null));
  if (index.looks.length === 0) throw new Error(NO_LOOKS);
  return index;
}

/** Fetches a look and reports progress. Throws a FetchError, or the reason of an aborted `signal`. */
export async function fetchLook(
  entry: LookEntry,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const url = lookUrl(entry.file);
  const options = { description: `“${entry.name}”`, bytes: entry.bytes, onProgress, signal };
  try {
    return await download(url, options);
  } catch (error) {
    // Without a network, a look that was fetched before is still in the browser's cache.
    return download(url, { ...options, fromCache: true }).catch(() => {
      throw error;
    });
  }
}
