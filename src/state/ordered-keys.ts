import type { EpochStore } from './epoch-store';

/** How many keys are kept in memory at most, and how many a read from the store brings. */
export interface OrderedKeysLimits {
  readonly mostKnown: number;
  readonly readAtOnce: number;
}

const USUAL_LIMITS: OrderedKeysLimits = { mostKnown: 4096, readAtOnce: 1024 };

/**
 * The lowest keys of a part of a store, in order and in memory, so that whoever works the store off from its front need not ask
 * the database each time. The keys' text must have the order of their bytes.
 *
 * The owner says of every key that it adds to the store or removes from it. When the known keys are used up and there are more in
 * the store, `needsLoading` is true, and nothing but `load`, `add` and `remove` may be called.
 */
export class OrderedKeys<V> {
  private known: string[] = [];
  /** Whether all keys of the part are known. */
  private complete = false;
  /** No key of the store is below it: where a read begins. */
  private floor: string;

  /**
   * @param from - the lowest key that the part can have
   * @param before - the first key behind the part
   */
  constructor(
    private readonly store: EpochStore<string, V>,
    from: string,
    private readonly before: string,
    private readonly limits: OrderedKeysLimits = USUAL_LIMITS,
  ) {
    this.floor = from;
  }

  get needsLoading(): boolean {
    return this.known.length === 0 && !this.complete;
  }

  /** The lowest key. */
  get first(): string | undefined {
    return this.known[0];
  }

  async load(): Promise<void> {
    const keys: string[] = [];
    this.complete = true;
    for await (const [key] of this.store.scan({ from: this.floor, before: this.before })) {
      if (keys.length === this.limits.readAtOnce) {
        this.complete = false;
        break;
      }
      keys.push(key);
    }
    this.known = keys;
  }

  add(key: string): void {
    const { known } = this;
    if (key < this.floor) this.floor = key;
    const last = known[known.length - 1];
    if (last === undefined) {
      // With unknown keys in the store nobody can say whether this is the lowest.
      if (this.complete) known.push(key);
      return;
    }
    if (key > last) {
      if (this.complete) known.push(key);
    } else {
      const index = this.position(key);
      if (known[index] === key) return;
      known.splice(index, 0, key);
    }
    if (known.length > this.limits.mostKnown) {
      known.length = Math.ceil(this.limits.mostKnown / 2);
      this.complete = false;
    }
  }

  remove(key: string): void {
    const index = this.position(key);
    if (this.known[index] !== key) return;
    if (index === 0) {
      this.known.shift();
      this.floor = key;
    } else this.known.splice(index, 1);
  }

  /** The next key after a known one. */
  after(key: string): string | undefined | Promise<string | undefined> {
    const next = this.known[this.position(key + '\u0000')];
    if (next !== undefined || this.complete) return next;
    return this.firstOf(this.store.scan({ after: key, before: this.before }));
  }

  /** The highest key. */
  last(): string | undefined | Promise<string | undefined> {
    if (this.complete) return this.known[this.known.length - 1];
    return this.firstOf(this.store.scan({ from: this.floor, before: this.before, reverse: true }));
  }

  private async firstOf(scan: AsyncIterable<readonly [string, V, number]>): Promise<string | undefined> {
    for await (const [key] of scan) return key;
    return undefined;
  }

  /** Where the key is, or would be. */
  private position(key: string): number {
    const { known } = this;
    let low = 0;
    let high = known.length;
    if (high > 0 && key > known[high - 1]!) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (known[middle]! < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
