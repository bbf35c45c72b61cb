// Answers the requests of a CPU backend: in a worker, or in Node directly.

import { EngineError } from '../error.ts';
import type { Reply, Request } from './cpu-protocol.ts';
import { CpuTraining } from './cpu-training.ts';

export class CpuSession {
  #training: CpuTraining | null = null;

  answer(request: Request): Reply {
    switch (request.kind) {
      case 'start':
        this.#training = new CpuTraining(request.program);
        return { kind: 'done' };
      case 'write':
        this.#started.write(request.state);
        return { kind: 'done' };
      case 'read': {
        const values = request.names.map(
          name => [name, Float32Array.from(this.#started.array(name))] as const,
        );
        return { kind: 'state', state: new Map(values) };
      }
      case 'step':
        this.#started.write(request.inputs);
        return { kind: 'stepped', loss: this.#started.step(request.scalars) };
      default:
        return request satisfies never;
    }
  }

  get #started(): CpuTraining {
    if (!this.#training) throw new EngineError('The CPU has no training yet.');
    return this.#training;
  }
}
