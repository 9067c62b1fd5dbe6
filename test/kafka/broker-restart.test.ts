import { fetchCommitted, Fetcher, partitionKey, type ClusterClient } from '../../src/kafka';
import { startBroker, type TestBroker } from '../support/kafka-broker';
import { uniqueName } from '../support/kafka-names';
import { ConnectedClusters, newTopic } from './connected-cluster';
import { epochOf, readyProducer } from './epochs';
import { committedValues } from './read-values';
import { roundRobin, TestMember } from './test-member';

const clusters = new ConnectedClusters();
let broker: TestBroker;

beforeAll(async () => {
  broker = await startBroker({ own: true });
}, 120_000);
afterAll(async () => {
  await clusters.close();
  await broker.stop();
});

/**
 * Commits the numbers from where the group stands up to `end`, one transaction each, as a stream thread does: after a failure a
 * new producer with the same id goes on from the committed offset.
 */
async function commitNumbers(
  cluster: ClusterClient,
  member: TestMember,
  topics: { input: string; output: string },
  end: number,
  committedOne: (n: number) => void,
): Promise<void> {
  const transactionalId = uniqueName('tx');
  const at = { topic: topics.input, partition: 0 };
  for (;;) {
    const producer = await readyProducer(cluster, transactionalId);
    try {
      const groupId = member.assignment!.generation.groupId;
      const options = { requireStable: true, timeoutMs: 60_000 };
      const committed = await fetchCommitted(cluster, groupId, [at], options);
      for (let n = committed.get(partitionKey(topics.input, 0))?.offset ?? 0; n < end; n++) {
        const group = member.member.generation;
        if (group === undefined) {
          await member.until(() => member.member.generation !== undefined);
          throw new Error('was without partitions');
        }
        const offsets = [{ ...at, offset: n + 1 }];
        await producer.commit(await epochOf(cluster, topics.output, [{ value: `${n}` }], { offsets, group }));
        committedOne(n);
      }
      return;
    } catch (error) {
      if (!(error instanceof Error)) throw error;
    } finally {
      producer.close();
    }
  }
}

describe('A broker that is killed and comes back', () => {
  it.each(['killed', 'stopped cleanly'])(
    'is survived by producer, fetcher and group member when it is %s: every record once',
    async (how) => {
      const cluster = await clusters.connect({ brokers: broker.brokers });
      const input = await newTopic(cluster);
      const output = await newTopic(cluster);
      const member = new TestMember('a', {
        cluster,
        groupId: uniqueName('group'),
        topics: [input],
        dealing: roundRobin(input, 1),
        sessionTimeoutMs: 30_000,
      });
      await member.until(() => member.assignments > 0);
      const fetched: number[] = [];
      let fetchedAll!: () => void;
      const allFetched = new Promise<void>((resolve) => (fetchedAll = resolve));
      const errors: unknown[] = [];
      const fetcher = new Fetcher(cluster, {
        isolation: 'read_committed',
        maxBytesPerFetch: 1_000_000,
        maxBytesPerPartition: 1_000_000,
        maxWaitMs: 200,
        onBatches: (_, __, { batches }) => {
          for (const batch of batches) {
            while (batch.next()) fetched.push(Number(batch.bytes.toString('utf8', batch.valueStart, batch.valueEnd)));
          }
          if (fetched.length >= 100) fetchedAll();
        },
        onOutOfRange: (_, __, offset) => errors.push(offset),
        onError: (error) => errors.push(error),
      });
      fetcher.assign([{ topic: output, partition: 0, offset: 0 }]);

      let restarting: Promise<void> | undefined;
      await commitNumbers(cluster, member, { input, output }, 100, (n) => {
        if (n === 40) restarting = (how === 'killed' ? broker.kill() : Promise.resolve()).then(() => broker.restart());
      });
      await restarting;
      await allFetched;
      await fetcher.close();
      await member.member.leave();

      const expected = Array.from({ length: 100 }, (_, index) => index);
      expect(fetched).toEqual(expected);
      expect((await committedValues(cluster, output)).map(Number)).toEqual(expected);
      expect(errors).toEqual([]);
      expect(member.fatal).toBeUndefined();
    },
    120_000,
  );

  it('is waited for while it does not answer, without losing what was sent', async () => {
    const cluster = await clusters.connect({ brokers: broker.brokers, requestTimeoutMs: 1_500 });
    const output = await newTopic(cluster);
    const producer = await readyProducer(cluster);
    await producer.commit(await epochOf(cluster, output, [{ value: 'before' }]));
    await broker.pause();
    const commit = producer.commit(await epochOf(cluster, output, [{ value: 'during' }]));
    const resumed = new Promise((resolve) => setTimeout(resolve, 4_000)).then(() => broker.resume());
    await commit;
    await resumed;
    await producer.commit(await epochOf(cluster, output, [{ value: 'after' }]));
    producer.close();
    expect(await committedValues(cluster, output)).toEqual(['before', 'during', 'after']);
  }, 90_000);
});
