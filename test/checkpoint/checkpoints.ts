import { createHash } from 'node:crypto';
import { checkpointId } from '../../src/checkpoint/checkpoint-id';
import type { CheckpointMetadata, SnapshotFile } from '../../src/checkpoint/checkpoint-metadata';
import { fileObject } from '../../src/checkpoint/object-names';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';

export const APPLICATION = 'orders';

/** A file of one task whose content is its own name. */
export function fileOf(number: number, name: string, task = '0_0'): SnapshotFile {
  const content = Buffer.from(name);
  return {
    name,
    object: fileObject(APPLICATION, number, task, name),
    sizeInBytes: content.length,
    sha256: createHash('sha256').update(content).digest('hex'),
  };
}

/** Metadata of a checkpoint with the given files, all of one task. */
export function checkpointOf(
  number: number,
  files: readonly SnapshotFile[] = [],
  changes: Partial<CheckpointMetadata> = {},
): CheckpointMetadata {
  return {
    applicationId: APPLICATION,
    number,
    id: checkpointId(number),
    kind: 'checkpoint',
    trigger: 'interval',
    beganAt: 1_700_000_000_000 + number * 60_000,
    completedAt: 1_700_000_001_500 + number * 60_000,
    incrementalBytes: 10,
    slowestTask: { task: '0_0', milliseconds: 1_400 },
    shape: {
      stores: {
        counts: {
          kind: 'key-value',
          keySerde: 'string',
          valueSerde: 'int64',
          format: { windowSizeMs: 1_000, order: 'time' },
          changelog: true,
          subtopology: 0,
        },
      },
      repartitionTopics: { words: { partitions: 4, keySerde: 'string', valueSerde: 'string' } },
    },
    tasks: [
      {
        task: '0_0',
        inputs: [{ topic: { name: 'lines', internal: false }, partition: 0, offset: 1_234, metadata: 'AQ==' }],
        changelogPositions: { counts: 77 },
        files,
      },
    ],
    channels: [],
    ...changes,
  };
}

export function savepointOf(number: number, id: string, files: readonly SnapshotFile[] = []): CheckpointMetadata {
  return checkpointOf(number, files, { id, kind: 'savepoint', trigger: 'on-demand' });
}

export async function putFiles(store: SnapshotStore, files: readonly SnapshotFile[]): Promise<void> {
  for (const { object, name } of files) await store.put(object, Buffer.from(name));
}
