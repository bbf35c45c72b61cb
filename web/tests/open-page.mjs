// An empty page for scripts that measure: it can import the modules of `web`, fetch the files of the test
// cases, and ask for the CPU time of the browser's GPU process (`processorTime`).

import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'vite';
import { launchChromium } from './launch.mjs';

const web = new URL('..', import.meta.url);

/** The GPU process of the browser that this process started. */
function gpuProcess() {
  const parents = new Map();
  for (const pid of readdirSync('/proc').filter(name => /^\d+$/.test(name))) {
    try {
      parents.set(pid, readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1).split(' ')[1]);
    } catch {
      // The process has ended.
    }
  }
  const isDescendant = pid =>
    pid === String(process.pid) || (parents.has(pid) && isDescendant(parents.get(pid)));
  const isGpu = pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--type=gpu-process');
  return [...parents.keys()].find(pid => isDescendant(pid) && isGpu(pid));
}

/** CPU time of a process in milliseconds, over all threads; 0 if the system does not provide it. */
function processorTime(pid) {
  try {
    const tasks = readdirSync(`/proc/${pid}/task`);
    const times = tasks.map(task =>
      Number(readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8').split(' ')[0]),
    );
    return times.reduce((a, b) => a + b, 0) / 1e6;
  } catch {
    return 0;
  }
}

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
  const gpu = gpuProcess();
  await page.exposeFunction('processorTime', () => processorTime(gpu));
  await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/looks.json`);
  const close = async () => {
    await browser.close();
    await server.close();
  };
  return { page, close };
}
