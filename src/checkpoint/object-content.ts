import type { ObjectContent } from './snapshot-store';

/** The content piece by piece. Fails with the signal's reason as soon as it is aborted, even while a piece is being waited for. */
export async function* piecesOf(content: ObjectContent, signal?: AbortSignal): AsyncGenerator<Uint8Array, void> {
  signal?.throwIfAborted();
  if (content instanceof Uint8Array) {
    yield content;
    return;
  }
  const iterator = content[Symbol.asyncIterator]();
  let waiting = false;
  let ended = false;
  try {
    for (;;) {
      waiting = true;
      const next = await orAborted(iterator.next(), signal);
      waiting = false;
      if (next.done === true) {
        ended = true;
        return;
      }
      yield next.value;
      signal?.throwIfAborted();
    }
  } finally {
    if (!ended) {
      // A source that is still busy closes when it gets round to it.
      const closed = Promise.resolve(iterator.return?.()).catch(() => undefined);
      if (!waiting) await closed;
    }
  }
}

/** All pieces in one. For content that is known to be small. */
export async function bytesOf(content: ObjectContent, signal?: AbortSignal): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of piecesOf(content, signal)) pieces.push(piece);
  return Buffer.concat(pieces);
}

function orAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    // What made the promise may have aborted it already.
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
