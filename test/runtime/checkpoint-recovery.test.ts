import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { filesOf } from '../../src/checkpoint/checkpoint-files';
import type { CheckpointMetadata, SnapshotFile } from '../../src/checkpoint/checkpoint-metadata';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { EncryptedSnapshotStore } from '../../src/checkpoint/encrypted-snapshot-store';
import { SnapshotStoreError } from '../../src/checkpoint/errors';
import { metadataObject } from '../../src/checkpoint/object-names';
import { SnapshotKeys } from '../../src/checkpoint/snapshot-keys';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';
import { uploadTaskSnapshot } from '../../src/checkpoint/task-upload';
import { silentLogger } from '../../src/logging/logger';
import { createMetrics } from '../../src/metrics/metrics';
import { CheckpointRecovery } from '../../src/runtime/checkpoint-recovery';
import { TaskLayout } from '../../src/runtime/task-layout';
import { planTopics } from '../../src/runtime/topic-plan';
import { StateDirectory } from '../../src/state/state-directory';
import { TaskId } from '../../src/task/task-id';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { checkpointOf } from '../checkpoint/checkpoints';
import { rocksDbOptions } from '../state/state-fixtures';
import { seededRandom } from '../state/seeded-random';
import perKeyCount from '../support/services/per-key-count';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? Math.floor(Math.random() * 1e6));
const APPLICATION = 'app';
const TASK = new TaskId(0, 0);
const KEY = `a:${'a1'.repeat(32)}`;
/** Enough that a checkpoint is looked for. */
const ENDS = new Map([['app-counts-changelog-0', { start: 0, end: 100_000 }]]);

const builder = new StreamsBuilder();
perKeyCount(builder, { input: 'in', output: 'out' });
const topology = builder.build();
const topics = new Map([
  ['in', 1],
  ['out', 1],
]);
const layout = new TaskLayout(APPLICATION, topology, planTopics(APPLICATION, topology, topics));
const stores = layout.changelogsOf(TASK).map(({ store }) => store);

interface Logged {
  readonly event: string;
  readonly checkpoint?: string;
  readonly object?: string;
  readonly err?: { readonly object?: string };
}

