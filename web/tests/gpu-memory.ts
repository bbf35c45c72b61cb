// Tracks a painter's GPU memory over a stretch of time: the peak bytes of buffers and textures, and every pipeline
// that was compiled, since none can be destroyed.

type Owner = { readonly prototype: object };

export interface GpuMemoryLog {
  /** Bytes that were alive at once, at most. */
  peakBytes: number;
  /** Labels of pipelines, in the order in which they were asked for. */
  readonly pipelines: string[];
  /** How often results were read back. */
  maps: number;
  close(): void;
}

/** Starts tracking. Copies of camera frames are left out: their size is the camera's. */
export function trackGpuMemory(): GpuMemoryLog {
  const alive = new Map<object, number>();
  const restore: (() => void)[] = [];
  const memory: GpuMemoryLog = {
    peakBytes: 0,
    pipelines: [],
    maps: 0,
    close: () => {
      for (const undo of restore.splice(0)) undo();
    },
  };
  const hook = (
    { prototype }: Owner,
    method: string,
    seen: (self: object, made: unknown, given: unknown[]) => void,
  ) => {
    const original: unknown = Reflect.get(prototype, method);
    if (typeof original !== 'function') throw new Error(`${method} is no method.`);
    Reflect.set(prototype, method, function (this: object, ...given: unknown[]) {
      const made: unknown = Reflect.apply(original, this, given);
      seen(this, made, given);
      return made;
    });
    restore.push(() => Reflect.set(prototype, method, original));
  };
  const add = (made: object, bytes: number) => {
    alive.set(made, bytes);
    memory.peakBytes = Math.max(
      memory.peakBytes,
      [...alive.values()].reduce((sum, one) => sum + one, 0),
    );
  };
  hook(GPUDevice, 'createBuffer', (_, made) => {
    if (made instanceof GPUBuffer) add(made, made.size);
  });
  hook(GPUDevice, 'createTexture', (_, made) => {
    if (made instanceof GPUTexture && made.label !== 'frame') add(made, 4 * made.width * made.height);
  });
  for (const owner of [GPUBuffer, GPUTexture]) hook(owner, 'destroy', self => alive.delete(self));
  for (const method of ['createComputePipelineAsync', 'createComputePipeline']) {
    hook(GPUDevice, method, (_, _made, [descriptor]) => {
      memory.pipelines.push((descriptor as GPUComputePipelineDescriptor).label ?? '');
    });
  }
  hook(GPUBuffer, 'mapAsync', () => {
    memory.maps += 1;
  });
  return memory;
}
