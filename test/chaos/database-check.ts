import { stampValue } from '../../src/state/entry-codec';
import { StateDirectory } from '../../src/state/state-directory';
import { TaskId } from '../../src/task/task-id';
import type { StoreDefinition } from '../../src/topology/graph';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import counting, { type CountingTopics } from '../support/services/counting';
import type { ReadRecord } from '../support/topic-reader';

const SMALL = { blockCacheBytes: 1 << 20, writeBufferBytes: 1 << 20, maxOpenFiles: 16 };

/**
 * Opens every database of a stopped instance of the counting topology: each store must hold exactly what its changelog says
 * before the position that is stored with it, whoever wrote that and however old the copy is.
 *
 * @param changelogs - by store, each partition in the order of its offsets
 */
export async function databaseFaults(
  stateDir: string,
  applicationId: string,
  topics: CountingTopics,
  changelogs: ReadonlyMap<string, readonly ReadRecord[]>,
): Promise<string[]> {
  const builder = new StreamsBuilder();
  counting(builder, topics);
  const { subtopologies } = builder.build();
  const directory = await StateDirectory.open(stateDir, applicationId);
  try {
    const faults: string[] = [];
    for (const { taskId } of await directory.localTasks()) {
      const { subtopology, partition } = TaskId.parse(taskId)!;
      const stores = subtopologies.find(({ id }) => id === subtopology)!.stores;
      if (stores.length === 0) continue;
      const database = await directory.openTask(taskId, stores, SMALL);
      for (const store of stores) {
        const position = database.changelogPosition(store.name) ?? 0;
        const log = changelogs.get(store.name)!.filter((record) => record.partition === partition);
        const expected = foldUpTo(position, log, store);
        const handle = database.store(store.name);
        for await (const [storedKey, value] of database.scan(handle)) {
          const key = storedKey.subarray(handle.prefixLength).toString('hex');
          const other = expected.get(key);
          expected.delete(key);
          if (other?.equals(value)) continue;
          faults.push(`${where(stateDir, taskId, store, position)}: a value is not what the changelog says`);
        }
        if (expected.size > 0)
          faults.push(`${where(stateDir, taskId, store, position)}: ${expected.size} keys are missing`);
      }
    }
    return faults;
  } finally {
    await directory.close();
  }
}

function foldUpTo(position: number, log: readonly ReadRecord[], store: StoreDefinition): Map<string, Buffer> {
  const state = new Map<string, Buffer>();
  for (const { offset, key, value, timestamp } of log) {
    if (offset >= position || key === null) continue;
    if (value === null) state.delete(key.toString('hex'));
    else state.set(key.toString('hex'), store.kind === 'timestamped-key-value' ? stampValue(value, timestamp) : value);
  }
  return state;
}

function where(stateDir: string, taskId: string, store: StoreDefinition, position: number): string {
  return `${stateDir}, task ${taskId}, store '${store.name}' at changelog position ${position}`;
}
