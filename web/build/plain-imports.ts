/** Drops Vite's helper around `import()`. It preloads the style sheets and imports of a chunk, which
 * none here needs, and would be 700 bytes of the page, gzipped. */
import type { Plugin } from 'vite';

export function plainImports(): Plugin {
  return {
    name: 'limner-plain-imports',
    enforce: 'pre',
    load: id => (id === '\0vite/preload-helper.js' ? 'export const __vitePreload = load => load();' : null),
  };
}
