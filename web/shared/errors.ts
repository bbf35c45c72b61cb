/** Errors for which the page has a remedy, and the message of anything that was thrown. */

/** A file, or a part of the page, could not be fetched. Another try may help. */
export class FetchError extends Error {}

/** A page around this one stands in the way. A tab of its own would help. */
export class OwnTabError extends Error {}

/** The message of anything that was thrown. Errors of another document are not `instanceof Error`, so the field decides. */
export function errorMessage(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
