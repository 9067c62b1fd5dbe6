import type { CompositeKey } from '../serde/composite-key';
import type { Serde } from '../serde/serde';
import type { TimedList } from '../serde/timed-list';
import type { EpochStore } from '../state/epoch-store';
import type { JoinSide, StreamJoin, StreamJoinOperator } from '../topology/stream-join';
import { joinBucketKeys, joinBucketMs, joinRetentionMs, unjoinedKeys } from '../topology/stream-join';
import { JoinSideStore, type JoinEntry, type StoredRecord } from './join-side-store';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';
import { UnjoinedRecords, type ClosedRecord } from './unjoined-records';

/** What the two nodes of a join share in one task. */
interface SharedJoin {
  readonly left: JoinSideStore;
  readonly right: JoinSideStore;
  readonly unjoined: UnjoinedRecords | undefined;
  readonly unjoinedKeys: CompositeKey<unknown>;
}

function shareJoin(join: StreamJoin, context: TaskContext): SharedJoin {
  const { windows, keySerde, unjoinedStore } = join;
  const storeOf = <V>(name: string): EpochStore<string, V> =>
    context.stores.get(name) as unknown as EpochStore<string, V>;
  const keys = joinBucketKeys(windows, keySerde);
  const bucketMs = joinBucketMs(windows);
  const retentionMs = joinRetentionMs(windows);
  const queueKeys = unjoinedKeys(keySerde);
  return {
    left: new JoinSideStore(storeOf(join.leftStore), keys, join.leftSerde, bucketMs, retentionMs),
    right: new JoinSideStore(storeOf(join.rightStore), keys, join.rightSerde, bucketMs, retentionMs),
    unjoined:
      unjoinedStore === undefined ? undefined : new UnjoinedRecords(storeOf<TimedList>(unjoinedStore), queueKeys),
    unjoinedKeys: queueKeys,
  };
}

/**
 * One side of a windowed join of two streams, as Kafka Streams joins them.
 *
 * A record first lets out the results without a partner whose windows have closed, if it is the newest one of both sides. Then it
 * is joined with what the other side has within its window; only after that is it stored. A record of an outer side without a
 * partner waits among the unjoined ones until its window closes, unless even its window's end is past.
 */
export class StreamJoinNode extends OperatorNode {
  private readonly shared: SharedJoin;
  private readonly own: JoinSideStore;
  private readonly other: JoinSideStore;
  private readonly ownSerde: Serde<unknown>;
  private readonly bucketKeys: CompositeKey<unknown>;
  private readonly side: JoinSide;
  private readonly otherSide: JoinSide;
  /** Whether a record of this side without a partner is a result. */
  private readonly isOuter: boolean;
  private readonly beforeMs: number;
  private readonly afterMs: number;
  private readonly graceMs: number;
  private readonly join: StreamJoin;

  constructor(name: string, context: TaskContext, { join, side }: StreamJoinOperator) {
    super(name, context);
    this.join = join;
    this.side = side;
    this.otherSide = side === 'left' ? 'right' : 'left';
    this.shared = context.shared(`join ${join.name}`, () => shareJoin(join, context));
    this.own = this.shared[side];
    this.other = this.shared[this.otherSide];
    this.ownSerde = side === 'left' ? join.leftSerde : join.rightSerde;
    this.bucketKeys = joinBucketKeys(join.windows, join.keySerde);
    this.isOuter = join.joinType === 'outer' || (join.joinType === 'left' && side === 'left');
    const { beforeMs, afterMs, graceMs } = join.windows;
    this.beforeMs = side === 'left' ? beforeMs : afterMs;
    this.afterMs = side === 'left' ? afterMs : beforeMs;
    this.graceMs = graceMs;
  }

  override async init(): Promise<void> {
    // The left node is the first one of the two, and makes ready what both share.
    if (this.side === 'right') return;
    await this.shared.left.init();
    await this.shared.right.init();
    await this.shared.unjoined?.init();
  }

  override requestsState(keySerde: string): boolean {
    return this.join.keySerde.name === keySerde;
  }

  override requestState(key: unknown, timestamp: number): void {
    let keyText: string;
    try {
      keyText = this.bucketKeys.key(key);
    } catch {
      return; // `process` reports it.
    }
    this.own.request(keyText, timestamp, timestamp);
    this.other.request(keyText, this.windowStart(timestamp), this.windowEnd(timestamp));
  }

  private windowStart(timestamp: number): number {
    return Math.max(0, timestamp - this.beforeMs);
  }

