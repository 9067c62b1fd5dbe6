import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { resolveConfig, type MillraceConfig } from '../../src/config/millrace-config';
import type { ClusterClient } from '../../src/kafka';
import { createLogger } from '../../src/logging/create-logger';
import { silentLogger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { requestFromApplication } from '../../src/runtime/request-checkpoint';
import { restoreApplication } from '../../src/runtime/rewind';
import { isTimestamped } from '../../src/state/entry-codec';
import type { Topology } from '../../src/topology/graph';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { createTopics, produce, readTopic } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { SeededRandom } from '../support/seeded-random';
import type { LogLine } from '../support/service-process';
import everyStore from '../support/services/every-store';
import { sharedBrokers } from '../support/shared-broker';
import type { ReadRecord } from '../support/topic-reader';
import { build } from '../topology/build';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 41_001);
const PARTITIONS = 2;
const KEYS = 12;
/** Of one partition: enough changes that a checkpoint is looked for. */
const RECORDS_PER_ROUND = 300;

/** Times of one partition go on from here; not so old that retention would take the records. */
const START = Date.now() - 3_600_000;

/** Applications with a store of every kind that read the same input. */
class Inputs {
  readonly name = uniqueName('every');
  readonly topics = { input: `${this.name}-in`, changes: `${this.name}-changes`, rows: `${this.name}-rows` };
  private readonly times = Array.from({ length: PARTITIONS }, () => START);

  constructor(
    private readonly brokers: readonly string[],
    private readonly random: SeededRandom,
  ) {}

  async create(): Promise<void> {
    await createTopics(
      this.brokers,
      { topic: this.topics.input, partitions: PARTITIONS },
      { topic: this.topics.changes, partitions: PARTITIONS },
      { topic: this.topics.rows, partitions: 1, config: { 'cleanup.policy': 'compact' } },
    );
    const values = ['l', 'r'].flatMap((side) => Array.from({ length: KEYS }, (_, number) => `${side}${number}`));
    await produce(
      this.brokers,
      this.topics.rows,
      values.map((value) => ({ key: value, value: `row of ${value}` })),
    );
  }

  /** Keys and values repeat, times are out of order now and then, and one gap is longer than anything waits. */
  async write(): Promise<void> {
    const { random } = this;
    const records = this.times.flatMap((_, partition) =>
      Array.from({ length: RECORDS_PER_ROUND }, () => {
        const time = (this.times[partition]! += random.chance(0.01) ? 1_000 : random.between(0, 30));
        const timestamp = random.chance(0.2) ? time - random.between(0, 200) : time;
        // A key is of one partition.
        const key = `k${random.between(0, KEYS / PARTITIONS - 1) * PARTITIONS + partition}`;
        return { partition, key, value: `${random.pick(['l', 'r'])}${random.between(0, KEYS - 1)}`, timestamp };
      }),
    );
    for (const topic of [this.topics.input, this.topics.changes]) await produce(this.brokers, topic, records);
  }
}

/** One application with one instance in this process. */
class Application {
  readonly output: string;
  readonly topology: Topology;
  readonly lines: LogLine[] = [];
  private readonly root = mkdtempSync(path.join(tmpdir(), 'millrace-every-'));
  readonly config: MillraceConfig;
  readonly store: DirectorySnapshotStore;
  private instance: Millrace | undefined;

  constructor(
    private readonly brokers: readonly string[],
    private readonly cluster: ClusterClient,
    inputs: Inputs,
    private readonly applicationId: string,
  ) {
    const output = `${applicationId}-out`;
    this.output = output;
    this.topology = build((builder) => everyStore(builder, { ...inputs.topics, output }));
    const checkpointStore = path.join(this.root, 'checkpoints');
    this.config = resolveConfig({
      applicationId,
      brokers: [...brokers],
      stateDir: path.join(this.root, 'state'),
      checkpointStore,
      checkpointTrigger: 'on-demand',
      commitIntervalMs: 20,
      fetchMaxWaitMs: 50,
      sessionTimeoutMs: 6_000,
      transactionTimeoutMs: 5_000,
    });
    this.store = new DirectorySnapshotStore({ directory: checkpointStore });
  }

  async start(): Promise<void> {
    const destination = { write: (line: string) => void this.lines.push(JSON.parse(line) as LogLine) };
    const logger = createLogger({ level: 'info', format: 'json', destination });
    this.instance = new Millrace(this.topology, this.config, { logger });
    await this.instance.start();
  }

  async stop(): Promise<void> {
    await this.instance?.close();
    this.instance = undefined;
  }

  async untilAllIsCommitted(): Promise<void> {
    const application = new SmallApplication(this.cluster, this.brokers, this.applicationId, this.topology);
    try {
      await Promise.race([
        application.untilAllIsCommitted(),
        this.instance!.closed.then(() => {
          throw new Error('the instance stopped');
        }),
      ]);
    } finally {
      await application.dispose();
    }
  }

  async runToEnd(): Promise<void> {
    await this.start();
    await this.untilAllIsCommitted();
    await this.stop();
  }

  savepoint(id: string): Promise<string> {
    const wanted = { kind: 'savepoint' as const, id, thenStop: false, answerTimeoutMs: 30_000 };
    return requestFromApplication(this.config, wanted, silentLogger);
  }

