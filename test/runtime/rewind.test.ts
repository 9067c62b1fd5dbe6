import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { copyChannels } from '../../src/checkpoint/channel-copies';
import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { serdes } from '../../src/index';
import { LogWriter, TopicAdmin, type ClusterClient } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { restoreApplication, type RestoreOptions, type RestoreProgress } from '../../src/runtime/rewind';
import { requireNoRestore } from '../../src/runtime/rewind-checks';
import type { RestorePlan } from '../../src/runtime/rewind-plan';
import { MapSnapshotStore } from '../checkpoint/map-snapshot-store';
import { lastValues, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { build, text } from '../topology/build';
import { WordCounters, type WordCounter } from './word-counters';

let brokers: readonly string[];
let cluster: ClusterClient;
let store: MapSnapshotStore;
const counters = new WordCounters();

beforeAll(async () => {
  await counters.connect();
  ({ brokers, cluster } = counters);
});
beforeEach(() => {
  store = new MapSnapshotStore();
});
afterEach(() => counters.dispose());
afterAll(() => counters.close());

// Not so old that retention would take the records.
let clock = Date.now() - 3_600_000;

const write = (scene: WordCounter, words: string): Promise<void> => counters.write(scene, words, () => clock++);

function restore(
  { application, topology }: WordCounter,
  metadata: CheckpointMetadata,
  options: Partial<RestoreOptions> = {},
): Promise<RestorePlan> {
  const { config } = application;
  return restoreApplication({ config, topology, metadata, store, logger: silentLogger, ...options });
}

const changelogOf = (applicationId: string): string => `${applicationId}-counts-changelog`;
const repartitionOf = (applicationId: string): string => `${applicationId}-counts-repartition`;

/** What the changelog says from its start on: `word: count @time`. */
async function changelog(applicationId: string): Promise<string[]> {
  const records = await readTopic(brokers, changelogOf(applicationId));
  return records
    .map(
      ({ key, value, timestamp }) =>
        `${String(key)}: ${value === null ? '-' : Number(value.readBigInt64BE())} @${timestamp}`,
    )
    .sort();
}

/** The state that a changelog means. */
async function state(applicationId: string): Promise<Record<string, number>> {
  const values = lastValues(
    (await readTopic(brokers, changelogOf(applicationId))).map((record) => ({
      ...record,
      value: record.value === null ? null : Buffer.from(String(record.value.readBigInt64BE())),
    })),
  );
  return Object.fromEntries([...values].map(([key, value]) => [key, Number(value)]));
}

function countsOf(...texts: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of texts.flatMap((words) => words.split(' '))) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}

async function outputs({ output }: WordCounter): Promise<string[]> {
  return (await readTopic(brokers, output)).map(
    ({ partition, key, value }) => `${partition} ${String(key)} ${String(value)}`,
  );
}

