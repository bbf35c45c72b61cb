/** Style sheets of tabs: each is fetched with its tab. */
import { makeElement } from '../../shared/dom.ts';
import { FetchError } from '../../shared/errors.ts';

const loaded = new Map<string, Promise<void>>();

/** Loads a style sheet, once. A failure is a FetchError, and another call tries again. */
export function loadStyle(url: string): Promise<void> {
  const known = loaded.get(url);
  if (known) return known;
  const link = makeElement('link');
  link.rel = 'stylesheet';
  link.href = url;
  const loading = new Promise<void>((resolve, reject) => {
    link.addEventListener('load', () => resolve());
    link.addEventListener('error', () => {
      link.remove();
      loaded.delete(url);
      reject(new FetchError('A part of this page could not be fetched. Check the connection and try again.'));
    });
  });
  loaded.set(url, loading);
  document.head.append(link);
  return loading;
}
