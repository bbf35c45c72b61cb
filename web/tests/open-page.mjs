// An empty page for scripts that measure: it can import the modules of `web`, fetch the files of the test
// cases, and ask for the CPU time of the browser's GPU process (`processorTime`).

import { createServer } from 'vite';
import { launchChromium } from './launch.mjs';
import { browserProcesses, processorTime } from './processor-time.mjs';

const web = new URL('..', import.meta.url);

/** Opens the page. `folders`: others than the repository whose files it may import, by the path `/@fs/FOLDER/FILE`. */
export async function openPage(folders = []) {
  const server = await createServer({
    configFile: false,
    root: web.pathname,
    publicDir: '.cache',
    cacheDir: '.cache/vite-profile',
    logLevel: 'error',
    server: {
      port: 0,
      host: '127.0.0.1',
      hmr: false,
      watch: null,
      fs: { allow: [new URL('..', web).pathname, ...folders] },
    },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  const browser = await launchChromium();
  const page = await browser.newPage();
  const [gpu] = browserProcesses('gpu-process');
  await page.exposeFunction('processorTime', () => processorTime(gpu));
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/looks.json`);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { page, close };
}
