import type { Serde } from '../serde/serde';

/** Forwards the first record of each id within a time. */
export interface DeduplicateOperator {
  readonly type: 'deduplicate';
  readonly store: string;
  readonly withinMs: number;
  readonly graceMs: number;
  /** Undefined: the key. */
  readonly id: ((key: unknown, value: unknown) => unknown) | undefined;
  readonly idSerde: Serde<unknown>;
  /** Of the records that come in. */
  readonly keySerde: Serde<unknown>;
}
