/** The address of the page: which tab, and how it is set, as #tab?name=value&name=value. */

export interface Address {
  readonly tab: string;
  readonly query: URLSearchParams;
}

export function readAddress(hash: string): Address {
  const [tab = '', query = ''] = hash.replace(/^#/, '').split('?', 2);
  return { tab, query: new URLSearchParams(query) };
}

export function writeAddress({ tab, query }: Address): string {
  const text = query.toString();
  return text ? `#${tab}?${text}` : `#${tab}`;
}
