// Buffers and their owner, and the GPU's errors, which come later than the calls that cause them.

import { EngineError } from '../../error.ts';

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const;

/** Allocates the buffers of a painter, and destroys them together, even if the painter was never completed. */
export class BufferAllocator {
  readonly #own: GPUBuffer[] = [];

  constructor(readonly device: GPUDevice) {}

  get bytes(): number {
    return this.#own.reduce((sum, buffer) => sum + buffer.size, 0);
  }

  allocate(label: string, size: number, usage: GPUBufferUsageFlags, mappedAtCreation = false): GPUBuffer {
    const { maxStorageBufferBindingSize, maxBufferSize } = this.device.limits;
    const most = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    if (size > most) {
      throw new EngineError(`'${label}' needs ${size} bytes in one buffer; this GPU allows ${most}.`);
    }
    const buffer = this.device.createBuffer({ label, size, usage, mappedAtCreation });
    this.#own.push(buffer);
    return buffer;
  }

  free(buffer: GPUBuffer): void {
    this.#own.splice(this.#own.indexOf(buffer), 1);
    buffer.destroy();
  }

  destroy(): void {
    for (const buffer of this.#own) buffer.destroy();
    this.#own.length = 0;
  }
}

/** Calls `work` and throws the error that the GPU reports of it. `work` must not wait, since error scopes are a stack
 * that others on the device use too. */
export async function withErrorScopes<T>(device: GPUDevice, work: () => T): Promise<T> {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  const popped: Promise<GPUError | null>[] = [];
  let made: T;
  try {
    made = work();
  } finally {
    // A lost device has no scopes. Its loss is reported elsewhere.
    for (const _ of FILTERS) popped.push(device.popErrorScope().catch(() => null));
  }
  const [error] = (await Promise.all(popped)).filter(one => one !== null);
  if (error) throw new EngineError(gpuErrorMessage(error));
  return made;
}

export function gpuErrorMessage(error: GPUError): string {
  // The first line is the problem, the others are its place in the code.
  const reason = error.message.trim().split('\n')[0] || 'it gives no reason';
  return error instanceof GPUOutOfMemoryError
    ? `The GPU has too little memory for this look (${reason}); close other pages or choose a smaller look.`
    : `The GPU refused the engine's work (${reason}).`;
}
