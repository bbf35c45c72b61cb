/** Asks the worker that draws networks. */
import type { DrawReply, DrawRequest, DrawTask, Scene } from './draw-protocol.ts';
import type { View } from './evaluate.ts';

export const WHOLE: View = [-1, -1, 1, 1];

export class Drawer {
  readonly #worker = new Worker(new URL('./draw-worker.ts', import.meta.url), { type: 'module' });
  readonly #waiting = new Map<number, (reply: DrawReply) => void>();
  #next = 0;

  /** `fail` is told why a painting could not be drawn, where nobody waits for it. */
  constructor(readonly fail: (error: unknown) => void) {
    this.#worker.addEventListener('error', () => {
      const reason = 'The worker that draws broke off. Load the page anew.';
      for (const [id, settle] of this.#waiting) settle({ id, kind: 'failed', reason });
    });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<DrawReply>) => {
      this.#waiting.get(data.id)?.(data);
    });
  }

  #ask(task: DrawTask, onPart?: (part: number) => void): Promise<DrawReply> {
    const request: DrawRequest = { id: this.#next++, task };
    return new Promise((resolve, reject) => {
      this.#waiting.set(request.id, reply => {
        if (reply.kind === 'part') {
          onPart?.(reply.part);
          return;
        }
        this.#waiting.delete(request.id);
        if (reply.kind === 'failed') reject(new Error(reply.reason));
        else resolve(reply);
      });
      this.#worker.postMessage(request);
    });
  }

  /** The view as a picture of side x side pixels, and how long the drawing took. */
  async draw(scene: Scene, view: View, side: number): Promise<{ bitmap: ImageBitmap; milliseconds: number }> {
    const reply = await this.#ask({ kind: 'draw', scene, view, side });
    if (reply.kind !== 'drawn') throw new Error('Nothing was drawn.');
    return reply;
  }

  async png(scene: Scene, view: View, side: number, onPart: (part: number) => void): Promise<Blob> {
    const reply = await this.#ask({ kind: 'png', scene, view, side }, onPart);
    if (reply.kind !== 'png') throw new Error('Nothing was drawn.');
    return reply.blob;
  }

  async maps(scene: Scene, side: number): Promise<readonly Float32Array[]> {
    const reply = await this.#ask({ kind: 'maps', scene, side });
    return reply.kind === 'maps' ? reply.maps : [];
  }
}
