/** Puts `unstarted.js` beside a page. It is no module, since it is for browsers too old for the page's own script; Vite would
 * leave it where it is. */
import { readFile } from 'node:fs/promises';
import { minify } from 'terser';
import type { Plugin } from 'vite';

const NAME = 'unstarted.js';

const readScript = () => readFile(new URL(`../shared/${NAME}`, import.meta.url), 'utf8');

export function emitUnstarted(): Plugin {
  return {
    name: 'limner-unstarted',
    async generateBundle() {
      const { code } = await minify(await readScript(), { ie8: true });
      if (code) this.emitFile({ type: 'asset', fileName: NAME, source: code });
    },
    configureServer(server) {
      server.middlewares.use(`/${NAME}`, async (_, response) => {
        response.setHeader('Content-Type', 'text/javascript');
        response.end(await readScript());
      });
    },
  };
}
