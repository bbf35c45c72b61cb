// The worker of the CPU backend.

import { messageOf } from '../error.ts';
import type { Reply, Request } from './cpu-protocol.ts';
import { CpuSession } from './cpu-session.ts';

const session = new CpuSession();

function answer(request: Request): Reply {
  try {
    return session.answer(request);
  } catch (error) {
    return { kind: 'failed', reason: messageOf(error) };
  }
}

self.addEventListener('message', ({ data }: MessageEvent<Request>) => self.postMessage(answer(data)));
