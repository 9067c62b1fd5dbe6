import type { Headers } from '../serde/record';
import type { Serde } from '../serde/serde';
import type { BufferedEntry } from '../topology/buffer-serdes';
import type { EpochStore } from './epoch-store';
import type { StoreEntry } from './store-entry';

/** A record whose time has come. */
export interface DueRecord {
  readonly key: unknown;
  readonly value: unknown;
  readonly timestamp: number;
  readonly headers: Headers;
}

type Entry = StoreEntry<Buffer, BufferedEntry>;

const STATE = Buffer.of(0xff);
const TIMESTAMP_BYTES = 8;
const COUNT_BYTES = 8;
/** Of the keys that are known in memory; when there are more, the later ones are looked up when their time comes. */
const KNOWN_KEYS = 10_000;

/**
 * Records that wait until stream time has passed them by the grace period, in the order of time, then key, then arrival.
 *
 * Which ones come next is known in memory, for a bounded number of records; the records are in the store.
 */
export class RecordBuffer {
  private readonly store: EpochStore<Buffer, BufferedEntry>;
  /** Keys in order, as latin1 text: all that the store has before `unknownFrom`. */
  private known: string[] = [];
  /** Undefined when all keys are known. */
  private unknownFrom: string | undefined = '';

  constructor(
    store: EpochStore<unknown, unknown>,
    private readonly keySerde: Serde<unknown>,
    private readonly graceMs: number,
  ) {
    this.store = store as EpochStore<Buffer, BufferedEntry>;
  }

  /** Adds a record. False for one that is too late to wait. */
  async put(key: unknown, value: unknown, timestamp: number, headers: Headers): Promise<boolean> {
    const stateEntry = await this.store.load(STATE);
    const { observed, count } = stateOf(stateEntry);
    if (observed - this.graceMs > timestamp) return false;
    const state = { type: 'state', observed: Math.max(observed, timestamp), count: count + 1 } as const;
    this.store.write(stateEntry, state, timestamp);
    const stored = storedKey(timestamp, this.keySerde.serialize(key), count);
    this.store.put(stored, { type: 'record', value, headers });
    this.remember(stored.toString('latin1'));
    return true;
  }

  /** Takes out the next record whose time has come. */
  async takeDue(): Promise<DueRecord | undefined> {
    const due = stateOf(await this.store.load(STATE)).observed - this.graceMs;
    if (this.known.length === 0 && this.unknownFrom !== undefined) await this.lookAhead();
    const next = this.known[0];
    if (next === undefined) return undefined;
    const stored = Buffer.from(next, 'latin1');
    const timestamp = Number(stored.readBigInt64BE(0));
    if (timestamp > due) return undefined;
    this.known.shift();
    const entry = await this.store.load(stored);
    const { value: buffered } = entry;
    this.store.write(entry, undefined, timestamp);
    if (buffered?.type !== 'record') return this.takeDue();
    const key = this.keySerde.deserialize(stored.subarray(TIMESTAMP_BYTES, stored.length - COUNT_BYTES));
    return { key, value: buffered.value, timestamp, headers: buffered.headers };
  }

  private remember(stored: string): void {
    const { known, unknownFrom } = this;
    if (unknownFrom !== undefined && stored >= unknownFrom) return;
    let low = 0;
    let high = known.length;
    // Most records are later than all that wait.
    if (high > 0 && known[high - 1]! < stored) low = high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (known[middle]! < stored) low = middle + 1;
      else high = middle;
    }
    known.splice(low, 0, stored);
    if (known.length > KNOWN_KEYS) {
      this.unknownFrom = known[KNOWN_KEYS / 2]!;
      known.length = KNOWN_KEYS / 2;
    }
  }

  private async lookAhead(): Promise<void> {
    const from = Buffer.from(this.unknownFrom!, 'latin1');
    this.unknownFrom = undefined;
    for await (const [stored] of this.store.range(from, STATE)) {
      if (stored.equals(STATE)) break;
      const text = stored.toString('latin1');
      if (this.known.length === KNOWN_KEYS) {
        this.unknownFrom = text;
        return;
      }
      this.known.push(text);
    }
  }
}

function stateOf({ value }: Entry): { readonly observed: number; readonly count: number } {
  return value?.type === 'state' ? value : { observed: -1, count: 0 };
}

function storedKey(timestamp: number, key: Buffer, count: number): Buffer {
  const stored = Buffer.allocUnsafe(TIMESTAMP_BYTES + key.length + COUNT_BYTES);
  stored.writeBigInt64BE(BigInt(timestamp), 0);
  stored.set(key, TIMESTAMP_BYTES);
  stored.writeBigInt64BE(BigInt(count), TIMESTAMP_BYTES + key.length);
  return stored;
}
