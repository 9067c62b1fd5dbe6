/** How a store keeps its data. */
export interface StoreOptions {
  /**
   * `rocksdb` keeps the state on the local disk and only what was used lately in memory. `memory` keeps all of it in memory
   * and reads all of it from the changelog at every start.
   *
   * @default 'rocksdb'
   */
  readonly backend?: 'rocksdb' | 'memory' | undefined;
  /**
   * Whether every change also goes to the topic `<application id>-<store>-changelog`. Without it the state is lost with the
   * local disk.
   *
   * @default true
   */
  readonly changelog?: boolean | undefined;
}

/** What holds where nothing is said. */
export function storageOf(options: StoreOptions | undefined): {
  readonly changelog: boolean;
  readonly backend: 'rocksdb' | 'memory';
} {
  return { changelog: options?.changelog ?? true, backend: options?.backend ?? 'rocksdb' };
}
