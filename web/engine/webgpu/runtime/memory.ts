// Buffers and whoever owns them, and errors of the GPU, which it reports later than the call that made them.

import { EngineError } from '../../error.ts';

const FILTERS = ['validation', 'out-of-memory', 'internal'] as const;

/** Every buffer of a painter: destroyed together, whatever happened on the way to a painter. */
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

  destroy(): void {
    for (const buffer of this.#own) buffer.destroy();
    this.#own.length = 0;
  }
}

/** What `work` makes on the device; throws what the GPU says of it afterwards. `work` must not wait for
 * anything, since error scopes are a stack that others on the same device use too. */
export async function withErrorScopes<T>(device: GPUDevice, work: () => T): Promise<T> {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  const popped: Promise<GPUError | null>[] = [];
  let made: T;
  try {
    made = work();
  } finally {
    // A lost device has no scopes left; its loss is reported elsewhere.
    for (const _ of FILTERS) popped.push(device.popErrorScope().catch(() => null));
  }
  const [error] = (await Promise.all(popped)).filter(one => one !== null);
  if (error) throw new EngineError(gpuErrorMessage(error));
  return made;
}

export function gpuErrorMessage(error: GPUError): string {
  // The first line says what is wrong, those after it where in the code.
  const reason = error.message.trim().split('\n')[0] || 'it gives no reason';
  return error instanceof GPUOutOfMemoryError
    ? `The GPU has too little memory for this look (${reason}); close other pages or choose a smaller look.`
    : `The GPU refused the engine's work (${reason}).`;
}
