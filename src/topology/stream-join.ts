import { CompositeKey } from '../serde/composite-key';
import type { Serde } from '../serde/serde';
import type { JoinWindows } from './join-windows';

/** Which records without a partner are results too: none, the left ones, those of both sides. */
export type JoinType = 'inner' | 'left' | 'outer';

export type JoinSide = 'left' | 'right';

/** A windowed join of two streams, shared by its two nodes. */
export interface StreamJoin {
  /** Names the join within the topology. */
  readonly name: string;
  readonly joinType: JoinType;
  readonly windows: JoinWindows;
  readonly joiner: (left: unknown, right: unknown, key: unknown) => unknown;
  readonly keySerde: Serde<unknown>;
  readonly leftSerde: Serde<unknown>;
  readonly rightSerde: Serde<unknown>;
  readonly leftStore: string;
  readonly rightStore: string;
  /** Records that have not been joined yet, in the order in which their windows close. Not there for an inner join. */
  readonly unjoinedStore: string | undefined;
}

/** One side of a join: stores its records, and looks up those of the other side. */
export interface StreamJoinOperator {
  readonly type: 'streamJoin';
  readonly side: JoinSide;
  readonly join: StreamJoin;
}

const SMALLEST_BUCKET_MS = 1000;
const LARGE_BUCKET_MS = 3_600_000;
const WINDOWS_IN_BUCKET = 4;

/**
 * How much time one entry of a side's store spans. At least a window, so that a record looks at two entries at most; several short
 * windows, so that it mostly looks at one, and there are fewer entries to remove. Longer ones would keep too much for too long.
 */
export function joinBucketMs({ beforeMs, afterMs }: JoinWindows): number {
  const windowMs = beforeMs + afterMs + 1;
  return Math.max(windowMs, SMALLEST_BUCKET_MS, Math.min(WINDOWS_IN_BUCKET * windowMs, LARGE_BUCKET_MS));
}

/** How long a side keeps its records, by its own newest one. As in Kafka Streams, also where one of the limits is negative. */
export function joinRetentionMs({ beforeMs, afterMs, graceMs }: JoinWindows): number {
  return beforeMs + afterMs + graceMs;
}

/** Keys of a side's store: bucket start (4 characters), number of a full list (1), key. */
export function joinBucketKeys(windows: JoinWindows, keySerde: Serde<unknown>): CompositeKey<unknown> {
  return new CompositeKey(`join-bucket-${joinBucketMs(windows)}`, 5, keySerde);
}

/** Keys of the store of unjoined records: side (1 character), timestamp (4), key. */
export function unjoinedKeys(keySerde: Serde<unknown>): CompositeKey<unknown> {
  return new CompositeKey('join-unjoined', 5, keySerde, true);
}
