// What a frame costs in calls of the GPU's API.

type Hooked = Readonly<Record<string, readonly [owner: { readonly prototype: object }, method: string]>>;

/** Calls of each hooked method while `work` runs. Those of the `held` methods are counted and not made. */
export function callsOf<H extends Hooked>(
  hooked: H,
  held: readonly string[],
  work: () => void,
): Record<keyof H, number> {
  const counts = Object.fromEntries(Object.keys(hooked).map(key => [key, 0])) as Record<keyof H, number>;
  const restore = Object.entries(hooked).map(([key, [owner, method]]) => {
    const original: unknown = Reflect.get(owner.prototype, method);
    if (typeof original !== 'function') throw new Error(`${method} is no method.`);
    Reflect.set(owner.prototype, method, function (this: unknown, ...args: unknown[]) {
      counts[key as keyof H] += 1;
      if (held.includes(method)) return undefined;
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
