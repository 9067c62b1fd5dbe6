/**
 * Does work for each item, for up to `limit` of them at a time. The first failure aborts the work under way, and is thrown when all of
 * that has ended: nothing goes on behind the back of the caller.
 *
 * @param signal - aborts the work too
 * @returns the results, in the order of the items
 */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T, signal: AbortSignal) => Promise<R>,
  signal?: AbortSignal,
): Promise<R[]> {
  const failed = new AbortController();
  const either = signal === undefined ? failed.signal : AbortSignal.any([signal, failed.signal]);
  const results: R[] = [];
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length && failure === undefined) {
      const index = next++;
      try {
        either.throwIfAborted();
        results[index] = await work(items[index]!, either);
      } catch (error) {
        failure ??= { error };
        failed.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  if (failure !== undefined) throw failure.error;
  return results;
}
