// How far a page may run ahead of a GPU: enough steps to keep it busy, and not so many that a painting would wait behind
// them.

import { nextTask } from './next-task.ts';

/** Milliseconds of work that may be queued, and of one slice of a step. */
const AHEAD_MS = 16;
const SLICE_MS = 8;
const MAX_AHEAD = 8;
/** Polls in tasks that follow at once, before a timer. */
const QUICK_POLLS = 4;

export class FencePace {
  readonly #fences: WebGLSync[] = [];
  /** Milliseconds of a step, as far as known. */
  #stepMs = AHEAD_MS;
  #lastSignal = performance.now();

  constructor(readonly gl: WebGL2RenderingContext) {}

  /** In how many parts a step is drawn. */
  get slices(): number {
    return Math.max(1, Math.ceil(this.#stepMs / SLICE_MS));
  }

  /** Resolves when the next step may be drawn. */
  async afterStep(): Promise<void> {
    const { gl } = this;
    if (this.#fences.length === 0) this.#lastSignal = performance.now();
    const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
    gl.flush();
    if (fence) this.#fences.push(fence);
    const ahead = Math.min(MAX_AHEAD, Math.max(1, Math.floor(AHEAD_MS / this.#stepMs)));
    while (this.#fences.length > ahead) await this.#waitForFirst();
  }

  async finished(): Promise<void> {
    while (this.#fences.length > 0) await this.#waitForFirst();
  }

  async #waitForFirst(): Promise<void> {
    const fence = this.#fences.shift();
    if (!fence) return;
    await waitForFence(this.gl, fence);
    const now = performance.now();
    this.#stepMs = Math.max(0.1, now - this.#lastSignal);
    this.#lastSignal = now;
  }
}

/** Resolves when the work so far is done, or the context is lost; in a hidden tab too, where timers run once a second or
 * once a minute. */
export async function workFinished(gl: WebGL2RenderingContext): Promise<void> {
  const fence = gl.fenceSync(gl.SYNC_GPU_COMMANDS_COMPLETE, 0);
  gl.flush();
  if (fence) await waitForFence(gl, fence);
}

async function waitForFence(gl: WebGL2RenderingContext, fence: WebGLSync): Promise<void> {
  for (let polls = 0; !gl.isContextLost(); polls++) {
    if (gl.getSyncParameter(fence, gl.SYNC_STATUS) === gl.SIGNALED) break;
    if (polls < QUICK_POLLS || globalThis.document?.hidden) await nextTask();
    else await new Promise(resolve => setTimeout(resolve, 1));
  }
  gl.deleteSync(fence);
}