describe('restoreApplication', () => {
  it('puts state, offsets and times back, so that an application goes on as if nothing after the cut had happened', async () => {
    const scene = await counters.create();
    const { application } = scene;
    await write(scene, 'a b c a d e f');
    await application.runToEnd();
    const metadata = await application.checkpoint(store, 1);
    const stateThen = await changelog(application.applicationId);
    const offsetsThen = await application.committed();
    const outputsThen = await outputs(scene);

    await write(scene, 'a a b new words');
    await application.runToEnd();
    const outputsOnce = await outputs(scene);
    expect(await state(application.applicationId)).toEqual(countsOf('a b c a d e f', 'a a b new words'));

    // Nothing is on its way: then there is no channel.
    const plan = await restore(scene, { ...metadata, channels: [] });
    expect(plan.stores.reduce((sum, { entries }) => sum + entries, 0)).toBe(6);
    expect(plan.channels).toEqual(
      [0, 1].map((partition) => expect.objectContaining({ partition, records: 0 }) as unknown),
    );
    // One record for each word, with the time that it had: what the last of its records said.
    const last = new Map(stateThen.map((line) => [line.split(':')[0], line]));
    expect(await changelog(application.applicationId)).toEqual([...last.values()].sort());
    for (const [key, committed] of await application.committed()) {
      if (key.startsWith(scene.input)) expect([key, committed]).toEqual([key, offsetsThen.get(key)]);
      else expect([key, committed?.metadata]).toEqual([key, offsetsThen.get(key)?.metadata ?? '']);
    }

    await application.runToEnd();
    expect(await state(application.applicationId)).toEqual(countsOf('a b c a d e f', 'a a b new words'));
    const again = (await outputs(scene)).filter((line) => !outputsOnce.includes(line));
    expect(again).toEqual([]);
    expect((await outputs(scene)).length).toBe(outputsOnce.length + (outputsOnce.length - outputsThen.length));
    await expect(
      requireNoRestore(new CheckpointCatalog(store, application.applicationId, silentLogger)),
    ).resolves.toBeUndefined();
  });

  it('brings back what was on its way, and passes over what was sent after the cut', async () => {
    const scene = await counters.create();
    const { application } = scene;
    await write(scene, 'a b');
    await application.runToEnd();
    // As if senders had sent these, and nobody had read them yet.
    const topic = repartitionOf(application.applicationId);
    const record = (word: string) => ({ timestamp: 5, key: Buffer.from(word), value: Buffer.from(word), headers: [] });
    const [retired, late] = [await LogWriter.open(cluster), await LogWriter.open(cluster)];
    const partition = 0;
    await retired.write({ topic, partition }, [record('a'), record('x')]);
    retired.close();
    const metadata = await application.checkpoint(store, 1);
    await late.write({ topic, partition }, [record('late')]);
    late.close();
    const plan = await restore(scene, metadata);
    expect(plan.channels.find((channel) => channel.partition === partition)?.records).toBe(2);
    await application.runToEnd();
    expect(await state(application.applicationId)).toEqual(countsOf('a b', 'a x'));
  });

  it('goes the whole way again after it died at any step, with the same result', async () => {
    const scene = await counters.create();
    const { application } = scene;
    const { applicationId } = application;
    const catalog = new CheckpointCatalog(store, applicationId, silentLogger);
    await write(scene, 'a b c a d e f');
    await application.runToEnd();
    const topic = repartitionOf(applicationId);
    const writer = await LogWriter.open(cluster);
    const onItsWay = { timestamp: 5, key: Buffer.from('x'), value: Buffer.from('x'), headers: [] };
    await writer.write({ topic, partition: 1 }, [onItsWay]);
    writer.close();
    const metadata = await application.checkpoint(store, 1);
    await write(scene, 'a new');
    await application.runToEnd();

    const steps: RestoreProgress['step'][] = ['checked', 'marked', 'emptied', 'state', 'channel', 'committed'];
    for (const died of steps) {
      const dying = restore(scene, metadata, {
        onProgress: ({ step }) => {
          if (step === died) throw new Error(`died when ${died}`);
        },
      });
      await expect(dying).rejects.toThrow(`died when ${died}`);
      const start = requireNoRestore(catalog);
      if (died === 'checked') await start;
      else await expect(start).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' });
    }
    const done: string[] = [];
    await restore(scene, metadata, { onProgress: ({ step }) => void done.push(step) });
    expect([...new Set(done)]).toEqual([...steps, 'done']);
    expect(await state(applicationId)).toEqual(countsOf('a b c a d e f'));
    await application.runToEnd();
    expect(await state(applicationId)).toEqual(countsOf('a b c a d e f', 'x', 'a new'));
  }, 120_000);

  it('makes a fork under a new id while the application runs, and leaves that as it is', async () => {
    const scene = await counters.create();
    const { application } = scene;
    await write(scene, 'a b c a');
    await application.runToEnd();
    const metadata = await application.checkpoint(store, 1);
    const running = await application.startAndRun();
    await write(scene, 'a later');
    await application.untilAllIsCommitted();
    const before = await changelog(application.applicationId);

    const forkId = uniqueName('fork');
    const fork = counters.instanceOf(forkId, scene.topology);
    await restore(scene, metadata, { as: forkId });
    expect(await state(forkId)).toEqual(countsOf('a b c a'));
    await fork.runToEnd();
    expect(await state(forkId)).toEqual(countsOf('a b c a', 'a later'));

    expect(running.state).toBe('RUNNING');
    await write(scene, 'still');
    await application.untilAllIsCommitted();
    expect((await changelog(application.applicationId)).length).toBe(before.length + 1);
    expect(await state(application.applicationId)).toEqual(countsOf('a b c a', 'a later', 'still'));
    await expect(restore(scene, metadata, { as: forkId })).rejects.toMatchObject({ code: 'APPLICATION_EXISTS' });
  });

  it('touches nothing when it is only to say what it would do', async () => {
    const scene = await counters.create();
    const { application } = scene;
    const { applicationId } = application;
    await write(scene, 'a b c');
    await application.runToEnd();
    const metadata = await application.checkpoint(store, 1);
    await write(scene, 'a b');
    await application.runToEnd();
    const [changes, committed, objects] = [
      await changelog(applicationId),
      await application.committed(),
      [...store.objects.keys()],
    ];

    const plan = await restore(scene, metadata, { dryRun: true });
    expect(plan.stores.reduce((sum, { entries }) => sum + entries, 0)).toBe(3);
    const inputs = plan.offsets.filter(({ topic }) => topic === scene.input);
    expect(inputs.reduce((sum, { now, then }) => sum + now! - then!, 0)).toBe(2);
    expect(plan.offsets.map(({ task }) => task).sort()).toEqual(['0_0', '0_1', '1_0', '1_1']);
    expect(await changelog(applicationId)).toEqual(changes);
    expect(await application.committed()).toEqual(committed);
    expect([...store.objects.keys()]).toEqual(objects);

    const neverMade = uniqueName('never');
    await restore(scene, metadata, { as: neverMade, dryRun: true });
    const found = await new TopicAdmin(cluster).describeTopics([changelogOf(neverMade)]);
    expect(found.get(changelogOf(neverMade))).toBeUndefined();
  });

  describe('is refused, and touches nothing,', () => {
    let scene: WordCounter;
    let metadata: CheckpointMetadata;
    let untouched: string[];
    let objects: ReadonlyMap<string, Buffer>;

    beforeAll(async () => {
      store = new MapSnapshotStore();
      scene = await counters.create();
      await write(scene, 'a b c');
      await scene.application.runToEnd();
      metadata = await scene.application.checkpoint(store, 1);
      objects = new Map(store.objects);
      counters.release();
    });
    beforeEach(async () => {
      for (const [name, content] of objects) store.objects.set(name, content);
      untouched = await changelog(scene.application.applicationId);
    });
    afterEach(async () => {
      expect(await changelog(scene.application.applicationId)).toEqual(untouched);
      expect([...store.objects.keys()].filter((name) => name.endsWith('restoring.json'))).toEqual([]);
    });
    afterAll(() => scene.application.dispose());

    it('while an instance runs', async () => {
      await scene.application.startAndRun();
      await expect(restore(scene, metadata)).rejects.toMatchObject({ code: 'GROUP_ACTIVE' });
      await scene.application.stop();
    });

    it('when the topology would misread the state', async () => {
      const { input, output } = scene;
      const topology = build((builder) =>
        builder
          .stream(input, text)
          .groupBy((_key, word) => word, text)
          .reduce((all, word) => all + word, { store: 'counts' })
          .toStream()
          .to(output, { value: serdes.string }),
      );
      await expect(restore({ ...scene, topology }, metadata)).rejects.toMatchObject({
        code: 'RESTORE_MISMATCH',
        message: expect.stringMatching(
          /store 'counts': value serde was int64, and is string: what is stored would be misread/,
        ) as string,
      });
    });

    it('when there is state that the topology has no store for, unless that is allowed', async () => {
      const { input, output } = scene;
      const topology = build((builder) => builder.stream(input, text).to(output));
      const refused = restore({ ...scene, topology }, metadata);
      await expect(refused).rejects.toMatchObject({
        code: 'NON_RESTORED_STATE',
        message: expect.stringContaining("store 'counts': the topology has no such store") as string,
      });
      const { lost } = await restore({ ...scene, topology }, metadata, { allowNonRestoredState: true, dryRun: true });
      expect(lost).toHaveLength(1);
    });

    it('when there were other tasks', async () => {
      const fewer = { ...metadata, tasks: metadata.tasks.filter(({ task }) => task !== '1_1') };
      await expect(restore(scene, fewer)).rejects.toMatchObject({
        code: 'RESTORE_MISMATCH',
        message: expect.stringContaining("store 'counts': number of tasks was 1, and is 2") as string,
      });
    });

    it('when files are missing or cut off', async () => {
      const [missing, cut] = metadata.tasks.flatMap(({ files }) => files);
      store.objects.delete(missing!.object);
      store.objects.set(cut!.object, Buffer.alloc(cut!.sizeInBytes - 1));
      await expect(restore(scene, metadata)).rejects.toMatchObject({
        code: 'CHECKPOINT_UNUSABLE',
        message: expect.stringContaining(`${missing!.object} is missing`) as string,
        problems: [expect.anything(), expect.anything()] as unknown[],
      });
    });

    it('when Kafka no longer has the records after it', async () => {
      const gone = {
        ...metadata,
        tasks: metadata.tasks.map((task) => ({
          ...task,
          inputs: task.inputs.map((input) => (input.topic.internal ? input : { ...input, offset: 1_000 })),
        })),
      };
      await expect(restore(scene, gone)).rejects.toMatchObject({
        code: 'RECORDS_LOST',
        message: expect.stringMatching(
          new RegExp(`topic '${scene.input}', partition 0: offset 1000 is needed`),
        ) as string,
      });
    });

    it('when Kafka no longer has what was on its way', async () => {
      const topic = repartitionOf(scene.application.applicationId);
      const channels = metadata.channels.map((channel) => ({
        ...channel,
        from: 0,
        barriers: [{ producerId: '1', offset: 2 }],
      }));
      await new TopicAdmin(cluster).deleteRecords([{ topic, partition: 0, offset: 1 }]);
      await expect(restore(scene, { ...metadata, channels })).rejects.toMatchObject({ code: 'RECORDS_LOST' });
    });

    it('when the metadata lacks a task', async () => {
      const other = metadata.tasks.map((task) => (task.task === '1_1' ? { ...task, task: '1_7' } : task));
      await expect(restore(scene, { ...metadata, tasks: other })).rejects.toMatchObject({
        code: 'CHECKPOINT_INCOMPLETE',
        message: expect.stringContaining('has no task 1_1') as string,
      });
    });
  });

  it('brings back what was on its way from its copy, when the topic no longer has it', async () => {
    const scene = await counters.create();
    const { application } = scene;
    await write(scene, 'a b');
    await application.runToEnd();
    const topic = repartitionOf(application.applicationId);
    const writer = await LogWriter.open(cluster);
    const record = { timestamp: 5, key: Buffer.from('x'), value: Buffer.from('x'), headers: [] };
    await writer.write({ topic, partition: 0 }, [record]);
    writer.close();
    const metadata = await application.checkpoint(store, 1);
    const parts = { cluster, store, applicationId: application.applicationId, nameOf: () => topic };
    const channels = await copyChannels(parts, metadata.channels, 1);
    const [end] = await new TopicAdmin(cluster)
      .listOffsets([{ topic, partition: 0 }], 'latest')
      .then((ends) => [...ends.values()]);
    await new TopicAdmin(cluster).deleteRecords([{ topic, partition: 0, offset: end! }]);

    const copied = channels.find(({ records }) => records !== undefined)!.records!;
    const intact = store.objects.get(copied.object)!;
    store.objects.set(copied.object, Buffer.alloc(intact.length));
    await expect(restore(scene, { ...metadata, channels })).rejects.toMatchObject({ code: 'CHECKPOINT_UNUSABLE' });
    store.objects.set(copied.object, intact);
    await restore(scene, { ...metadata, channels });
    await application.runToEnd();
    expect(await state(application.applicationId)).toEqual(countsOf('a b x'));
  });

  it('keeps instances from starting until it has come to its end', async () => {
    const scene = await counters.create();
    const { application, topology } = scene;
    const checkpoints = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
    const directory = new DirectorySnapshotStore({ directory: checkpoints });
    await write(scene, 'a b');
    await application.runToEnd();
    const metadata = await application.checkpoint(directory, 1);
    const config = resolveConfig({ ...application.config, checkpointStore: checkpoints });
    const dying = restore(scene, metadata, {
      store: directory,
      onProgress: ({ step }) => {
        if (step === 'state') throw new Error('died');
      },
    });
    await expect(dying).rejects.toThrow('died');
    const instance = new Millrace(topology, config, { logger: silentLogger });
    await expect(instance.start()).rejects.toMatchObject({ code: 'RESTORE_UNFINISHED' });
    await restore(scene, metadata, { store: directory });
    const next = new Millrace(topology, config, { logger: silentLogger });
    await next.start();
    await next.close();
    rmSync(checkpoints, { recursive: true });
  });

  it('is refused while another one is unfinished, unless it is to take its place', async () => {
    const scene = await counters.create();
    const { application } = scene;
    await write(scene, 'a b c');
    await application.runToEnd();
    const first = await application.checkpoint(store, 1);
    await write(scene, 'd');
    await application.runToEnd();
    const second = await application.checkpoint(store, 2);
    const onProgress = ({ step }: RestoreProgress): void => {
      if (step === 'emptied') throw new Error('died');
    };
    await expect(restore(scene, first, { onProgress })).rejects.toThrow('died');
    await expect(restore(scene, second)).rejects.toMatchObject({
      code: 'OTHER_RESTORE',
      message: expect.stringContaining("'checkpoint-1'") as string,
    });
    await restore(scene, second, { replaceUnfinished: true });
    expect(await state(application.applicationId)).toEqual(countsOf('a b c d'));
  });
});
