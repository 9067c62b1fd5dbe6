import type { AsyncRetryOptions } from './async-call';
import type { KeySerdeOption, Named } from './dsl-options';

/**
 * How an asynchronous operator calls.
 *
 * - `order: 'partition'` hands results on in the order of the records, as if the operator were not asynchronous; one slow call holds
 *   the results behind it.
 * - `order: 'key'` keeps that order among records of one key only.
 * - `order: 'none'` hands each result on as it comes.
 */
export type AsyncOptions<K, S> = Named &
  AsyncRetryOptions & {
    /** Calls under way at a time in each task. Also bounds the records that wait for their turn. Default 16. */
    readonly concurrency?: number | undefined;
    /** Milliseconds that one attempt may take. Default 30,000. */
    readonly timeoutMs?: number | undefined;
    /**
     * Milliseconds that a record may take with all its attempts and the waits between them. Bounds how long a commit, a rebalance or a
     * shutdown can wait for it. Default: as long as `retries` allows.
     */
    readonly totalTimeoutMs?: number | undefined;
  } & (
    | { readonly order?: 'partition' | 'none' | undefined }
    | ({
        /** Keys are compared by their bytes: needs a key serde. */
        readonly order: 'key';
      } & KeySerdeOption<K, S>)
  );
