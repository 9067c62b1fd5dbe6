import type { MillraceConfig } from '../config/millrace-config';
import { parseStoreAddress } from '../config/store-address';
import { DirectorySnapshotStore } from './directory-snapshot-store';
import { EncryptedSnapshotStore } from './encrypted-snapshot-store';
import { S3SnapshotStore } from './s3-snapshot-store';
import { SnapshotKeys } from './snapshot-keys';
import type { SnapshotStore } from './snapshot-store';

/** The options that say where and how snapshots are kept. */
export type SnapshotStoreConfig = Pick<
  MillraceConfig,
  | 'checkpointStore'
  | 'checkpointS3Endpoint'
  | 'checkpointS3Region'
  | 'checkpointS3ForcePathStyle'
  | 'checkpointEncryptionKey'
>;

/**
 * Makes the snapshot store of a configuration. Touches no file and no network yet.
 *
 * @returns undefined when there is to be none
 * @throws {ConfigError} when the region of an S3 bucket is not known
 */
export async function createSnapshotStore(config: SnapshotStoreConfig): Promise<SnapshotStore | undefined> {
  const address = config.checkpointStore === undefined ? undefined : parseStoreAddress(config.checkpointStore);
  if (address === undefined) return undefined;
  const keys =
    config.checkpointEncryptionKey === undefined ? undefined : SnapshotKeys.parse(config.checkpointEncryptionKey);
  const store =
    address.kind === 'directory'
      ? new DirectorySnapshotStore({ directory: address.directory })
      : await S3SnapshotStore.open({
          bucket: address.bucket,
          prefix: address.prefix,
          endpoint: config.checkpointS3Endpoint,
          region: config.checkpointS3Region,
          forcePathStyle: config.checkpointS3ForcePathStyle,
        });
  return keys === undefined ? store : new EncryptedSnapshotStore(store, keys);
}
