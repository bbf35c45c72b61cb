// Counts the bytes of typed arrays and array buffers that a function allocates. This is the total, not the peak, so
// it is an upper bound of the memory needed. The constructors are replaced by counting proxies, and so is the
// `constructor` of each prototype, which `slice`, `map` and `filter` use. JavaScript's own arrays and objects are
// not counted: `node/hostile-files.test.ts` and the bombs of `fuzz.test.ts` measure the heap for those.

const TYPES = [
  ArrayBuffer,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
] as const;

export async function allocated<T>(work: () => Promise<T>): Promise<{ result: T; bytes: number }> {
  let bytes = 0;
  const restore = TYPES.map(type => {
    const counting: object = new Proxy(type, {
      construct(target, args: unknown[], newTarget: object): object {
        const array: ArrayBuffer | Uint8Array = Reflect.construct(
          target,
          args,
          newTarget === counting ? target : (newTarget as typeof target),
        );
        if (!(args[0] instanceof ArrayBuffer)) bytes += array.byteLength;
        return array;
      },
    });
    Reflect.set(globalThis, type.name, counting);
    Reflect.set(type.prototype, 'constructor', counting);
    return () => {
      Reflect.set(globalThis, type.name, type);
      Reflect.set(type.prototype, 'constructor', type);
    };
  });
  try {
    const result = await work();
    return { result, bytes };
  } finally {
    for (const undo of restore) undo();
  }
}
