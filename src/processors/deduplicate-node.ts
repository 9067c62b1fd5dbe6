import type { CompositeKey } from '../serde/composite-key';
import { BucketExpiry } from '../state/bucket-expiry';
import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';
import { deduplicateKeys } from '../topology/deduplicate';
import type { DeduplicateOperator } from '../topology/deduplicate';
import { OperatorNode, type Processed } from './operator-node';
import type { TaskContext } from './task-context';

const SHORTEST_REMOVAL_MS = 1000;
const TIME_KEY = '\uffff\uffff\uffff\uffff';

/**
 * Forwards a record unless one of the same id was forwarded whose timestamp is at most `withinMs` away, before or after.
 *
 * Timestamps of forwarded records are kept in buckets of `withinMs + 1`, at most one for each id and bucket, so three lookups decide.
 */
export class DeduplicateNode extends OperatorNode {
  private readonly store: EpochStore<string, number>;
  private readonly keys: CompositeKey<unknown>;
  private readonly expiry: BucketExpiry<number>;
  private readonly bucketMs: number;
  /** Some buckets at a time: short ones are not worth a removal each. */
  private readonly removedMs: number;
  private timeEntry: StoreEntry<string, number> | undefined;
  /** The highest timestamp that came here; -1 before the first record. */
  private observedTime = -1;
  private expiredBucket = 0;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: DeduplicateOperator,
    store: EpochStore<unknown, unknown>,
  ) {
    super(name, context);
    this.store = store as unknown as EpochStore<string, number>;
    this.keys = deduplicateKeys(operator.withinMs, operator.idSerde);
    this.bucketMs = operator.withinMs + 1;
    this.removedMs = this.bucketMs * Math.ceil(SHORTEST_REMOVAL_MS / this.bucketMs);
    this.expiry = new BucketExpiry(this.store, (time) => this.keys.time(time));
  }

  override async init(): Promise<void> {
    const { value } = await this.store.load(TIME_KEY);
    if (value !== undefined) this.observedTime = value;
  }

  override requestsState(keySerde: string): boolean {
    return this.operator.id === undefined && this.operator.keySerde.name === keySerde;
  }

  override requestState(key: unknown, timestamp: number): void {
    let idText: string;
    try {
      idText = this.keys.key(key);
    } catch {
      return; // `process` reports it.
    }
    this.request(idText, timestamp);
  }

  private request(idText: string, timestamp: number): void {
    const bucket = timestamp - (timestamp % this.bucketMs);
    if (bucket > 0) this.store.request(this.keys.time(bucket - this.bucketMs) + idText);
    this.store.request(this.keys.time(bucket) + idText);
    this.store.request(this.keys.time(bucket + this.bucketMs) + idText);
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    const { operator, context } = this;
    let idText: string;
    try {
      const id = operator.id === undefined ? key : operator.id(key, value);
      if (id === null || id === undefined) {
        context.failures.recordSkipped(this.name, 'null-key');
        return undefined;
      }
      if (operator.id !== undefined && typeof id !== 'string') {
        throw new TypeError(`the id of a record must be a string, and is a ${typeof id}`);
      }
      idText = this.keys.key(id);
    } catch (error) {
      context.failures.processingFailed(this.name, error);
      return undefined;
    }
    if (timestamp > this.observedTime) this.observe(timestamp);
    if (timestamp < this.observedTime - operator.graceMs) {
      context.failures.recordSkipped(this.name, 'late-record');
      return undefined;
    }
    return this.decide(key, idText, value, timestamp);
  }

  private decide(key: unknown, idText: string, value: unknown, timestamp: number): Processed {
    const { keys, bucketMs } = this;
    const { withinMs } = this.operator;
    const bucket = timestamp - (timestamp % bucketMs);
    const own = this.store.lookup(keys.time(bucket) + idText);
    const before = bucket === 0 ? undefined : this.store.lookup(keys.time(bucket - bucketMs) + idText);
    const after = this.store.lookup(keys.time(bucket + bucketMs) + idText);
    if (own === undefined || (before === undefined && bucket > 0) || after === undefined) {
      this.request(idText, timestamp);
      const loading = this.store.loadRequested() ?? Promise.resolve();
      return loading.then(() => this.decide(key, idText, value, timestamp));
    }
    const isDuplicate =
      own.value !== undefined ||
      (before?.value !== undefined && timestamp - before.value <= withinMs) ||
      (after.value !== undefined && after.value - timestamp <= withinMs);
    if (!isDuplicate) this.store.write(own, timestamp, timestamp);
    const expiring = this.expire();
    if (isDuplicate) return expiring;
    return expiring === undefined
      ? this.forward(key, value, timestamp)
      : expiring.then(() => this.forward(key, value, timestamp));
  }

  private observe(timestamp: number): void {
    this.observedTime = timestamp;
    if (this.timeEntry?.dirty === true) {
      this.store.write(this.timeEntry, timestamp, timestamp);
      return;
    }
    this.store.put(TIME_KEY, timestamp);
    this.timeEntry = this.store.lookup(TIME_KEY);
  }

  private expire(): Promise<void> | undefined {
    const { withinMs, graceMs } = this.operator;
    const oldest = Math.max(0, this.observedTime - graceMs - withinMs);
    const bucket = oldest - (oldest % this.removedMs);
    if (bucket === this.expiredBucket) return undefined;
    const removing = this.expiry.advance(bucket);
    if (removing === undefined) this.expiredBucket = bucket;
    return removing;
  }
}
