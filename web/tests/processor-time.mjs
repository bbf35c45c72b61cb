// CPU time of the browser's processes that this process started.

import { readdirSync, readFileSync } from 'node:fs';

/** Ids of the browser's processes of a type: `gpu-process`, `renderer`. */
export function browserProcesses(type) {
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
  return [...parents.keys()].filter(pid => isDescendant(pid) && hasType(pid, type));
}

function hasType(pid, type) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`--type=${type}`);
  } catch {
    return false;
  }
}

/** CPU time of a process in milliseconds, over all threads; 0 if the system does not provide it. */
export function processorTime(pid) {
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
