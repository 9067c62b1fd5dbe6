import type { StoreEntry } from './store-entry';

const ENTRY_OVERHEAD_BYTES = 180;

/** What an entry is counted as, by the bytes that it has serialized. */
export function decodedCost(bytes: number): number {
  return ENTRY_OVERHEAD_BYTES + 2 * bytes;
}

/**
 * The entries of a store that are in memory as objects, in two generations. Whatever an epoch looks up moves to the young one, and stays
 * until the end of the epoch. There the young one becomes the old one if it is full. The old one is dropped when the next epoch would not
 * fit beside it, but not before all of it is in the database.
 */
export class DecodedEntries<K, V> {
  private young = new Map<unknown, StoreEntry<K, V>>();
  private old = new Map<unknown, StoreEntry<K, V>>();
  private youngBytes = 0;
  private oldBytes = 0;
  /** What both had at the end of the last epoch, and what that epoch had added. */
  private keptBytes = 0;
  private grownBytes = 0;
  private turnCount = 0;

  /** How often a generation grew old or was dropped. What is added from now on is dropped after two of these at the earliest. */
  get turns(): number {
    return this.turnCount;
  }

  has(mapKey: unknown): boolean {
    return this.young.has(mapKey) || this.old.has(mapKey);
  }

  find(mapKey: unknown): StoreEntry<K, V> | undefined {
    return this.young.get(mapKey) ?? this.takeOld(mapKey);
  }

  private takeOld(mapKey: unknown): StoreEntry<K, V> | undefined {
    const entry = this.old.get(mapKey);
    if (entry === undefined) return undefined;
    this.old.delete(mapKey);
    this.oldBytes -= entry.cost;
    this.add(mapKey, entry);
    return entry;
  }

  add(mapKey: unknown, entry: StoreEntry<K, V>): void {
    this.young.set(mapKey, entry);
    this.youngBytes += entry.cost;
  }

  /** @param bytes - that an entry of this epoch has serialized now */
  resize(entry: StoreEntry<K, V>, bytes: number): void {
    const cost = decodedCost(bytes);
    this.youngBytes += cost - entry.cost;
    entry.cost = cost;
  }

  /** To be called when the epoch before is in the database. */
  endEpoch(limitBytes: number): void {
    this.grownBytes = this.youngBytes + this.oldBytes - this.keptBytes;
    if (this.youngBytes > limitBytes / 2) {
      this.turnCount++;
      this.old = this.young;
      this.oldBytes = this.youngBytes;
      this.young = new Map();
      this.youngBytes = 0;
    }
    this.keptBytes = this.youngBytes + this.oldBytes;
  }

  /** The epoch that ended last is in the database. The open one is expected to add as much as that one did. */
  epochCommitted(limitBytes: number): void {
    if (this.old.size === 0 || this.keptBytes + this.grownBytes <= limitBytes) return;
    this.turnCount++;
    this.keptBytes -= this.oldBytes;
    this.old = new Map();
    this.oldBytes = 0;
  }
}
