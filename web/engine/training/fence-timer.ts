// Tells when a WebGL2 GPU is done with a slice of draws, and how long that took, where the browser has timers for it.

import { nextTask } from './next-task.ts';

/** Polls in tasks that follow at once, before a timer. */
const QUICK_POLLS = 4;
/** Empty flushes that are timed. */
const TRIALS = 3;
const NANOSECONDS = 1e6;

/** A slice that was given to the GPU. */
export interface PendingSlice {
  isDone(): boolean;
  /** Resolves when it is done. */
  done(): Promise<void>;
  /** Milliseconds that the GPU had it, once it is done; null if nothing tells. Call it once. */
  finish(): number | null;
}

/** What gives slices to a GPU. */
export interface SliceTimer {
  /** Draws a slice and flushes it. */
  run(draw: () => void): PendingSlice;
}

/** The constants of EXT_disjoint_timer_query_webgl2. */
interface TimerQueries {
  readonly TIME_ELAPSED_EXT: number;
  readonly GPU_DISJOINT_EXT: number;
}

export class FenceTimer implements SliceTimer {
  readonly #timers: TimerQueries | null;
  /** Queries whose results were read, to be used again. */
  readonly #free: WebGLQuery[] = [];

  constructor(readonly gl: WebGL2RenderingContext) {
    this.#timers = gl.getExtension('EXT_disjoint_timer_query_webgl2');
  }

  run(draw: () => void): PendingSlice {
    const { gl } = this;
    const timers = this.#timers;
    const query = timers && (this.#free.pop() ?? gl.createQuery());
    if (timers && query) gl.beginQuery(timers.TIME_ELAPSED_EXT, query);
    draw();
    if (timers && query) gl.endQuery(timers.TIME_ELAPSED_EXT);
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    return {
      isDone: () => !fence || isSignaled(gl, fence),
      done: async () => {
        if (fence) await waitForFence(gl, fence);
      },
      finish: () => {
        gl.deleteSync(fence);
        return query && this.#read(query);
      },
    };
  }

  #read(query: WebGLQuery): number | null {
    const { gl } = this;
    this.#free.push(query);
    const isDisjoint: unknown = this.#timers && gl.getParameter(this.#timers.GPU_DISJOINT_EXT);
    if (isDisjoint || !gl.getQueryParameter(query, gl.QUERY_RESULT_AVAILABLE)) return null;
    return Number(gl.getQueryParameter(query, gl.QUERY_RESULT)) / NANOSECONDS;
  }
}

/** Milliseconds until a GPU says that nothing is done. */
export async function timeEmptyFlush(gl: WebGL2RenderingContext): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < TRIALS; i++) {
    const start = performance.now();
    await workFinished(gl);
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

/** Resolves when the work so far is done, or the context is lost; in a hidden tab too, where timers run once a second or
 * once a minute. */
export async function workFinished(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  if (!fence) return;
  await waitForFence(gl, fence);
  gl.deleteSync(fence);
}

/** Also of a lost context. */
const isSignaled = (gl: WebGL2RenderingContext, fence: WebGLSync): boolean =>
  gl.isContextLost() || gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED;

async function waitForFence(gl: WebGL2RenderingContext, fence: WebGLSync): Promise<void> {
  for (let polls = 0; !isSignaled(gl, fence); polls++) {
    if (polls < QUICK_POLLS || globalThis.document?.hidden) await nextTask();
    else await new Promise(resolve => setTimeout(resolve, 1));
  }
}
