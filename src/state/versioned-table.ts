import type { Serde } from '../serde/serde';
import { segmentInterval, type FormerVersion, type VersionedEntry } from '../topology/versioned-serdes';
import type { EpochStore } from './epoch-store';
import type { StoreEntry } from './store-entry';

/** A value and since when it holds. Undefined for a key that has none. */
export interface Version {
  readonly value: unknown;
  readonly timestamp: number;
}

/** What a put did: `latest` and `former` say which version it made, `expired` that it was too old for any. */
export interface VersionedPut {
  readonly result: 'latest' | 'former' | 'expired';
  /** The latest value before. */
  readonly oldValue: unknown;
}

type Entry = StoreEntry<Buffer, VersionedEntry>;

const LATEST = 0;
const FORMER = 1;
const TIME = Buffer.of(2);
const SEGMENT_BYTES = 8;

/**
 * The values of a table's keys, now and in the past.
 *
 * The latest value of each key is an entry. A value that was replaced goes to the segment of time in which that happened: one
 * entry for each key and segment. So a lookup in the past reads a few entries, and what is too old is removed by whole segments, at
 * a cost that follows what is removed.
 */
export class VersionedTable {
  private readonly store: EpochStore<Buffer, VersionedEntry>;
  private readonly segmentMs: number;
  /** All segments before it are empty; unknown after a start. */
  private firstSegment = 0;

  constructor(
    store: EpochStore<unknown, unknown>,
    private readonly keySerde: Serde<unknown>,
    private readonly historyRetentionMs: number,
  ) {
    this.store = store as EpochStore<Buffer, VersionedEntry>;
    this.segmentMs = segmentInterval(historyRetentionMs);
  }

  /** Says that a record of the next batch will look the key's latest value up. */
  request(key: unknown): void {
    this.store.request(this.latestKey(key));
  }

  /** Says that a record of the next batch will be put in. */
  requestPut(key: unknown, timestamp: number): void {
    this.store.request(this.latestKey(key));
    this.store.request(this.segmentKey(key, this.segmentOf(timestamp)));
  }

  /** The latest value, if it is in memory. */
  lookupLatest(key: unknown): Version | undefined {
    const entry = this.store.lookup(this.latestKey(key));
    return entry === undefined ? undefined : versionOf(entry);
  }

  async loadLatest(key: unknown): Promise<Version> {
    return versionOf(await this.store.load(this.latestKey(key)));
  }

  /** The value that held at a time. Before the retention time only a value that still holds is known. */
  async loadAsOf(key: unknown, timestamp: number): Promise<Version> {
    const latest = await this.loadLatest(key);
    return this.settledAsOf(latest, timestamp) ?? this.formerAsOf(key, latest, timestamp);
  }

  /** The same if it is in memory, as it is for a time at which the latest value held already. */
  lookupAsOf(key: unknown, timestamp: number): Version | undefined {
    const latest = this.lookupLatest(key);
    return latest === undefined ? undefined : this.settledAsOf(latest, timestamp);
  }

  private settledAsOf(latest: Version, timestamp: number): Version | undefined {
    if (latest.timestamp <= timestamp) return latest;
    const time = this.store.lookup(TIME);
    return time !== undefined && timestamp < observed(time) - this.historyRetentionMs ? NONE : undefined;
  }

  private async formerAsOf(key: unknown, latest: Version, timestamp: number): Promise<Version> {
    if (timestamp < observed(await this.store.load(TIME)) - this.historyRetentionMs) return NONE;
    const found = await this.firstEndingAfter(key, latest, timestamp);
    return found === undefined || found.version.timestamp > timestamp ? NONE : found.version;
  }

  /** Sets the value that holds from a time on, until the next version that is known; undefined deletes. */
  async put(key: unknown, value: unknown, timestamp: number): Promise<VersionedPut> {
    const time = await this.store.load(TIME);
    const before = observed(time);
    if (timestamp < before - this.historyRetentionMs) return { result: 'expired', oldValue: undefined };
    if (timestamp > before) {
      this.store.write(time, { type: 'time', observed: timestamp }, timestamp);
      await this.removeExpired(timestamp);
    }
    const latestEntry = await this.store.load(this.latestKey(key));
    const latest = versionOf(latestEntry);
    if (timestamp >= latest.timestamp) {
      await this.retire(key, latest, value, timestamp);
      this.store.write(latestEntry, { type: 'latest', timestamp, value }, timestamp);
      return { result: 'latest', oldValue: latest.value };
    }
    await this.putFormer(key, latest, value, timestamp);
    return { result: 'former', oldValue: latest.value };
  }

