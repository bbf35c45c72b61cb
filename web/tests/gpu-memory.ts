// Tracks a painter's GPU memory over time: the peak bytes of buffers and textures, and every compiled pipeline,
// because WebGPU cannot destroy pipelines.

type Owner = { readonly prototype: object };

export interface GpuMemoryLog {
  /** The largest number of bytes allocated at the same time. */
  peakBytes: number;
  /** Labels of pipelines in the order of their creation. */
  readonly pipelines: string[];
  /** The number of readbacks. */
  maps: number;
  close(): void;
}

/** Starts tracking. Textures that hold camera frames are not counted, because the camera determines their size. */
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
    onCall: (self: object, result: unknown, args: unknown[]) => void,
  ) => {
    const original: unknown = Reflect.get(prototype, method);
    if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
    Reflect.set(prototype, method, function (this: object, ...args: unknown[]) {
      const result: unknown = Reflect.apply(original, this, args);
      onCall(this, result, args);
      return result;
    });
    restore.push(() => Reflect.set(prototype, method, original));
  };
  const add = (resource: object, bytes: number) => {
    alive.set(resource, bytes);
    memory.peakBytes = Math.max(
      memory.peakBytes,
      [...alive.values()].reduce((sum, one) => sum + one, 0),
    );
  };
  hook(GPUDevice, 'createBuffer', (_, buffer) => {
    if (buffer instanceof GPUBuffer) add(buffer, buffer.size);
  });
  hook(GPUDevice, 'createTexture', (_, texture) => {
    if (texture instanceof GPUTexture && texture.label !== 'frame')
      add(texture, 4 * texture.width * texture.height);
  });
  for (const owner of [GPUBuffer, GPUTexture]) hook(owner, 'destroy', self => alive.delete(self));
  for (const method of ['createComputePipelineAsync', 'createComputePipeline']) {
    hook(GPUDevice, method, (_, _pipeline, [descriptor]) => {
      memory.pipelines.push((descriptor as GPUComputePipelineDescriptor).label ?? '');
    });
  }
  hook(GPUBuffer, 'mapAsync', () => {
    memory.maps += 1;
  });
  return memory;
}
