import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { EncryptedSnapshotStore } from '../../src/checkpoint/encrypted-snapshot-store';
import { MemorySnapshotStore } from '../../src/checkpoint/memory-snapshot-store';
import { SnapshotKeys } from '../../src/checkpoint/snapshot-keys';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';
import { S3Server } from '../support/s3-server';
import { openS3, s3OrReason, useTestCredentials } from './s3-for-tests';
import { itHasRoomForMany, itIsASnapshotStore } from './store-contract';

const KEYS = SnapshotKeys.parse(`test:${'5a'.repeat(32)}`);
const s3 = s3OrReason();

function itIsOneEncryptedOrNot(open: () => Promise<SnapshotStore>): void {
  describe('as it is', () => {
    itIsASnapshotStore(open);
    itHasRoomForMany(open);
  });
  describe('encrypted', () => itIsASnapshotStore(async () => new EncryptedSnapshotStore(await open(), KEYS)));
}

describe('a snapshot store in memory', () => itIsOneEncryptedOrNot(async () => new MemorySnapshotStore()));

describe('a snapshot store in a directory', () => {
  let parent: string;
  beforeEach(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'millrace-store-'));
  });
  afterEach(() => rm(parent, { recursive: true }));

  itIsOneEncryptedOrNot(async () => new DirectorySnapshotStore({ directory: path.join(parent, 'made/as/needed') }));
});

('command' in s3 ? describe : describe.skip)('a snapshot store in S3', () => {
  let server: S3Server;
  beforeAll(async () => {
    useTestCredentials();
    server = await S3Server.start('command' in s3 ? s3.command : '');
  });
  afterAll(() => server.stop());

  itIsOneEncryptedOrNot(async () => openS3(server.endpoint, await server.newBucket()));
});
