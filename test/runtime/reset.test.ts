import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { resolveConfig } from '../../src/config/millrace-config';
import { serdes } from '../../src/index';
import { GroupAdmin, TopicAdmin } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { resetApplication, type ResetOptions, type ResetPlan } from '../../src/runtime/reset';
import { restoreApplication } from '../../src/runtime/rewind';
import { MapSnapshotStore } from '../checkpoint/map-snapshot-store';
import { readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { build, text } from '../topology/build';
import { WordCounters, type WordCounter } from './word-counters';

let brokers: readonly string[];
let admin: TopicAdmin;
const counters = new WordCounters();

beforeAll(async () => {
  await counters.connect();
  brokers = counters.brokers;
  admin = new TopicAdmin(counters.cluster);
});
afterEach(() => counters.dispose());
afterAll(() => counters.close());

// Not so old that retention would take the records.
const EARLIER = Date.now() - 2_000;
const LATER = Date.now() - 1_000;

const write = (scene: WordCounter, words: string, timestamp = EARLIER): Promise<void> =>
  counters.write(scene, words, () => timestamp);

const reset = ({ application, topology }: WordCounter, options: Partial<ResetOptions> = {}): Promise<ResetPlan> =>
  resetApplication({ config: application.config, topology, logger: silentLogger, ...options });

const changelogOf = ({ application }: WordCounter): string => `${application.applicationId}-counts-changelog`;

function localTasks({ application }: WordCounter): string[] {
  const directory = path.join(application.stateDir, application.applicationId, 'tasks');
  return existsSync(directory) ? readdirSync(directory).sort() : [];
}

/** All that ever came out. */
async function counted(scene: WordCounter): Promise<string[]> {
  const records = await readTopic(brokers, scene.output);
  return records.map(({ key, value }) => `${String(key)} ${String(value)}`).sort();
}

describe('resetApplication', () => {
  it('has an application count the same again, on the disk that it had', async () => {
    const scene = await counters.create();
    await write(scene, 'a b a c');
    await scene.application.runToEnd();
    const once = await counted(scene);
    expect(once).toEqual(['a 1', 'a 2', 'b 1', 'c 1']);
    expect(localTasks(scene)).toEqual(['1_0', '1_1']);

    const plan = await reset(scene);
    expect(plan).toMatchObject({ emptied: [changelogOf(scene)], deleted: [], localTasks: ['1_0', '1_1'] });
    expect(localTasks(scene)).toEqual([]);
    expect(await readTopic(brokers, changelogOf(scene))).toEqual([]);
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual([...once, ...once].sort());
  });

  it('makes local states on other machines unusable by themselves', async () => {
    const scene = await counters.create();
    await write(scene, 'a b a c');
    await scene.application.runToEnd();
    const elsewhere = { ...scene.application.config, stateDir: path.join(scene.application.stateDir, 'other') };
    const { localTasks: wiped } = await reset(scene, { config: elsewhere });
    expect(wiped).toEqual([]);
    expect(localTasks(scene)).toEqual(['1_0', '1_1']);
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual(['a 1', 'a 1', 'a 2', 'a 2', 'b 1', 'b 1', 'c 1', 'c 1']);
  });

  it('begins at the end, or at a time', async () => {
    const scene = await counters.create();
    await write(scene, 'a b', EARLIER);
    await write(scene, 'c d', LATER);
    await scene.application.runToEnd();
    const before = await counted(scene);
    await reset(scene, { to: LATER });
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual([...before, 'c 1', 'd 1'].sort());
    const { offsets } = await reset(scene, { to: 'latest' });
    const ofInput = offsets.filter(({ topic }) => topic === scene.input);
    expect(ofInput.map(({ then }) => then)).toEqual([2, 2]);
    await write(scene, 'e f');
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual([...before, 'c 1', 'd 1', 'e 1', 'f 1'].sort());
  });

  it('deletes internal topics when it is told to', async () => {
    const scene = await counters.create();
    await write(scene, 'a b');
    await scene.application.runToEnd();
    const { deleted } = await reset(scene, { deleteInternalTopics: true });
    expect(deleted).toEqual([changelogOf(scene), `${scene.application.applicationId}-counts-repartition`]);
    expect([...(await admin.describeTopics(deleted)).values()]).toEqual([undefined, undefined]);
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual(['a 1', 'a 1', 'b 1', 'b 1']);
  });

  it('commits where to begin, and keeps the group, when topics are deleted but the end is asked for', async () => {
    const scene = await counters.create();
    await write(scene, 'a b');
    await scene.application.runToEnd();
    const { groupForgotten } = await reset(scene, { deleteInternalTopics: true, to: 'latest' });
    expect(groupForgotten).toBe(false);
    await write(scene, 'c');
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual(['a 1', 'b 1', 'c 1']);
  });

  it('touches nothing when it is only to say what it would do', async () => {
    const scene = await counters.create();
    await write(scene, 'a b');
    await scene.application.runToEnd();
    const [committed, changes] = [await scene.application.committed(), await readTopic(brokers, changelogOf(scene))];
    const { offsets, emptied } = await reset(scene, { dryRun: true });
    expect(emptied).toEqual([changelogOf(scene)]);
    expect(offsets.filter(({ topic }) => topic === scene.input)).toEqual(
      [0, 1].map((partition) => ({ task: `0_${partition}`, topic: scene.input, partition, now: 1, then: 0 })),
    );
    expect(await scene.application.committed()).toEqual(committed);
    expect(await readTopic(brokers, changelogOf(scene))).toEqual(changes);
    expect(localTasks(scene)).toEqual(['1_0', '1_1']);
  });

  it('is refused while an instance runs', async () => {
    const scene = await counters.create();
    await scene.application.startAndRun();
    await expect(reset(scene)).rejects.toMatchObject({ code: 'STATE_DIRECTORY_LOCKED' });
    const elsewhere = { ...scene.application.config, stateDir: path.join(scene.application.stateDir, 'other') };
    await expect(reset(scene, { config: elsewhere })).rejects.toMatchObject({ code: 'GROUP_ACTIVE' });
  });

  it('half done lets no instance start, and is done by running it again', async () => {
    const scene = await counters.create();
    await write(scene, 'a b');
    await scene.application.runToEnd();
    const committing = jest.spyOn(GroupAdmin.prototype, 'commitOffsets');
    committing.mockRejectedValueOnce(new Error('died'));
    await expect(reset(scene)).rejects.toThrow('died');
    committing.mockRestore();
    await expect(scene.application.start()).rejects.toMatchObject({ code: 'INTERNAL_TOPIC_MISMATCH' });
    await scene.application.stop().catch(() => undefined);
    await reset(scene);
    await scene.application.runToEnd();
    expect(await counted(scene)).toEqual(['a 1', 'a 1', 'b 1', 'b 1']);
  });

  it('lets another topology of the same names begin', async () => {
    const scene = await counters.create();
    await write(scene, 'a b');
    await scene.application.runToEnd();
    await reset(scene);
    const topology = build((builder) =>
      builder
        .stream(scene.input, text)
        .groupBy((_key, word) => word, text)
        .reduce((all, word) => `${all}${word}`, { store: 'counts' })
        .toStream()
        .to(scene.output, { value: serdes.string }),
    );
    const changed = counters.instanceOf(scene.application.applicationId, topology, scene.application);
    await changed.runToEnd();
    expect(await counted(scene)).toEqual(['a 1', 'a a', 'b 1', 'b b']);
  });

  describe('with a snapshot store', () => {
    it('gives up a restore that did not come to its end, and leaves what can still be restored', async () => {
      const scene = await counters.create();
      const { application, topology } = scene;
      const store = new MapSnapshotStore();
      await write(scene, 'a b');
      await application.runToEnd();
      const metadata = await application.checkpoint(store, 1);
      const restoring = { config: application.config, topology, metadata, store, logger: silentLogger };
      const onProgress = ({ step }: { step: string }): void => {
        if (step === 'emptied') throw new Error('died');
      };
      await expect(restoreApplication({ ...restoring, onProgress })).rejects.toThrow('died');
      await reset(scene, { store });
      const catalog = new CheckpointCatalog(store, application.applicationId, silentLogger);
      expect(await catalog.restoring()).toBeUndefined();

      const { stores } = await restoreApplication(restoring);
      expect(stores.map(({ entries }) => entries)).toEqual([expect.any(Number), expect.any(Number)]);
      expect(await readTopic(brokers, changelogOf(scene))).toHaveLength(2);
    });

    it('leaves nothing of a fork whose topics are deleted, so that it can be made again', async () => {
      const scene = await counters.create();
      const { application, topology } = scene;
      const store = new MapSnapshotStore();
      await write(scene, 'a b');
      await application.runToEnd();
      const metadata = await application.checkpoint(store, 1);
      const applicationId = uniqueName('fork');
      const fork = counters.instanceOf(applicationId, topology);
      const makeFork = () => {
        return restoreApplication({
          ...{ config: application.config, topology, metadata, store, logger: silentLogger },
          as: applicationId,
        });
      };
      await makeFork();
      await expect(makeFork()).rejects.toMatchObject({ code: 'APPLICATION_EXISTS' });
      // With a snapshot store it has a control topic, too.
      const config = resolveConfig({
        ...fork.config,
        checkpointStore: path.join(application.stateDir, 'checkpoints'),
        checkpointTrigger: 'on-demand',
      });
      const instance = new Millrace(topology, config, { logger: silentLogger });
      await instance.start();
      await instance.close();
      const control = `${applicationId}-millrace-control`;
      expect((await admin.describeTopics([control])).get(control)).toBeDefined();

      const { deleted, groupForgotten } = await reset(
        { ...scene, application: fork },
        { store, deleteInternalTopics: true },
      );
      expect(groupForgotten).toBe(true);
      expect(deleted).toContain(control);
      expect([...(await admin.describeTopics(deleted)).values()].filter((topic) => topic !== undefined)).toEqual([]);
      expect([...(await fork.committed()).values()].filter((offset) => offset !== undefined)).toEqual([]);
      await makeFork();
      await fork.runToEnd();
      expect(await counted(scene)).toEqual(['a 1', 'b 1']);
    });

    it('deletes no topics while there are checkpoints', async () => {
      const scene = await counters.create();
      const store = new MapSnapshotStore();
      await write(scene, 'a b');
      await scene.application.runToEnd();
      const catalog = new CheckpointCatalog(store, scene.application.applicationId, silentLogger);
      await catalog.write(await scene.application.checkpoint(store, 1));
      await expect(reset(scene, { store, deleteInternalTopics: true })).rejects.toMatchObject({
        code: 'CHECKPOINTS_LEFT',
        ids: ['checkpoint-1'],
      });
    });
  });
});
