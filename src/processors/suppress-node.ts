import type { Windowed } from '../serde/windowed';
import type { BufferedChange } from '../serde/buffered-changes';
import type { EpochStore } from '../state/epoch-store';
import { MARKER } from '../serde/marker';
import type { StoreEntry } from '../state/store-entry';
import { BY_KEY_END, INDEX_END, indexBound, type TimedKey } from '../serde/timed-keys';
import type { Change } from '../topology/operators';
import type { SuppressOperator } from '../topology/window-operators';
import { OperatorNode, type Processed } from './operator-node';
import { SuppressionBufferFullError } from './suppression-errors';
import type { TaskContext } from './task-context';
import { TimeIndex } from './time-index';
import { WindowTime } from './window-time';

type Key = TimedKey<unknown>;
type Entry = StoreEntry<Key, unknown>;

/** Changes let through by one look at the store. */
const STEP = 1000;

/**
 * Holds the changes of a table back, and lets the latest one of each key through when its time has come.
 *
 * A key keeps the time of the first change that is held back; an index by time has it once. Both are in the store, so a restart
 * changes nothing.
 */
export class SuppressNode extends OperatorNode {
  private readonly store: EpochStore<Key, unknown>;
  private readonly time: WindowTime<Key>;
  private index!: TimeIndex<Key>;
  /** How much is held back; counted only where it is limited. */
  private records = 0;
  private bytes = 0;

  constructor(
    name: string,
    context: TaskContext,
    private readonly operator: SuppressOperator,
  ) {
    super(name, context);
    this.store = context.stores.get(operator.store) as unknown as EpochStore<Key, unknown>;
    this.time = new WindowTime<Key>(this.store, { kind: 'own', number: 0 });
  }

  override async init(): Promise<void> {
    await this.time.open();
    const timeOf = (key: Key): number => (key.kind === 'index' ? key.time : 0);
    const layout = { bound: indexBound, end: INDEX_END, timeOf, ordersTies: this.isLimited };
    this.index = new TimeIndex<Key>(this.store, layout, 0);
    if (!this.isLimited) return;
    for await (const [, value] of this.store.entriesBetween(INDEX_END, BY_KEY_END)) {
      this.records++;
      this.bytes += (value as BufferedChange).size;
    }
  }

  private get isLimited(): boolean {
    return this.operator.maxRecords !== undefined || this.operator.maxBytes !== undefined;
  }

  process(key: unknown, value: unknown, timestamp: number): Processed {
    this.time.observe(timestamp);
    const byKey: Key = { kind: 'by-key', key };
    const entry = this.store.lookup(byKey);
    if (entry === undefined) return this.loadThenHold(byKey, value as Change<unknown>, timestamp);
    this.hold(entry, key, value as Change<unknown>, timestamp);
    return this.letThrough();
  }

  private async loadThenHold(
    byKey: Key & { kind: 'by-key' },
    change: Change<unknown>,
    timestamp: number,
  ): Promise<void> {
    this.hold(await this.store.load(byKey), byKey.key, change, timestamp);
    await this.letThrough();
  }

  private hold(entry: Entry, key: unknown, change: Change<unknown>, timestamp: number): void {
    const held = entry.value as BufferedChange | undefined;
    const time = held?.time ?? (this.operator.time === 'timestamp' ? timestamp : (key as Windowed<unknown>).end);
    const newValue = change.newValue ?? undefined;
    const oldValue = held === undefined ? (change.oldValue ?? undefined) : held.oldValue;
    const { headers } = this.context;
    const size = this.operator.maxBytes === undefined ? 0 : this.sizeOf(key, newValue, oldValue);
    const next: BufferedChange = { time, newValue, oldValue, headers, size };
    this.store.write(entry, next, timestamp);
    this.bytes += size - (held?.size ?? 0);
    if (held !== undefined) return;
    this.records++;
    const indexKey: Key = { kind: 'index', time, key };
    this.store.put(indexKey, MARKER);
    this.index.note(this.store.lookup(indexKey)!);
  }

  /** As Kafka Streams counts: the bytes of key and values, and of what it keeps about the record. */
  private sizeOf(key: unknown, newValue: unknown, oldValue: unknown): number {
    const { context } = this;
    const { keySerde, valueSerde } = this.operator;
    const values = [newValue, oldValue].reduce<number>(
      (bytes, value) => bytes + (value === undefined ? 0 : valueSerde.serialize(value).length),
      0,
    );
    const headers = context.headers.reduce(
      (bytes, { key: name, value }) => bytes + name.length + (value?.length ?? 0),
      0,
    );
    return 8 + keySerde.serialize(key).length + values + 8 + 8 + (context.topic?.length ?? 0) + 4 + headers;
  }

  private letThrough(): Processed {
    const due = this.time.highest - this.operator.waitMs;
    if (due >= this.index.earliest) return this.forwardThrough(due);
    return this.isFull ? this.makeRoom() : undefined;
  }

  private get isFull(): boolean {
    const { maxRecords = Infinity, maxBytes = Infinity } = this.operator;
    return this.records > maxRecords || this.bytes > maxBytes;
  }

  private async forwardThrough(due: number): Promise<void> {
    for (;;) {
      const taken = await this.index.take(due, STEP);
      for (const indexKey of taken) if (indexKey.kind === 'index') await this.forwardHeld(indexKey);
      if (taken.length === 0) break;
    }
    if (this.isFull) await this.makeRoom();
  }

  private async makeRoom(): Promise<void> {
    const { maxRecords, maxBytes, whenFull } = this.operator;
    if (whenFull === 'fail') {
      throw new SuppressionBufferFullError(this.name, this.records, this.bytes, {
        ...(maxRecords !== undefined && { maxRecords }),
        ...(maxBytes !== undefined && { maxBytes }),
      });
    }
    while (this.isFull) {
      const [earliest] = await this.index.take(Infinity, 1);
      if (earliest === undefined) return;
      if (earliest.kind === 'index') await this.forwardHeld(earliest);
    }
  }

  private async forwardHeld(indexKey: Key & { kind: 'index' }): Promise<void> {
    const { store, context } = this;
    const { key, time } = indexKey;
    const byKey: Key = { kind: 'by-key', key };
    store.delete(indexKey);
    const entry = store.lookup(byKey) ?? (await store.load(byKey));
    const held = entry.value as BufferedChange | undefined;
    if (held?.time !== time) return;
    store.write(entry, undefined, entry.timestamp);
    this.records--;
    this.bytes -= held.size;
    // When a window closes, a key without a value was never let through before.
    if (held.newValue === undefined && this.operator.time === 'window-end') return;
    const { headers, timestamp } = context;
    context.headers = held.headers;
    context.timestamp = entry.timestamp;
    try {
      const change: Change<unknown> = { newValue: held.newValue, oldValue: held.oldValue };
      await this.forward(key, change, entry.timestamp);
    } finally {
      context.headers = headers;
      context.timestamp = timestamp;
    }
  }
}
