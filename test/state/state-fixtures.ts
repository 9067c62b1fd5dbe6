import type { RocksDbOptions } from '../../src/state/rocksdb-state';
import type { StoreFormat } from '../../src/state/state-database';

/** Small, so that tests reach flushes and compactions. */
export const rocksDbOptions: RocksDbOptions = { blockCacheBytes: 1 << 20, writeBufferBytes: 1 << 20, maxOpenFiles: 64 };

export function storeFormat(name: string, format: Partial<StoreFormat> = {}): StoreFormat {
  return { name, kind: 'key-value', keySerde: { name: 'string' }, valueSerde: { name: 'bytes' }, ...format };
}
