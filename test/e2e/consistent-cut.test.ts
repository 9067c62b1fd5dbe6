import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig } from '../../src/config/millrace-config';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { restoreApplication } from '../../src/runtime/rewind';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { countingTruth, findStateFaults } from '../chaos/counting-check';
import { randomLine } from '../chaos/line-feed';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { createTopics, lastValues, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { SeededRandom } from '../support/seeded-random';
import counting from '../support/services/counting';

const BASE = Number(process.env['MILLRACE_TEST_SEED'] ?? 30_001);
const SEEDS = Array.from({ length: 10 }, (_, index) => BASE + index);
const PARTITIONS = 3;
const ID = 'the-cut';

/** One application in this process that is cut at a random moment, put back, and run to its end. */
class Scene {
  readonly applicationId = uniqueName('cut');
  readonly topics = {
    lines: `${this.applicationId}-in-lines`,
    counts: `${this.applicationId}-out-counts`,
    ledger: `${this.applicationId}-out-ledger`,
  };
  readonly root = mkdtempSync(path.join(tmpdir(), 'millrace-cut-'));
  readonly checkpoints = path.join(this.root, 'checkpoints');
  readonly store = new DirectorySnapshotStore({ directory: this.checkpoints });
  readonly catalog = new CheckpointCatalog(this.store, this.applicationId, silentLogger);
  readonly topology = (() => {
    const builder = new StreamsBuilder();
    counting(builder, this.topics);
    return builder.build();
  })();
  private readonly instances: Millrace[] = [];
  private readonly clusters = new ConnectedClusters();

  constructor(
    readonly brokers: string[],
    private readonly random: SeededRandom,
  ) {}

  config(instance: string) {
    return resolveConfig({
      applicationId: this.applicationId,
      brokers: this.brokers,
      stateDir: path.join(this.root, instance),
      checkpointStore: this.checkpoints,
      checkpointTrigger: 'on-demand',
      commitIntervalMs: this.random.pick([10, 20, 50]),
      fetchMaxWaitMs: 50,
      sessionTimeoutMs: 6_000,
      transactionTimeoutMs: 5_000,
    });
  }

  stateDirectory(instance: string): string {
    return this.config(instance).stateDir;
  }

  async start(names: readonly string[]): Promise<void> {
    for (const name of names) {
      const instance = new Millrace(this.topology, this.config(name), { logger: silentLogger });
      this.instances.push(instance);
      await instance.start();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.instances.splice(0).map((instance) => instance.close()));
  }

  async write(lines: number): Promise<void> {
    await produce(
      this.brokers,
      this.topics.lines,
      Array.from({ length: lines }, () => randomLine(this.random)),
    );
  }

  /** Rejects when an instance fails. */
  async unlessFailed<T>(work: Promise<T>): Promise<T> {
    const failures = this.instances.map(async ({ closed }) => {
      await closed;
      throw new Error('an instance stopped');
    });
    return Promise.race([work, ...failures]);
  }

  /** Everything that was written, wherever it had to go. */
  async untilAllIsCommitted(): Promise<void> {
    const cluster = await this.clusters.connect();
    const application = new SmallApplication(cluster, this.brokers, this.applicationId, this.topology);
    await application.untilAllIsCommitted().finally(() => application.dispose());
  }

  async dispose(): Promise<void> {
    await this.stop();
    await this.clusters.close();
    rmSync(this.root, { recursive: true, force: true });
  }
}

const named = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);

describe(`a cut of an application under load (seeds from ${BASE} on)`, () => {
  let passed = 0;

  it.each(SEEDS)(
    'is put back and run to its end: the state is that of all its input, once (seed %i)',
    async (seed) => {
      const random = new SeededRandom(seed);
      const scene = new Scene(await sharedBrokers(), random.fork());
      const { brokers, topics, applicationId, catalog, store, topology } = scene;
      await createTopics(brokers, ...Object.values(topics).map((topic) => ({ topic, partitions: PARTITIONS })));
      try {
        const before = named('before', random.between(1, 3));
        await scene.start(before);
        const kind = random.pick(['checkpoint', 'savepoint'] as const);
        const linesBefore = random.between(1, 300);
        const linesInAll = linesBefore + random.between(1, 300);
        let cut: Promise<string> | undefined;
        for (let lines = 0; lines < linesInAll || cut === undefined;) {
          const more = random.between(1, 60);
          await scene.write(more);
          lines += more;
          if (lines >= linesBefore)
            cut ??= requestFromApplication(
              scene.config('asking'),
              { kind, id: kind === 'savepoint' ? ID : undefined, thenStop: false, answerTimeoutMs: 30_000 },
              silentLogger,
            );
        }
        const metadata = await catalog.read(await scene.unlessFailed(cut));
        await scene.write(random.between(1, 100));
        await scene.stop();
        passed += metadata.channels.length;

        await restoreApplication({ config: scene.config('asking'), topology, metadata, store, logger: silentLogger });
        // Old directories hold state from behind the cut, which nobody may use; alone, an instance opens all of them.
        const after = random.chance(0.5) ? ['before-1'] : named('after', random.between(1, 3));
        await scene.start(after);
        await scene.unlessFailed(scene.untilAllIsCommitted());
        const truth = await countingTruth(brokers, topics);
        await scene.stop();

        const counts = lastValues(await readTopic(brokers, topics.counts));
        expect(new Map([...counts].map(([word, count]) => [word, Number(count)]))).toEqual(truth.byWord);
        const stateDirectories = after.map((name) => scene.stateDirectory(name));
        expect(await findStateFaults(truth, { brokers, applicationId, topics, stateDirectories })).toEqual([]);
      } finally {
        await scene.dispose();
      }
    },
    60_000,
  );

  it('was not quiet: records were on their way at cuts', () => {
    expect(passed).toBeGreaterThan(0);
  });
});