  private windowEnd(timestamp: number): number {
    return Math.max(0, timestamp + this.afterMs);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { unjoined } = this.shared;
    unjoined?.advanceStreamTime(timestamp);
    const hasKey = key !== null && key !== undefined;
    const hasValue = value !== null && value !== undefined;
    if (!hasKey || !hasValue) {
      if (hasValue && this.isOuter) return this.forwardAlone(null, value, timestamp);
      this.context.failures.recordSkipped(this.name, hasKey ? 'null-value' : 'null-key');
      return undefined;
    }
    let keyText: string;
    try {
      keyText = this.bucketKeys.key(key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (unjoined !== undefined && timestamp === unjoined.streamTime) {
      const emitting = this.emitClosed(unjoined);
      if (emitting !== undefined) return emitting.then(() => this.joinRecord(key, keyText, value, timestamp));
    }
    return this.joinRecord(key, keyText, value, timestamp);
  }

  private emitClosed(unjoined: UnjoinedRecords): Processed {
    if (!unjoined.mayHaveClosed(this.afterMs + this.graceMs)) return undefined;
    return this.emitRest(unjoined, undefined);
  }

  private emitRest(unjoined: UnjoinedRecords, lastTaken: number | undefined): Processed {
    const { beforeMs, afterMs, graceMs } = this.join.windows;
    const { streamTime } = unjoined;
    const closedBefore = { left: streamTime - afterMs - graceMs, right: streamTime - beforeMs - graceMs };
    let last = lastTaken;
    for (;;) {
      if (unjoined.needsLoading) return unjoined.load().then(() => this.emitRest(unjoined, last));
      const closed = unjoined.nextClosed(closedBefore);
      if (closed === undefined) return unjoined.settle(last);
      const values = unjoined.take(closed);
      if (values instanceof Promise) return values.then(() => this.emitRest(unjoined, last));
      last = closed.time;
      const waiting = this.emitValues(unjoined, closed, values);
      if (waiting !== undefined) return waiting.then(() => this.emitRest(unjoined, last));
    }
  }

  private emitValues(unjoined: UnjoinedRecords, closed: ClosedRecord, values: readonly Buffer[]): Processed {
    const { join } = this;
    const results: unknown[] = [];
    let key: unknown;
    try {
      key = unjoined.keyOf(closed);
      for (const bytes of values) {
        results.push(
          closed.side === 'left'
            ? join.joiner(join.leftSerde.deserialize(bytes), null, key)
            : join.joiner(null, join.rightSerde.deserialize(bytes), key),
        );
      }
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
    }
    return this.forwardAll(key, results, closed.time, 0);
  }

  private forwardAll(key: unknown, results: readonly unknown[], timestamp: number, from: number): Processed {
    for (let index = from; index < results.length; index++) {
      const waiting = this.forward(key, results[index], timestamp);
      if (waiting !== undefined) return waiting.then(() => this.forwardAll(key, results, timestamp, index + 1));
    }
    return undefined;
  }

  /** A result without a partner. */
  private forwardAlone(key: unknown, value: unknown, timestamp: number): Processed {
    let result: unknown;
    try {
      result = this.side === 'left' ? this.join.joiner(value, null, key) : this.join.joiner(null, value, key);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    return this.forward(key, result, timestamp);
  }

  private joinRecord(key: unknown, keyText: string, value: unknown, timestamp: number): Processed {
    const { own, other } = this;
    const end = this.windowEnd(timestamp);
    const found = other.find(keyText, this.windowStart(timestamp), end);
    const entry = own.entryFor(keyText, timestamp);
    if (found === undefined || entry === undefined) {
      return Promise.all([own.load(), other.load()]).then(() => this.joinRecord(key, keyText, value, timestamp));
    }
    if (found.length > 0) {
      const waiting = this.joinEach(key, keyText, value, timestamp, found, 0);
      if (waiting !== undefined) return waiting.then(() => this.store(entry, key, keyText, value, timestamp, false));
      return this.store(entry, key, keyText, value, timestamp, false);
    }
    if (!this.isOuter) return this.store(entry, key, keyText, value, timestamp, false);
    if (end >= this.shared.unjoined!.streamTime) return this.store(entry, key, keyText, value, timestamp, true);
    const waiting = this.forwardAlone(key, value, timestamp);
    if (waiting !== undefined) return waiting.then(() => this.store(entry, key, keyText, value, timestamp, false));
    return this.store(entry, key, keyText, value, timestamp, false);
  }

  private joinEach(
    key: unknown,
    keyText: string,
    value: unknown,
    timestamp: number,
    found: readonly StoredRecord[],
    from: number,
  ): Processed {
    const { other, otherSide } = this;
    const { joiner } = this.join;
    const { unjoined } = this.shared;
    for (let index = from; index < found.length; index++) {
      const match = found[index]!;
      if (unjoined !== undefined && other.isFlagged(match)) {
        other.clearFlag(match);
        unjoined.joined(otherSide, this.unjoinedKey(key, keyText), match.time);
      }
      let result: unknown;
      try {
        const otherValue = other.valueOf(match);
        result = this.side === 'left' ? joiner(value, otherValue, key) : joiner(otherValue, value, key);
      } catch (error) {
        this.context.failures.processingFailed(this.name, error);
        return undefined;
      }
      const waiting = this.forward(key, result, Math.max(timestamp, match.time));
      if (waiting !== undefined) {
        return waiting.then(() => this.joinEach(key, keyText, value, timestamp, found, index + 1));
      }
    }
    return undefined;
  }

  /** The key as the store of unjoined records has it, which needs the order of the bytes. */
  private unjoinedKey(key: unknown, keyText: string): string {
    return this.join.keySerde.name === 'string' ? this.shared.unjoinedKeys.key(key) : keyText;
  }

  private store(
    entry: JoinEntry,
    key: unknown,
    keyText: string,
    value: unknown,
    timestamp: number,
    waits: boolean,
  ): Processed {
    const { own } = this;
    let bytes: Buffer;
    try {
      bytes = this.ownSerde.serialize(value);
    } catch (error) {
      this.context.failures.processingFailed(this.name, error);
      return undefined;
    }
    let adding: Promise<void> | undefined;
    if (waits) {
      // A record too old to be stored leaves no flag behind by which a second one could be told of it.
      const mayBeThere = own.hasFlagged(entry, timestamp) || !own.keeps(timestamp);
      const keyBytes = this.unjoinedKey(key, keyText);
      // What hands its input on may hold on to a whole fetched batch.
      const kept = bytes === value ? Buffer.from(bytes) : bytes;
      adding = this.shared.unjoined!.add(this.side, keyBytes, timestamp, kept, mayBeThere);
    }
    if (!own.put(entry, timestamp, bytes, waits)) {
      this.context.failures.recordSkipped(this.name, 'late-record');
    }
    const expiring = own.expire();
    return adding === undefined ? expiring : adding.then(() => expiring);
  }
}
