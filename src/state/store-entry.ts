/** One key of a store, decoded. `value` undefined says that the store has no such key. */
export interface StoreEntry<K, V> {
  readonly key: K;
  value: V | undefined;
  timestamp: number;
  /** Written in the open epoch. */
  dirty: boolean;
  /** The open epoch added it: it need not be deleted from the database. */
  isNew: boolean;
  /** Written in the sealed epoch, whose commit is under way. */
  sealed: boolean;
  /** Bytes of memory that it is counted as. */
  cost: number;
}
