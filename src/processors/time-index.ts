import type { EpochStore } from '../state/epoch-store';
import type { StoreEntry } from '../state/store-entry';

/** Where in a store an index by time is. */
export interface TimeIndexLayout<K> {
  /** Bytes of the first key that the index can have at that time. */
  readonly bound: (time: number) => Buffer;
  /** Greater than all keys of the index. */
  readonly end: Buffer;
  readonly timeOf: (key: K) => number;
  /** Whether keys of one time must come in order even where a limit cuts them. It costs the bytes of each. */
  readonly ordersTies?: boolean;
}

interface Noted<K> {
  readonly time: number;
  /** The key's bytes, where ties are ordered. */
  readonly text: string;
  readonly entry: StoreEntry<K, unknown>;
}

/** Notes between two looks at which of them the database has by now. */
const PRUNE_AFTER = 4096;

/**
 * Finds the entries of a store whose time has come, at a cost that follows their number.
 *
 * What is not in the database yet is in a heap. The rest is a range of the database, of which only the first time that it has is
 * kept here.
 */
export class TimeIndex<K> {
  private heap: Noted<K>[] = [];
  private pruneAt: number;
  /** The database has nothing earlier that is still to be taken. */
  private firstCommitted: number;
  /** Bytes of the key to go on from. */
  private cursor: Buffer;

  /**
   * @param from - entries of earlier times are none of its business
   * @param pruneAfter - how many entries are noted before those that the database has are forgotten
   */
  constructor(
    private readonly store: EpochStore<K, unknown>,
    private readonly layout: TimeIndexLayout<K>,
    from: number,
    private readonly pruneAfter = PRUNE_AFTER,
  ) {
    this.pruneAt = pruneAfter;
    this.firstCommitted = from;
    this.cursor = layout.bound(from);
  }

  /** No entry is earlier than this. */
  get earliest(): number {
    const noted = this.heap[0];
    return noted === undefined || noted.time > this.firstCommitted ? this.firstCommitted : noted.time;
  }

  /** Tells it of an entry that was just written for the first time in this epoch. */
  note(entry: StoreEntry<K, unknown>): void {
    if (this.heap.length >= this.pruneAt) this.prune();
    const { layout, store } = this;
    const text = layout.ordersTies === true ? store.keySerde.serialize(entry.key).toString('latin1') : '';
    push(this.heap, { time: layout.timeOf(entry.key), text, entry });
  }

  /**
   * Takes the keys whose times are at most `time`, in the order of their bytes. Each is given once, unless it is noted again; who
   * takes it deletes its entry, or never asks for that time again. A key whose deletion is not in the database yet may be given
   * once more.
   */
  take(time: number, limit = Infinity): readonly K[] | Promise<readonly K[]> {
    if (time >= this.firstCommitted) return this.takeCommitted(time, limit);
    return this.inOrder(this.takeNoted(time, limit), [], limit);
  }

  private async takeCommitted(time: number, limit: number): Promise<readonly K[]> {
    const committed: K[] = [];
    const from = this.cursor;
    this.firstCommitted = Infinity;
    for await (const key of this.store.committedKeys(from, this.layout.end)) {
      if (this.layout.timeOf(key) > time || committed.length >= limit) {
        this.goOnFrom(key);
        break;
      }
      committed.push(key);
    }
    return this.inOrder(this.takeNoted(time, limit), committed, limit);
  }

  private takeNoted(time: number, limit: number): Noted<K>[] {
    const taken: Noted<K>[] = [];
    while (this.heap.length > 0 && this.heap[0]!.time <= time && taken.length < limit) {
      const noted = pop(this.heap);
      if (noted.entry.value !== undefined) taken.push(noted);
    }
    return taken;
  }

  /** The first keys of both; what is beyond the limit is put back. */
  private inOrder(noted: readonly Noted<K>[], committed: readonly K[], limit: number): readonly K[] {
    if (committed.length === 0 && noted.length <= 1) return noted.map(({ entry }) => entry.key);
    const { keySerde } = this.store;
    const found = new Map<string, { readonly key: K; readonly noted: Noted<K> | undefined }>();
    for (const key of committed) found.set(keySerde.serialize(key).toString('latin1'), { key, noted: undefined });
    for (const one of noted) {
      const { key } = one.entry;
      found.set(keySerde.serialize(key).toString('latin1'), { key, noted: one });
    }
    const ordered = [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
    for (const { key, noted: one } of ordered.splice(limit).reverse()) {
      if (one === undefined) this.goOnFrom(key);
      else push(this.heap, one);
    }
    return ordered.map(({ key }) => key);
  }

  private goOnFrom(key: K): void {
    this.firstCommitted = this.layout.timeOf(key);
    this.cursor = this.store.keySerde.serialize(key);
  }

  /** Forgets what the database has by now: only its first time is kept. */
  private prune(): void {
    const kept: Noted<K>[] = [];
    for (const noted of this.heap) {
      if (noted.entry.dirty || noted.entry.sealed) kept.push(noted);
      else if (noted.entry.value !== undefined && noted.time <= this.firstCommitted) {
        this.firstCommitted = noted.time;
        this.cursor = this.layout.bound(noted.time);
      }
    }
    kept.sort((a, b) => (isBefore(a, b) ? -1 : isBefore(b, a) ? 1 : 0));
    this.heap = kept;
    this.pruneAt = Math.max(this.pruneAfter, 2 * kept.length);
  }
}

function isBefore<K>(one: Noted<K>, other: Noted<K>): boolean {
  return one.time < other.time || (one.time === other.time && one.text < other.text);
}

/* A binary heap, least time first. */

function push<K>(heap: Noted<K>[], noted: Noted<K>): void {
  let at = heap.length;
  heap.push(noted);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!isBefore(noted, heap[parent]!)) break;
    heap[at] = heap[parent]!;
    at = parent;
  }
  heap[at] = noted;
}

function pop<K>(heap: Noted<K>[]): Noted<K> {
  const first = heap[0]!;
  const last = heap.pop()!;
  if (heap.length === 0) return first;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
    if (!isBefore(heap[child]!, last)) break;
    heap[at] = heap[child]!;
    at = child;
  }
  heap[at] = last;
  return first;
}
