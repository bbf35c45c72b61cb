/** The message of anything that was thrown. Errors of another document are not `instanceof Error`, so the field decides. */
export function errorMessage(error: unknown): string {
  const message = (error as { message?: unknown } | null | undefined)?.message;
  return typeof message === 'string' ? message : String(error);
}
