import { binding, type NativeHandle } from './rocksdb-binding';
import type { StateWrite, StoreHandle } from './state-database';
import { StatePositions } from './state-positions';

/** A RocksDB write batch, with the positions that it brings the state to. */
export class RocksDbWrite implements StateWrite {
  private readonly positions = new StatePositions();

  /** @param batch - given up by `commit`, which lets the next write have it */
  constructor(
    private batch: NativeHandle | undefined,
    private readonly commitBatch: (batch: NativeHandle, positions: StatePositions) => Promise<void>,
  ) {}

  put(_store: StoreHandle, storedKey: Buffer, value: Buffer): void {
    binding.batch_put(this.open(), storedKey, value);
  }

  delete(_store: StoreHandle, storedKey: Buffer): void {
    binding.batch_del(this.open(), storedKey);
  }

  setInputOffset(topic: string, partition: number, offset: number): void {
    this.positions.setInputOffset(topic, partition, offset);
  }

  setChangelogPosition(store: string, offset: number): void {
    this.positions.setChangelogPosition(store, offset);
  }

  async commit(): Promise<void> {
    const batch = this.open();
    this.batch = undefined;
    return this.commitBatch(batch, this.positions);
  }

  private open(): NativeHandle {
    if (this.batch === undefined) throw new Error('This write was committed already; make a new one.');
    return this.batch;
  }
}
