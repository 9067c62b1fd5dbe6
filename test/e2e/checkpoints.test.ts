import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { NotRunningError, requestFromApplication } from '../../src/runtime/request-checkpoint';
import { sequenceFaults } from '../chaos/counting-check';
import { CountingRun } from '../chaos/counting-run';
import { CompiledServices } from '../support/compiled-services';
import { fleetWithTopics, untilResults, type FleetWithTopics } from '../support/fleet-topics';
import { produce, readTopic, testKafka } from '../support/kafka-clients';
import { sharedBrokers } from '../support/shared-broker';
import { SeededRandom } from '../support/seeded-random';
import { metricsOf } from '../support/service-metrics';
import type { LogLine, ServiceProcess } from '../support/service-process';

/** More changelog records than are read without looking for a checkpoint. */
const KEYS = 15_000;
const completed = ({ event }: LogLine): boolean => event === 'checkpoint_completed';
const installed = ({ event }: LogLine): boolean => event === 'checkpoint_installed';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 5_001);

describe(`the checkpoints of a service (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let brokers: string[];
  let services: CompiledServices;
  let application: FleetWithTopics | undefined;
  let store: string;

  beforeAll(async () => {
    brokers = await sharedBrokers();
    services = await CompiledServices.compile();
  });

  beforeEach(() => {
    store = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
  });

  afterEach(async () => {
    await application?.fleet.dispose();
    application = undefined;
    rmSync(store, { recursive: true });
  });

  afterAll(() => services.remove());

  /** One record for each key. */
  async function writeRound(): Promise<void> {
    const records = Array.from({ length: KEYS }, (_, key) => ({ key: `key-${key}`, value: '' }));
    await produce(brokers, application!.input, records);
  }

  async function keysReadBy(service: ServiceProcess): Promise<number> {
    const samples = [...(await metricsOf(service))].filter(([name]) =>
      name.startsWith('millrace_state_keys_read_total'),
    );
    return samples.reduce((sum, [, keys]) => sum + keys, 0);
  }

  async function faultsAfter(rounds: number): Promise<string[]> {
    const expected = new Map(Array.from({ length: KEYS }, (_, key) => [`key-${key}`, rounds]));
    return sequenceFaults('count', await readTopic(brokers, application!.output), expected, ({ key, value }) => [
      key!.toString(),
      value!.toString(),
    ]);
  }

  it('replace a disk that was lost: only what came after is read from the changelog, and the counts go on', async () => {
    application = await fleetWithTopics({
      brokers,
      services,
      topology: 'per-key-count',
      partitions: 1,
      options: { checkpointStore: store, checkpointTrigger: 'continuous', httpPort: 0 },
    });
    const { fleet } = application;
    await writeRound();
    const service = fleet.start('only');
    await untilResults(brokers, application, KEYS);
    // It knows that nothing was kept yet.
    expect(await keysReadBy(service)).toBe(0);
    const { id: already } = await service.until(completed, { what: 'a checkpoint' });
    await service.until((line) => completed(line) && line['id'] !== already, { what: 'another checkpoint' });
    await service.kill();
    rmSync(fleet.stateDirectory('only'), { recursive: true });

    const again = fleet.start('only');
    await again.until(installed, { what: 'state from a checkpoint' });
    await writeRound();
    await untilResults(brokers, application, 2 * KEYS);
    expect(await keysReadBy(again)).toBeGreaterThan(0);
    expect(await again.terminate()).toEqual({ code: 0, signal: null });
    expect(await faultsAfter(2)).toEqual([]);
  }, 120_000);

  it.each([
    { how: 'with what is on its way through a repartition topic', drain: false },
    { how: 'when nothing is on its way any more', drain: true },
  ])(
    'stop the application with a savepoint, $how; afterwards it goes on',
    async ({ drain }) => {
      const options = { checkpointStore: store, checkpointTrigger: 'records' as const, checkpointRecords: 200 };
      const run = await CountingRun.prepare({ brokers, services, random, options });
      try {
        const { fleet } = run;
        const instances = [fleet.start('one'), fleet.start('two')];
        await run.startFeeding(300);
        await fleet.untilRunning();
        await run.untilProgress(200);
        await Promise.any(instances.map((instance) => instance.until(completed, { what: 'a checkpoint by records' })));
        const config = resolveConfig({ applicationId: fleet.applicationId, brokers });
        const wanted = {
          kind: 'savepoint' as const,
          id: 'before-upgrade',
          thenStop: true,
          drain,
          answerTimeoutMs: 30_000,
        };
        expect(await requestFromApplication(config, wanted, silentLogger)).toBe('before-upgrade');
        const ends = await Promise.all(instances.map((instance) => instance.end()));
        expect(ends).toEqual(instances.map(() => ({ code: 0, signal: null })));
        await expect(requestFromApplication(config, wanted, silentLogger)).rejects.toThrow(NotRunningError);

        const catalog = new CheckpointCatalog(
          new DirectorySnapshotStore({ directory: store }),
          fleet.applicationId,
          silentLogger,
        );
        const savepoint = await catalog.read('before-upgrade');
        if (drain) expect(savepoint.channels).toEqual([]);
        const before = (await catalog.list()).filter(({ kind }) => kind === 'checkpoint');
        expect(before.map((each) => each.status === 'complete' && each.metadata.trigger)).toContain('records');
        expect((await catalog.verify(savepoint, { deep: true })).problems).toEqual([]);
        // Nothing was committed behind it.
        const committed = await committedOffsets(brokers, fleet.applicationId);
        for (const { topic, partition, offset } of savepoint.tasks.flatMap(({ inputs }) => inputs)) {
          const name = topic.internal ? `${fleet.applicationId}-${topic.name}` : topic.name;
          expect([name, partition, committed.get(`${name}-${partition}`)]).toEqual([name, partition, offset]);
        }

        fleet.start('one');
        fleet.start('two');
        expect((await run.finish()).faults).toEqual([]);
      } finally {
        await run.dispose();
      }
    },
    120_000,
  );
});

/** What the group has committed, by `topic-partition`. */
async function committedOffsets(brokers: readonly string[], groupId: string): Promise<ReadonlyMap<string, number>> {
  const admin = testKafka(brokers).admin();
  await admin.connect();
  try {
    const topics = await admin.fetchOffsets({ groupId });
    return new Map(
      topics.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [`${topic}-${partition}`, Number(offset)] as const),
      ),
    );
  } finally {
    await admin.disconnect();
  }
}
