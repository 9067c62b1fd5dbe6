import type { Headers, RecordMetadata, StreamRecord } from '../serde/record';

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
