/** A value now, or a promise of it. `await` takes both. */
export type Awaitable<T> = T | Promise<T>;

/** Whether a function of the user gave a promise; also one of another library, or of another realm. */
export function isPromiseLike(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as PromiseLike<unknown> | null | undefined)?.then === 'function';
}
