import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { resolveConfig, type MillraceOptions } from '../../src/config/millrace-config';
import { Millrace } from '../../src/runtime/millrace';
import { StreamsBuilder } from '../../src/topology/streams-builder';
import { countingTruth, findCountingFaults } from '../chaos/counting-check';
import { randomLine } from '../chaos/line-feed';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { SmallApplication } from '../runtime/small-application';
import { createTopics, produce } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { SeededRandom } from '../support/seeded-random';
import counting from '../support/services/counting';
import { sharedBrokers } from '../support/shared-broker';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 41_001);

/** A directory of snapshots that can go away, as one on a network file system does. */
class LeavingStore {
  private readonly root = mkdtempSync(path.join(tmpdir(), 'millrace-checkpoints-'));
  readonly directory = path.join(this.root, 'store');

  leave(): void {
    renameSync(this.directory, path.join(this.root, 'away'));
    // What is no directory cannot be made one: everything fails, for root too.
    writeFileSync(this.directory, '');
  }

  comeBack(): void {
    rmSync(this.directory);
    renameSync(path.join(this.root, 'away'), this.directory);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

describe(`a snapshot store that fails while an application runs (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  const clusters = new ConnectedClusters();
  let brokers: string[];
  let store: LeavingStore;
  let application: SmallApplication;
  let instance: Millrace;
  let topics: { readonly lines: string; readonly counts: string; readonly ledger: string };
  let logged: { readonly event: string; readonly reason?: string }[];
  let onLogged: () => void;

  beforeAll(async () => {
    brokers = await sharedBrokers();
  });

  beforeEach(() => {
    store = new LeavingStore();
    logged = [];
    onLogged = () => undefined;
  });

  afterEach(async () => {
    await instance.close();
    await application.dispose();
    store.remove();
  });

  afterAll(() => clusters.close());

  async function run(options: Partial<MillraceOptions>): Promise<void> {
    const applicationId = uniqueName('faults');
    topics = {
      lines: `${applicationId}-in-lines`,
      counts: `${applicationId}-out-counts`,
      ledger: `${applicationId}-out-ledger`,
    };
    await createTopics(brokers, ...Object.values(topics).map((topic) => ({ topic, partitions: 2 })));
    const builder = new StreamsBuilder();
    counting(builder, topics);
    application = new SmallApplication(await clusters.connect(), brokers, applicationId, builder.build());
    const config = resolveConfig({
      ...application.config,
      checkpointStore: store.directory,
      checkpointTrigger: 'continuous',
      ...options,
    });
    const logger = pino(
      { level: 'debug' },
      {
        write: (line: string) => {
          logged.push(JSON.parse(line) as (typeof logged)[number]);
          onLogged();
        },
      },
    );
    instance = new Millrace(application.topology, config, { logger });
    await instance.start();
  }

  /** Resolves when so many more of these events were logged. */
  async function untilLogged(event: string, count = 1): Promise<void> {
    const from = logged.length;
    await new Promise<void>((resolve, reject) => {
      onLogged = () => {
        if (logged.slice(from).filter((line) => line.event === event).length >= count) resolve();
      };
      instance.closed.catch(reject);
    });
  }

  async function write(lines: number): Promise<void> {
    await produce(
      brokers,
      topics.lines,
      Array.from({ length: lines }, () => randomLine(random)),
    );
  }

  async function outcomes(outcome: string): Promise<number> {
    const { values } = await instance.metrics.checkpoints.get();
    return values.find(({ labels }) => labels.outcome === outcome)?.value ?? 0;
  }

  it('checkpoints fail, are logged and counted, processing goes on, and a later one is complete', async () => {
    await run({});
    await untilLogged('checkpoint_completed');
    store.leave();
    await write(50);
    await untilLogged('checkpoint_aborted', 3);
    expect(await outcomes('failed')).toBeGreaterThanOrEqual(3);
    const { reason } = logged.findLast(({ event }) => event === 'checkpoint_aborted')!;
    expect(reason).toContain(store.directory);
    // Without the store, everything is processed.
    await write(100);
    await application.untilAllIsCommitted();

    const completed = await outcomes('completed');
    store.comeBack();
    await write(50);
    await untilLogged('checkpoint_completed');
    expect(await outcomes('completed')).toBeGreaterThan(completed);
    await application.untilAllIsCommitted();
    await instance.close();
    const truth = await countingTruth(brokers, topics);
    const { applicationId, stateDir } = application;
    expect(await findCountingFaults(truth, { brokers, applicationId, topics, stateDirectories: [stateDir] })).toEqual(
      [],
    );
  }, 60_000);

  it('the application fails when more fail one after the other than are tolerated', async () => {
    await run({ checkpointToleratedFailures: 2 });
    await untilLogged('checkpoint_completed');
    const before = await outcomes('failed');
    store.leave();
    // What is unchanged is not written again.
    await write(50);
    await expect(instance.closed).rejects.toMatchObject({ code: 'TOO_MANY_CHECKPOINT_FAILURES' });
    expect((await outcomes('failed')) - before).toBe(3);
    expect(instance.state).toBe('ERROR');
  }, 60_000);
});
