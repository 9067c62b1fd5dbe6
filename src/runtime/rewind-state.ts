import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { TaskSnapshot } from '../checkpoint/checkpoint-metadata';
import { concurrently } from '../checkpoint/concurrently';
import type { SnapshotStore } from '../checkpoint/snapshot-store';
import { downloadTaskSnapshot } from '../checkpoint/task-download';
import type { LogRecord } from '../kafka';
import { NO_HEADERS } from '../serde/record';
import { SnapshotEntries } from '../state/snapshot-entries';
import type { ChangelogTarget } from './rewind-layout';
import type { PlannedStore } from './rewind-plan';

/** Each has its snapshot on the disk while it is read. */
const TASKS_AT_A_TIME = 2;

/** Reads the state that a checkpoint has for changelogs. */
export class SnapshotStates {
  /**
   * @param directory - empty; for snapshots while they are read
   * @param timestamp - of the records of stores that keep no timestamps
   */
  constructor(
    private readonly store: SnapshotStore,
    private readonly directory: string,
    private readonly timestamp: number,
  ) {}

  /**
   * Hands each changelog, with the records that it is to have, to `consume`, which reads all of them.
   *
   * @throws SnapshotMissingError, SnapshotDamagedError, SnapshotStoreError, StateCorruptedError, StateIncompatibleError
   */
  async readEach(
    targets: readonly ChangelogTarget[],
    consume: (target: ChangelogTarget, records: AsyncIterable<LogRecord>) => Promise<void>,
  ): Promise<PlannedStore[]> {
    const bySnapshot = new Map<TaskSnapshot, ChangelogTarget[]>();
    for (const target of targets) {
      if (target.snapshot === undefined) continue;
      bySnapshot.set(target.snapshot, [...(bySnapshot.get(target.snapshot) ?? []), target]);
    }
    const planned = await concurrently([...bySnapshot], TASKS_AT_A_TIME, async ([snapshot, group], signal) => {
      const directory = join(this.directory, snapshot.task);
      const stores = group.map(({ store }) => store);
      try {
        await mkdir(directory, { mode: 0o700 });
        // All of it is checked before anything of it is used.
        await downloadTaskSnapshot(this.store, snapshot.files, directory, { signal });
        const state = await SnapshotEntries.open(directory, stores);
        try {
          const read: PlannedStore[] = [];
          for (const target of group) read.push(await this.readOne(state, target, consume));
          return read;
        } finally {
          await state.close();
        }
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
    return planned.flat();
  }

  private async readOne(
    state: SnapshotEntries,
    target: ChangelogTarget,
    consume: (target: ChangelogTarget, records: AsyncIterable<LogRecord>) => Promise<void>,
  ): Promise<PlannedStore> {
    let entries = 0;
    let bytes = 0;
    const { timestamp: instead } = this;
    async function* records(): AsyncGenerator<LogRecord> {
      for await (const { key, value, timestamp = instead } of state.of(target.store)) {
        entries++;
        bytes += key.length + value.length;
        yield { key, value, timestamp, headers: NO_HEADERS };
      }
    }
    await consume(target, records());
    return { task: target.task, store: target.store.name, entries, bytes };
  }
}
