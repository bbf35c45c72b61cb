/**
 * Replaces Vite's helper around `import()`. Vite's own preloads the style sheets and imports of a chunk, which none here
 * needs, and would be 700 bytes of the page, gzipped. Ours gives a part that cannot be fetched an error of its own, which
 * is no fault of the file that needs the part: browsers reject such an import with a TypeError, each in other words.
 */
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const HELPER = `
import { FetchError } from ${JSON.stringify(fileURLToPath(new URL('../shared/errors.ts', import.meta.url)))};
export const __vitePreload = load => load().catch(error => {
  throw error instanceof TypeError
    ? new FetchError('A part of this page could not be fetched. Check the connection and try again.')
    : error;
});`;

export function plainImports(): Plugin {
  return {
    name: 'limner-plain-imports',
    enforce: 'pre',
    load: id => (id === '\0vite/preload-helper.js' ? HELPER : null),
  };
}
