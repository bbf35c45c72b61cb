// Counts the calls of the GPU API that a frame makes.

type Hooked = Readonly<Record<string, readonly [owner: { readonly prototype: object }, method: string]>>;

/** Counts the calls of each hooked method while `work` runs. Calls of the `suppressed` methods are counted
 * but not made. */
export function callsOf<H extends Hooked>(
  hooked: H,
  suppressed: readonly string[],
  work: () => void,
): Record<keyof H, number> {
  const counts = Object.fromEntries(Object.keys(hooked).map(key => [key, 0])) as Record<keyof H, number>;
  const restore = Object.entries(hooked).map(([key, [owner, method]]) => {
    const original: unknown = Reflect.get(owner.prototype, method);
    if (typeof original !== 'function') throw new Error(`${method} is not a method.`);
    Reflect.set(owner.prototype, method, function (this: unknown, ...args: unknown[]) {
      counts[key as keyof H] += 1;
      if (suppressed.includes(method)) return undefined;
      return Reflect.apply(original, this, args);
    });
    return () => Reflect.set(owner.prototype, method, original);
  });
  try {
    work();
  } finally {
    for (const undo of restore) undo();
  }
  return counts;
}
