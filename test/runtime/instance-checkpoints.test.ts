import { MemorySnapshotStore } from '../../src/checkpoint/memory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { TopicAdmin, type ClusterClient } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { createMetrics } from '../../src/metrics/metrics';
import { ApplicationAvailability } from '../../src/runtime/application-availability';
import { checkpointSettings, type CheckpointSettings } from '../../src/runtime/checkpoint-settings';
import { InstanceCheckpoints } from '../../src/runtime/instance-checkpoints';
import { RepartitionPurge } from '../../src/runtime/repartition-purge';
import { TaskLayout } from '../../src/runtime/task-layout';
import { controlTopicName, planTopics } from '../../src/runtime/topic-plan';
import type { StateDirectory } from '../../src/state/state-directory';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { uniqueName } from '../support/kafka-names';
import { build, text } from '../topology/build';

const clusters = new ConnectedClusters();
const topology = build((builder) => builder.stream('in', text).to('out', text));

/** An instance that has no threads: what it hears and says in a real control topic. */
interface Instance {
  readonly checkpoints: InstanceCheckpoints;
  readonly availability: ApplicationAvailability;
  readonly settings: CheckpointSettings;
  /** Resolves when so many failures were counted for the interval. */
  failuresCounted(count: number): Promise<void>;
}

async function startInstance(cluster: ClusterClient, applicationId: string): Promise<Instance> {
  const config = resolveConfig({ applicationId, brokers: 'not-asked:9092', checkpointTrigger: 'adaptive' });
  const settings = checkpointSettings(config, 0);
  const metrics = createMetrics();
  const availability = new ApplicationAvailability(metrics, () => 0);
  const admin = new TopicAdmin(cluster);
  let counted = 0;
  const waiting = new Set<() => void>();
  const { measured } = settings;
  const failed = measured.failed.bind(measured);
  measured.failed = () => {
    failed();
    counted++;
    for (const check of waiting) check();
  };
  const checkpoints = new InstanceCheckpoints({
    store: new MemorySnapshotStore(),
    cluster,
    admin,
    layout: new TaskLayout(applicationId, topology, planTopics(applicationId, topology, new Map([['in', 1]]))),
    shape: { stores: {}, repartitionTopics: {} },
    directory: undefined as unknown as StateDirectory,
    purge: new RepartitionPurge(admin, [], silentLogger),
    settings,
    availability,
    retention: 1,
    copyChannels: async (channels) => channels,
    logger: silentLogger,
    metrics,
    now: () => 0,
    wallClock: () => 0,
    onStop: () => undefined,
    onFailure: (error) => {
      throw error;
    },
  });
  await checkpoints.start();
  return {
    checkpoints,
    availability,
    settings,
    failuresCounted: (count) =>
      new Promise((resolve) => {
        const check = (): void => {
          if (counted >= count) resolve();
        };
        waiting.add(check);
        check();
      }),
  };
}

/** From the beginning of one checkpoint to that of the next, a minute after the measuring began. */
const intervalOf = ({ settings }: Instance): number => settings.schedule!.nextAt(60_000, 60_000, 60_000, 0) - 60_000;

describe('the adaptive interval of an instance', () => {
  const running: Instance[] = [];

  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ checkpoints }) => checkpoints.close()));
    await clusters.close();
  });

  it('shortens when it hears that another one failed, once for each failure', async () => {
    const cluster = await clusters.connect();
    const applicationId = uniqueName('adaptive');
    const topic = { name: controlTopicName(applicationId), partitions: 1, replicationFactor: -1, configs: {} };
    await new TopicAdmin(cluster).createTopics([topic]);
    const failing = await startInstance(cluster, applicationId);
    const hearing = await startInstance(cluster, applicationId);
    running.push(failing, hearing);
    hearing.settings.measured.completed(100);
    const untouched = intervalOf(hearing);

    failing.availability.failed('tasks-dropped');
    await hearing.failuresCounted(1);
    const once = intervalOf(hearing);
    expect(once).toBeCloseTo(untouched / Math.sqrt(2));

    failing.availability.lost('a-1');
    failing.availability.wasKilled({ members: ['a-1', 'a-2'], lastSeenAt: 0 }, true);
    failing.availability.wasKilled({ members: ['b-1'], lastSeenAt: 0 }, false);
    failing.availability.failed('thread-died');
    await hearing.failuresCounted(3);
    expect(intervalOf(hearing)).toBeCloseTo(untouched / Math.sqrt(4));
    expect(hearing.availability.current.failures).toBe(3);
  }, 60_000);
});
