/** JavaScript lets anything be thrown; what is kept to be thrown again is an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(`Something was thrown that is no error: ${String(thrown)}`);
}
