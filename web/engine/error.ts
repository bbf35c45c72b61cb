/** One sentence: what is wrong, where, and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For the last branch of a switch over a union: a forgotten member is a type error. */
export function assertNever(value: never): never {
  throw new EngineError(`The engine does not know ${JSON.stringify(value)}.`);
}
