import type { Serde } from '../serde/serde';

/** How a window or session store forgets, as part of its definition. */
export interface Retention {
  readonly retentionMs: number;
  /** Of a window store. */
  readonly windowSizeMs: number | undefined;
  readonly retainDuplicates: boolean;
  /** Entries are kept and removed by segments of so much time. */
  readonly segmentMs: number;
  /** The user's own; the definition's serdes are those of whole entries. */
  readonly innerKeySerde: Serde<unknown>;
  readonly innerValueSerde: Serde<unknown>;
}
