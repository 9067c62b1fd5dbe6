import type { EpochStore } from '../state/epoch-store';
import { MARKER } from '../serde/marker';
import type { StoreEntry } from '../state/store-entry';

/**
 * The highest time that an operator has seen, kept in its store: after a restart it decides as if there had been none. (Kafka
 * Streams begins anew there, and takes late records again.)
 */
export class WindowTime<K> {
  /** -1 before the first record. */
  highest = -1;
  private entry: StoreEntry<K, unknown> | undefined;

  constructor(
    private readonly store: EpochStore<K, unknown>,
    private readonly key: K,
  ) {}

  /** Reads what an earlier run of the task left. */
  async open(): Promise<void> {
    this.entry = await this.store.load(this.key);
    if (this.entry.value !== undefined) this.highest = this.entry.timestamp;
  }

  observe(time: number): void {
    if (time <= this.highest) return;
    this.highest = time;
    this.store.write(this.entry!, MARKER, time);
  }
}