  /** Keeps the value that is replaced; and leaves a mark where a key is deleted, by which the deletion is forgotten later. */
  private async retire(key: unknown, latest: Version, value: unknown, timestamp: number): Promise<void> {
    const retires = latest !== NONE && latest.timestamp < timestamp;
    if (!retires && value !== undefined) return;
    const entry = await this.loadSegment(key, this.segmentOf(timestamp));
    const versions = versionsOf(entry);
    const retired = { timestamp: latest.timestamp, validTo: timestamp, value: latest.value };
    this.writeSegment(entry, retires ? [...versions, retired] : versions, timestamp);
  }

  private async putFormer(key: unknown, latest: Version, value: unknown, timestamp: number): Promise<void> {
    const found = await this.firstEndingAfter(key, latest, timestamp);
    let validTo = latest.timestamp;
    if (found !== undefined) {
      const { version, entry } = found;
      validTo = version.timestamp;
      if (version.timestamp <= timestamp) {
        ({ validTo } = version);
        this.writeSegment(
          entry,
          versionsOf(entry).filter((other) => other !== version),
          timestamp,
        );
        if (version.timestamp < timestamp) await this.addFormer(key, { ...version, validTo: timestamp });
      }
    }
    // Deletions too: an older value that comes later must end where they begin.
    await this.addFormer(key, { timestamp, validTo, value });
  }

  private async addFormer(key: unknown, version: FormerVersion): Promise<void> {
    const entry = await this.loadSegment(key, this.segmentOf(version.validTo));
    const versions = [...versionsOf(entry), version].sort((one, other) => one.timestamp - other.timestamp);
    this.writeSegment(entry, versions, version.timestamp);
  }

  /** Of the former versions that held after a time, the first. */
  private async firstEndingAfter(
    key: unknown,
    latest: Version,
    timestamp: number,
  ): Promise<{ version: FormerVersion; entry: Entry } | undefined> {
    const last = this.segmentOf(latest.timestamp);
    for (let segment = this.segmentOf(timestamp); segment <= last; segment++) {
      const entry = await this.loadSegment(key, segment);
      const version = versionsOf(entry).find(({ validTo }) => validTo > timestamp);
      if (version !== undefined) return { version, entry };
    }
    return undefined;
  }

  /** Removes the segments that no lookup reaches any more. */
  private async removeExpired(streamTime: number): Promise<void> {
    const end = this.segmentOf(Math.max(0, streamTime - this.historyRetentionMs));
    if (end <= this.firstSegment) return;
    const from = segmentPrefix(this.firstSegment);
    const until = segmentPrefix(end);
    this.firstSegment = end;
    const expired: Buffer[] = [];
    for await (const [stored] of this.store.range(from, until)) {
      if (Buffer.compare(stored, until) < 0) expired.push(stored);
    }
    const oldest = end * this.segmentMs;
    for (const stored of expired) {
      this.store.delete(stored);
      const latestEntry = await this.store.load(Buffer.concat([Buffer.of(LATEST), stored.subarray(1 + SEGMENT_BYTES)]));
      const latest = versionOf(latestEntry);
      if (latest.value === undefined && latest.timestamp < oldest) this.store.write(latestEntry, undefined, streamTime);
    }
  }

  private loadSegment(key: unknown, segment: number): Promise<Entry> {
    return this.store.load(this.segmentKey(key, segment));
  }

  private segmentKey(key: unknown, segment: number): Buffer {
    return Buffer.concat([segmentPrefix(segment), this.keySerde.serialize(key)]);
  }

  private writeSegment(entry: Entry, versions: readonly FormerVersion[], timestamp: number): void {
    this.store.write(entry, { type: 'former', versions }, timestamp);
  }

  private segmentOf(timestamp: number): number {
    return Math.floor(timestamp / this.segmentMs);
  }

  private latestKey(key: unknown): Buffer {
    const bytes = this.keySerde.serialize(key);
    const stored = Buffer.allocUnsafe(1 + bytes.length);
    stored[0] = LATEST;
    stored.set(bytes, 1);
    return stored;
  }
}

const NONE: Version = { value: undefined, timestamp: -1 };

function versionOf({ value }: Entry): Version {
  return value?.type === 'latest' ? value : NONE;
}

function versionsOf({ value }: Entry): readonly FormerVersion[] {
  return value?.type === 'former' ? value.versions : [];
}

function observed({ value }: Entry): number {
  return value?.type === 'time' ? value.observed : -1;
}

function segmentPrefix(segment: number): Buffer {
  const prefix = Buffer.allocUnsafe(1 + SEGMENT_BYTES);
  prefix[0] = FORMER;
  prefix.writeBigInt64BE(BigInt(segment), 1);
  return prefix;
}
