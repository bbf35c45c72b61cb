/** An error for people. Its message is one sentence: what is wrong, where, and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** For the default branch of a switch over a union: TypeScript reports a member that is missing. */
export function assertNever(value: never): never {
  throw new EngineError(`The engine does not know ${JSON.stringify(value)}.`);
}
