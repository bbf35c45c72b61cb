/** One sentence: what is wrong, where, and what to do. */
export class EngineError extends Error {
  override readonly name = 'EngineError';
}

/** For the last branch of a switch over a union: a forgotten member is a type error. */
export function impossible(value: never): never {
  throw new EngineError(`The engine met a value that it does not know: ${JSON.stringify(value)}.`);
}