  async restore(id: string): Promise<void> {
    const { config, topology, store, applicationId } = this;
    const metadata = await new CheckpointCatalog(store, applicationId, silentLogger).read(id);
    await restoreApplication({ config, topology, metadata, store, logger: silentLogger });
  }

  loseDisk(): void {
    rmSync(this.config.stateDir, { recursive: true });
  }

  outputs(): Promise<ReadRecord[]> {
    return readTopic(this.brokers, this.output);
  }

  /**
   * What each changelog means in the end; the times of records only where they are part of the state. When windows are forgotten depends
   * on commits: those of the DSL are left out, and known by what comes out of them.
   */
  async states(): Promise<Record<string, string[]>> {
    const definitions = [...this.topology.stores.values()].filter(
      ({ kind }) => kind !== 'time-windows' && kind !== 'sliding-windows',
    );
    const states = definitions.map(async ({ name, kind }) => {
      const state = new Map<string, string>();
      for (const { key, value, timestamp } of await readTopic(
        this.brokers,
        `${this.applicationId}-${name}-changelog`,
      )) {
        const stored = key!.toString('latin1');
        if (value === null) state.delete(stored);
        else state.set(stored, `${value.toString('latin1')}${isTimestamped(kind) ? ` @${timestamp}` : ''}`);
      }
      return [name, [...state].map(([key, value]) => JSON.stringify(`${key} = ${value}`)).sort()] as const;
    });
    return Object.fromEntries(await Promise.all(states));
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

/**
 * What each operator said of each key, in order. What comes through repartition topics from several tasks has no order of its own:
 * counts have no certain times, and of a foreign key join only the last result of a key is certain.
 */
function histories(records: readonly ReadRecord[]): Record<string, string[]> {
  const found: Record<string, string[]> = {};
  for (const { key, value, timestamp } of records) {
    const [operator] = String(value).split(' ', 1);
    const name = `${operator} ${String(key)}`;
    if (operator === 'foreign') found[name] = [String(value)];
    else (found[name] ??= []).push(operator === 'regrouped' ? String(value) : `${String(value)} @${timestamp}`);
  }
  return found;
}

describe(`an application with every kind of store (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  const clusters = new ConnectedClusters();
  let brokers: string[];
  let inputs: Inputs;
  let application: Application;
  let reference: Application;

  beforeAll(async () => {
    brokers = await sharedBrokers();
  });
  beforeEach(async () => {
    inputs = new Inputs(brokers, random.fork());
    await inputs.create();
    const cluster = await clusters.connect();
    application = new Application(brokers, cluster, inputs, `${inputs.name}-tested`);
    reference = new Application(brokers, cluster, inputs, `${inputs.name}-reference`);
    await createTopics(
      brokers,
      ...[application, reference].map(({ output }) => ({ topic: output, partitions: PARTITIONS })),
    );
  });
  afterEach(async () => {
    await application.dispose();
    await reference.dispose();
  });
  afterAll(() => clusters.close());

  it('is put back to a savepoint in the middle, and does the same again as without', async () => {
    await inputs.write();
    await application.start();
    await application.untilAllIsCommitted();
    await application.savepoint('middle');
    const before = await application.outputs();
    await inputs.write();
    await application.untilAllIsCommitted();
    await application.stop();
    const once = new Set((await application.outputs()).map(placeOf));

    await application.restore('middle');
    await application.runToEnd();
    const again = (await application.outputs()).filter((record) => !once.has(placeOf(record)));
    await reference.runToEnd();
    expect(differences(histories([...before, ...again]), histories(await reference.outputs()))).toEqual([]);
    expect(differences(await application.states(), await reference.states())).toEqual([]);
  }, 180_000);

  it('has a lost disk replaced by a checkpoint and the changelog behind it, and goes on as if nothing had been lost', async () => {
    await inputs.write();
    await application.start();
    await application.untilAllIsCommitted();
    await application.savepoint('before-the-loss');
    await inputs.write();
    await application.untilAllIsCommitted();
    await application.stop();
    application.loseDisk();
    await inputs.write();
    await application.runToEnd();
    const installed = application.lines.filter(({ event }) => event === 'checkpoint_installed');
    expect(installed.map(({ task }) => task).sort()).toEqual(expect.arrayContaining(['0_0', '0_1']));
    await reference.runToEnd();
    expect(differences(histories(await application.outputs()), histories(await reference.outputs()))).toEqual([]);
    expect(differences(await application.states(), await reference.states())).toEqual([]);
  }, 180_000);
});

/** In each list: the first place where it is not as it should be. */
function differences(found: Record<string, string[]>, expected: Record<string, string[]>): string[] {
  return [...new Set([...Object.keys(found), ...Object.keys(expected)])].flatMap((name) => {
    const [is, shouldBe] = [found[name] ?? [], expected[name] ?? []];
    const place = Array.from({ length: Math.max(is.length, shouldBe.length) }, (_, index) => index).find(
      (index) => is[index] !== shouldBe[index],
    );
    return place === undefined
      ? []
      : [`${name}, ${place} of ${is.length} (${shouldBe.length}): ${is[place]} instead of ${shouldBe[place]}`];
  });
}

const placeOf = ({ partition, offset }: ReadRecord): string => `${partition}-${offset}`;
