// The training backend without a GPU. It computes in a worker, so that the page goes on; in Node, and where the worker
// does not start, it computes in place.

import { EngineError } from '../error.ts';
import { lower } from '../graph/lowering/lower.ts';
import { TRAINING } from '../graph/lowering/training.ts';
import type { Tensors, TrainingBackend, TrainingBackendOptions } from './backend.ts';
import type { Reply, Request } from './cpu-protocol.ts';
import { nextTask } from './next-task.ts';
import type { Optimizer } from './optimizers/optimizer.ts';
import { makeProgram } from './program.ts';
import type { TrainingStep } from './step.ts';

/** Where requests go. */
export interface Connection {
  readonly place: string;
  readonly request: (request: Request) => Promise<Reply>;
  readonly close: () => void;
}

export async function createCpuBackend(
  step: TrainingStep,
  optimizer: Optimizer,
  { onLost }: TrainingBackendOptions,
): Promise<TrainingBackend> {
  const program = makeProgram(step, await lower(step.model, TRAINING), optimizer);
  const connection = await connect(onLost);
  const backend = new CpuBackend(connection);
  try {
    await backend.request({ kind: 'start', program });
  } catch (error) {
    backend.destroy();
    throw error;
  }
  return backend;
}

/** A worker of its own, where there are workers. */
export const connect = async (onLost: (reason: string) => void): Promise<Connection> =>
  (await connectToWorker(onLost)) ?? (await connectInPlace());

/** Without what else lies in the buffers of the arrays: a message takes all of a buffer with it. */
export const compact = (tensors: Tensors): Tensors =>
  new Map(
    Array.from(tensors, ([name, values]) => [
      name,
      values.byteLength === values.buffer.byteLength ? values : values.slice(),
    ]),
  );

class CpuBackend implements TrainingBackend {
  readonly name = 'cpu';
  readonly adapter: string;
  #losses: number[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(readonly connection: Connection) {
    this.adapter = connection.place;
  }

  async request(request: Request): Promise<Reply> {
    const answered = this.connection.request(request);
    this.#last = answered;
    const reply = await answered;
    if (reply.kind === 'failed') throw new EngineError(reply.reason);
    if (reply.kind === 'stepped') this.#losses.push(reply.loss);
    return reply;
  }

  async write(state: Tensors): Promise<void> {
    await this.request({ kind: 'write', state: compact(state) });
  }

  async read(names: readonly string[]): Promise<Tensors> {
    const reply = await this.request({ kind: 'read', names });
    return reply.kind === 'state' ? reply.state : new Map();
  }

  async step(inputs: Tensors, scalars: readonly number[]): Promise<void> {
    await this.request({ kind: 'step', inputs: compact(inputs), scalars });
  }

  async losses(): Promise<Float32Array> {
    await this.finished();
    return Float32Array.from(this.#losses.splice(0));
  }

  async finished(): Promise<void> {
    await this.#last;
  }

  destroy(): void {
    this.connection.close();
  }
}

async function connectInPlace(): Promise<Connection> {
  // Fetched now: where there is a worker, it has its own.
  const { CpuSession } = await import('./cpu-session.ts');
  const session = new CpuSession();
  return {
    place: 'the CPU, in place',
    request: async request => {
      await nextTask();
      return session.answer(request);
    },
    close: () => undefined,
  };
}

/** Null where there are no workers, or where this one does not start. */
async function connectToWorker(onLost: (reason: string) => void): Promise<Connection | null> {
  const worker = startWorker();
  if (!worker) return null;
  const waiting: ((reply: Reply) => void)[] = [];
  worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => waiting.shift()?.(data));
  const request = (message: Request): Promise<Reply> =>
    new Promise(resolve => {
      waiting.push(resolve);
      worker.postMessage(message);
    });
  const failure = new Promise<null>(resolve => {
    worker.addEventListener('error', () => resolve(null), { once: true });
  });
  // An empty list is read of no training: it only tells that the worker runs.
  const started = await Promise.race([request({ kind: 'read', names: [] }), failure]);
  if (!started) {
    worker.terminate();
    return null;
  }
  worker.addEventListener('error', () => onLost('The worker that trains on the CPU broke off.'));
  return { place: 'the CPU, in a worker', request, close: () => worker.terminate() };
}

/** Some browsers throw where the policy of the site forbids workers, and others tell the worker. */
function startWorker(): Worker | null {
  // Programs in Node may have defined another kind.
  if (typeof Worker === 'undefined' || !(Worker.prototype instanceof EventTarget)) return null;
  try {
    return new Worker(new URL('./cpu-worker.ts', import.meta.url), { type: 'module' });
  } catch {
    return null;
  }
}
