import type { Headers, RecordMetadata, StreamRecord } from '../serde/record';
import type { KeySerdeOption, Named } from './dsl-options';

/** What a function of an asynchronous operator is given besides its record. */
export interface AsyncCallContext {
  /** Aborted when the call's time is over, and when the task is closed or moves away. Hand it to `fetch` and to drivers that take one. */
  readonly signal: AbortSignal;
  /** 1 for the first attempt, 2 for the first retry. */
  readonly attempt: number;
}

/** How results follow each other, when calls end in another order than they began. */
export type AsyncOrder = 'partition' | 'key' | 'none';

/** When a call that failed is made again. */
export interface AsyncRetryOptions {
  /** How often a call that failed or ran out of time is made again. Default 0. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first retry; each further one waits twice as long. Default 100. */
  readonly backoffMs?: number | undefined;
  /** The longest wait before a retry, in milliseconds. Default 10,000. */
  readonly maxBackoffMs?: number | undefined;
  /** How much of each wait is left to chance, from 0 (none) to 1 (all of it). Default 0.5: a wait takes between half and all of its time. */
  readonly jitter?: number | undefined;
  /** Whether this error is worth a retry; `attempt` is the one that failed, from 1 on. Default: every error is. */
  readonly retryIf?: ((error: unknown, attempt: number) => boolean) | undefined;
}

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
  } & (
    | { readonly order?: 'partition' | 'none' | undefined }
    | ({
        /** Keys are compared by their bytes: needs a key serde. */
        readonly order: 'key';
      } & KeySerdeOption<K, S>)
  );

/** The record that the function of `processAsync` is given, with where it came from. */
export type AsyncRecord<K, V> = StreamRecord<K, V> & { readonly metadata: RecordMetadata | undefined };

/** A record that the function of `processAsync` hands on. */
export interface AsyncOutput<K, V> {
  readonly key: K;
  readonly value: V;
  /** Default: that of the record. */
  readonly timestamp?: number | undefined;
  /** Default: those of the record. */
  readonly headers?: Headers | undefined;
}
