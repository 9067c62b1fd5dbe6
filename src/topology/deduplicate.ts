import { CompositeKey } from '../serde/composite-key';
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

/** Keys of the store: bucket start (4 characters), id. A bucket is `withinMs + 1` long, so it holds one record of an id at most. */
export function deduplicateKeys(withinMs: number, idSerde: Serde<unknown>): CompositeKey<unknown> {
  return new CompositeKey(`deduplicate-${withinMs}`, 4, idSerde);
}
