/** The data files beside the page. A list names them, so that no file is asked for that is not there. */

const LIST = new URL('./data/list.json', document.baseURI);

let list: Promise<readonly string[]> | null = null;

/** Names of the data files that whoever serves the page has laid beside it; without them, tabs use what they draw. */
export function dataFiles(): Promise<readonly string[]> {
  list ??= fetchList().catch(() => []);
  return list;
}

async function fetchList(): Promise<readonly string[]> {
  const response = await fetch(LIST);
  if (!response.ok) return [];
  const { files } = (await response.json()) as { readonly files?: unknown };
  return Array.isArray(files) ? files.filter(name => typeof name === 'string') : [];
}

/** The file, or null if it is not there. Throws if it cannot be fetched though it should be. */
export async function fetchData(name: string): Promise<Response | null> {
  if (!(await dataFiles()).includes(name)) return null;
  const response = await fetch(new URL(name, LIST));
  if (!response.ok) throw new Error(`The file ${name} could not be fetched (HTTP ${response.status}).`);
  return response;
}
