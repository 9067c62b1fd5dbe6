import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CheckpointCatalog } from '../../src/checkpoint/checkpoint-catalog';
import { DirectorySnapshotStore } from '../../src/checkpoint/directory-snapshot-store';
import { silentLogger } from '../../src/logging/logger';
import { CompiledServices, type Mutation } from '../support/compiled-services';
import { SeededRandom } from '../support/seeded-random';
import { assigned, commitFailed, fromNowOn, running, selfSignalled } from '../support/service-fleet';
import { sharedBrokers } from '../support/shared-broker';
import { readTopic } from '../support/kafka-clients';
import { CountingRun, type CountingVerdict } from './counting-run';

const SEED = Number(process.env['MILLRACE_TEST_SEED'] ?? 8_001);
const ALL_TASKS = 8;

/** What TxnOffsetCommit was before it named the member. */
const WITHOUT_GROUP_METADATA: Mutation = {
  file: 'src/kafka/protocol/transactions.ts',
  replace:
    'writer.int32(group.generationId).compactString(group.memberId).compactNullableString(group.groupInstanceId)',
  by: "writer.int32(-1).compactString('').compactNullableString(null)",
};

describe(`processes that were frozen (seed ${SEED})`, () => {
  const random = new SeededRandom(SEED);
  let services: CompiledServices;
  let run: CountingRun;

  beforeAll(async () => {
    services = await CompiledServices.compile();
  });

  afterEach(() => run.dispose());

  afterAll(() => services.remove());

  /** Freezes a member in front of its commit, until another has processed the same records. */
  async function meetZombie(compiled: CompiledServices): Promise<CountingVerdict> {
    run = await CountingRun.prepare({ brokers: await sharedBrokers(), services: compiled, random: random.fork() });
    await run.startFeeding(200);
    const zombie = run.fleet.start('zombie', {
      selfSignal: { point: 'before-commit', visit: 10, signal: 'SIGSTOP' },
    });
    await zombie.until(selfSignalled, { what: 'the failpoint' });
    await zombie.frozen();
    const heir = run.fleet.start('heir');
    await heir.until(assigned(ALL_TASKS), { what: 'all tasks' });
    await heir.until(running, { what: 'the running state' });
    await run.untilProgress(200);

    const rejoined = fromNowOn(zombie, assigned(1));
    zombie.thaw();
    await zombie.until(rejoined, { what: 'tasks of its own again' });
    return run.finish();
  }

  it('the commit of a zombie is refused; it rejoins, and nothing doubles', async () => {
    const verdict = await meetZombie(services);
    const zombie = run.fleet.process('zombie');
    expect(zombie.log.filter(commitFailed('STALE_GENERATION'))).toHaveLength(1);
    expect(verdict.faults).toEqual([]);
  }, 120_000);

  it('without group metadata in the transaction the same zombie doubles', async () => {
    const broken = await CompiledServices.compile(WITHOUT_GROUP_METADATA);
    try {
      const { faults } = await meetZombie(broken);
      expect(faults.filter((fault) => fault.includes('repeats'))).not.toHaveLength(0);
    } finally {
      broken.remove();
    }
  }, 120_000);

  it('an heir waits for the transaction that a zombie has all but committed, and begins after it', async () => {
    const options = { transactionTimeoutMs: 30_000 };
    run = await CountingRun.prepare({ brokers: await sharedBrokers(), services, random: random.fork(), options });
    await run.startFeeding(200);
    const zombie = run.fleet.start('zombie', {
      selfSignal: { point: 'before-transaction-end', visit: 10, signal: 'SIGSTOP' },
    });
    await zombie.until(selfSignalled, { what: 'the failpoint' });
    await zombie.frozen();
    const heir = run.fleet.start('heir');
    await heir.until(assigned(ALL_TASKS), { what: 'all tasks' });
    // Time in which an heir that did not wait would read the offsets from before that transaction.
    for (let round = 0; round < 5; round++) await run.write(100);
    expect(heir.log.some(running)).toBe(false);

    zombie.thaw();
    await heir.until(running, { what: 'the running state' });
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);

  it('a member that sleeps through a generation does not go on with the state that it remembers', async () => {
    const options = { rebalanceTimeoutMs: 3_000 };
    run = await CountingRun.prepare({ brokers: await sharedBrokers(), services, random: random.fork(), options });
    const sleeper = run.fleet.start('sleeper', {
      selfSignal: { point: 'during-rebalance', visit: 1, signal: 'SIGSTOP' },
    });
    await sleeper.until(running, { what: 'the running state' });
    await run.write(200);
    await run.untilAllCounted();

    const heir = run.fleet.start('heir');
    await sleeper.until(selfSignalled, { what: 'the failpoint' });
    await sleeper.frozen();
    await heir.until(assigned(ALL_TASKS), { what: 'all tasks' });
    await run.write(200);
    await run.untilAllCounted();

    const rejoined = fromNowOn(sleeper, assigned(1));
    sleeper.thaw();
    await sleeper.until(rejoined, { what: 'tasks of its own again' });
    await run.write(200);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);

  it('a coordinator that was frozen before it wrote metadata writes none when a later checkpoint is complete', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'millrace-frozen-'));
    try {
      const options = {
        checkpointStore: directory,
        checkpointTrigger: 'continuous',
        transactionTimeoutMs: 1_500,
      } as const;
      run = await CountingRun.prepare({ brokers: await sharedBrokers(), services, random: random.fork(), options });
      await run.startFeeding(200);
      const zombie = run.fleet.start('zombie', {
        selfSignal: { point: 'before-metadata', visit: 2, signal: 'SIGSTOP' },
      });
      await zombie.until(selfSignalled, { what: 'the failpoint' });
      await zombie.frozen();
      const heir = run.fleet.start('heir');
      await heir.until(({ event }) => event === 'checkpoint_completed', { what: 'a checkpoint', timeoutMs: 60_000 });

      zombie.thaw();
      const { reason } = await zombie.until(({ event }) => event === 'checkpoint_aborted', { what: 'the refusal' });
      expect(reason).toMatch(/checkpoint-2' .* was not written .*: checkpoint-\d+, a later one, is complete/);
      expect(await run.finish()).toMatchObject({ faults: [] });
      const store = new DirectorySnapshotStore({ directory });
      const catalog = new CheckpointCatalog(store, run.fleet.applicationId, silentLogger);
      const left = await catalog.list();
      expect(left.length).toBeGreaterThan(0);
      for (const { metadata } of left) expect((await catalog.verify(metadata!)).problems).toEqual([]);
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 120_000);

  it('a transaction that was open for longer than the time-out is aborted, and processed again', async () => {
    const brokers = await sharedBrokers();
    const options = { transactionTimeoutMs: 1_500, sessionTimeoutMs: 20_000, rebalanceTimeoutMs: 20_000 };
    run = await CountingRun.prepare({ brokers, services, random: random.fork(), options });
    await run.startFeeding(200);
    const sleeper = run.fleet.start('sleeper', {
      selfSignal: { point: 'before-transaction-end', visit: 10, signal: 'SIGSTOP' },
    });
    await sleeper.until(selfSignalled, { what: 'the failpoint' });
    await sleeper.frozen();
    // Readable to its end means that the broker has aborted what was open.
    await readTopic(brokers, run.topics.counts);

    const failed = fromNowOn(sleeper, commitFailed('PRODUCER_FENCED', 'COMMIT_OUTCOME_UNKNOWN', 'TRANSACTION_ABORTED'));
    sleeper.thaw();
    await sleeper.until(failed, { what: 'the failed commit' });
    await run.untilProgress(200);
    expect(await run.finish()).toMatchObject({ faults: [] });
  }, 120_000);
});
