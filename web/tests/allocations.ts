// How many bytes of typed arrays and array buffers a piece of work asks for: all of them, not what it holds
// at once, so never less than what it needs. The constructors are watched; those of arrays that slice, map
// and filter make are found by the same door, their prototype's constructor. JavaScript's own arrays and
// objects are not seen: `node/hostile-files.test.ts` and the bombs of `fuzz.test.ts` look at the heap for those.

const WATCHED = [
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
  const undo = WATCHED.map(type => {
    const watched: object = new Proxy(type, {
      construct(target, given: unknown[], newTarget: object): object {
        const made: ArrayBuffer | Uint8Array = Reflect.construct(
          target,
          given,
          newTarget === watched ? target : (newTarget as typeof target),
        );
        if (!(given[0] instanceof ArrayBuffer)) bytes += made.byteLength;
        return made;
      },
    });
    Reflect.set(globalThis, type.name, watched);
    Reflect.set(type.prototype, 'constructor', watched);
    return () => {
      Reflect.set(globalThis, type.name, type);
      Reflect.set(type.prototype, 'constructor', type);
    };
  });
  try {
    const result = await work();
    return { result, bytes };
  } finally {
    for (const one of undo) one();
  }
}