describe.each([
  { how: 'plain', keys: undefined },
  { how: 'encrypted', keys: KEY },
])(`a recovery from checkpoints in a $how store (seed ${SEED})`, ({ keys }) => {
  const random = seededRandom(SEED);
  let parent: string;
  let folder: string;
  let store: SnapshotStore;
  let first: CheckpointMetadata;
  let second: CheckpointMetadata;
  let logged: Logged[];
  let made = 0;

  beforeAll(async () => {
    parent = await mkdtemp(path.join(tmpdir(), 'millrace-recovery-'));
    folder = path.join(parent, 'store');
    const plain = new DirectorySnapshotStore({ directory: folder });
    store = keys === undefined ? plain : new EncryptedSnapshotStore(plain, SnapshotKeys.parse(keys));
    const directory = await StateDirectory.open(path.join(parent, 'origin'), APPLICATION);
    const database = await directory.openTask('0_0', stores, rocksDbOptions);
    const write = async (changes: number): Promise<void> => {
      const counts = database.store('counts');
      for (let from = 0; from < changes; from += 1_000) {
        const batch = database.write();
        for (let change = from; change < from + 1_000; change++)
          batch.put(counts, counts.prefixed(Buffer.from(`key-${change}`)), Buffer.alloc(100, changes));
        batch.setChangelogPosition('counts', from + 1_000);
        await batch.commit();
      }
    };
    const checkpoint = async (number: number, base: readonly SnapshotFile[]): Promise<CheckpointMetadata> => {
      const snapshot = await database.snapshot(directory.snapshotPath('0_0', number));
      const upload = { store, applicationId: APPLICATION, number, task: '0_0', snapshot, shared: base };
      const { files } = await uploadTaskSnapshot(upload);
      await snapshot.release();
      const changelogPositions = { counts: database.changelogPosition('counts')! };
      const tasks = [{ task: '0_0', inputs: [], changelogPositions, files }];
      const metadata = checkpointOf(number, [], { applicationId: APPLICATION, tasks });
      await new CheckpointCatalog(store, APPLICATION, silentLogger).write(metadata);
      return metadata;
    };
    // More than the write buffer, so that there are tables.
    await write(15_000);
    first = await checkpoint(1, []);
    await write(16_000);
    second = await checkpoint(2, filesOf(first));
    await database.close();
    await directory.close();
  });

  afterAll(() => rm(parent, { recursive: true }));

  beforeEach(() => {
    logged = [];
  });

  function recoveryInto(directory: StateDirectory, from: SnapshotStore = store): CheckpointRecovery {
    const logger = pino({}, { write: (line: string) => void logged.push(JSON.parse(line) as Logged) });
    const catalog = new CheckpointCatalog(from, APPLICATION, logger);
    const metrics = createMetrics();
    return new CheckpointRecovery({ store: from, catalog, directory, layout, logger, metrics, now: () => 0 });
  }

  /** What a task without local state is restored from, and where its changelog is read on. */
  async function recover(): Promise<{
    from: string | undefined;
    position: number | undefined;
    may: CheckpointRecovery;
  }> {
    const directory = await StateDirectory.open(path.join(parent, `state-${made++}`), APPLICATION);
    try {
      const recovery = recoveryInto(directory);
      const installed = await recovery.install(TASK, ENDS, new AbortController().signal);
      const from = logged.find(({ event }) => event === 'checkpoint_installed')?.checkpoint;
      expect(from !== undefined).toBe(installed);
      const database = await directory.openTask('0_0', stores, rocksDbOptions);
      const position = database.changelogPosition('counts');
      await database.close();
      return { from, position, may: recovery };
    } finally {
      await directory.close();
    }
  }

  /** Flips a bit of an object at each of these places, and puts it right again behind `look`. */
  async function flipped(object: string, look: () => Promise<void>): Promise<number> {
    const file = path.join(folder, object);
    const sound = await readFile(file);
    if (sound.length === 0) return 0;
    const places = new Set([0, sound.length - 1, Math.floor(random() * sound.length)]);
    try {
      for (const place of places) {
        const damaged = Buffer.from(sound);
        damaged[place]! ^= 1 << Math.floor(random() * 8);
        await writeFile(file, damaged);
        logged = [];
        await look();
      }
    } finally {
      await writeFile(file, sound);
    }
    return places.size;
  }

  it('takes the newest one when nothing is damaged', async () => {
    expect(await recover()).toMatchObject({ from: 'checkpoint-2', position: 16_000 });
    expect(logged.map(({ event }) => event)).toEqual(['checkpoint_installed']);
  });

  it('takes no file with a flipped bit, whichever it is: the checkpoint before, or the whole changelog', async () => {
    const inFirst = new Set(filesOf(first).map(({ object }) => object));
    const files = filesOf(second);
    expect(files.filter(({ object }) => inFirst.has(object)).length).toBeGreaterThan(0);
    expect(files.filter(({ object }) => !inFirst.has(object)).length).toBeGreaterThan(0);
    let looks = 0;
    for (const { object } of files) {
      looks += await flipped(object, async () => {
        const { from, position, may } = await recover();
        const shared = inFirst.has(object);
        expect([object, from, position]).toEqual(
          shared ? [object, undefined, undefined] : [object, 'checkpoint-1', 15_000],
        );
        const unusable = logged.filter(({ event }) => event === 'checkpoint_unusable');
        expect(unusable.map(({ checkpoint, err }) => [checkpoint, err?.object])).toEqual(
          (shared ? ['checkpoint-2', 'checkpoint-1'] : ['checkpoint-2']).map((id) => [id, object]),
        );
        // The next checkpoint has none of them, and the one after shares what that wrote.
        expect(files.filter((file) => may.mayShare('0_0', file))).toEqual([]);
        expect(may.mayShare('0_0', { ...files[0]!, object: 'app/files/3/0_0-new' })).toBe(true);
        expect(may.mayShare('0_1', files[0]!)).toBe(true);
      });
    }
    expect(looks).toBeGreaterThan(12);
  }, 60_000);

  it('takes no checkpoint whose metadata has a flipped bit', async () => {
    const [newest, before] = [2, 1].map((number) => metadataObject(APPLICATION, 'checkpoint', `checkpoint-${number}`));
    const damagedObjects = (): unknown =>
      logged.filter(({ event }) => event === 'checkpoint_damaged').map(({ object }) => object);
    await flipped(newest!, async () => {
      expect(await recover()).toMatchObject({ from: 'checkpoint-1', position: 15_000 });
      expect(damagedObjects()).toEqual([newest]);
    });
    await flipped(newest!, async () => {
      await flipped(before!, async () => {
        expect(await recover()).toMatchObject({ from: undefined, position: undefined });
        expect(damagedObjects()).toEqual([newest, before]);
      });
    });
  });

  it('still shares the files of a checkpoint that could only not be read now', async () => {
    const directory = await StateDirectory.open(path.join(parent, `state-${made++}`), APPLICATION);
    const { object } = filesOf(second)[0]!;
    const failing: SnapshotStore = Object.create(store, {
      get: {
        value: (name: string) => {
          if (name === object) throw new SnapshotStoreError('a store', name, 'Reading');
          return store.get(name);
        },
      },
    }) as SnapshotStore;
    const recovery = recoveryInto(directory, failing);
    await recovery.install(TASK, ENDS, new AbortController().signal);
    const newest = logged.filter(({ checkpoint }) => checkpoint === 'checkpoint-2').map(({ event }) => event);
    expect(newest).toEqual(['download_repeated', 'download_repeated', 'checkpoint_unusable']);
    expect(filesOf(second).every((file) => recovery.mayShare('0_0', file))).toBe(true);
    await directory.close();
  });
});
