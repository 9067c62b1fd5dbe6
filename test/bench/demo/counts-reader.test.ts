import { CountsReader } from '../../../bench/demo/counts-reader';
import { uniqueName } from '../../support/kafka-names';
import { createTopics, testKafka } from '../../support/kafka-clients';
import { sharedBrokers } from '../../support/shared-broker';

describe('the reader of the demo', () => {
  let brokers: string[];
  let topic: string;
  let reader: CountsReader;

  beforeEach(async () => {
    brokers = await sharedBrokers();
    topic = uniqueName('word-counts');
    await createTopics(brokers, { topic, partitions: 2 });
    reader = new CountsReader(brokers, topic);
    await reader.start();
  });

  afterEach(() => reader.stop());

  /** Writes updates in one transaction, and commits or aborts it. */
  async function write(end: 'commit' | 'abort', ...updates: readonly [word: string, count: number][]): Promise<void> {
    const producer = testKafka(brokers).producer({
      transactionalId: uniqueName('writer'),
      maxInFlightRequests: 1,
      idempotent: true,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic, messages: updates.map(([key, count]) => ({ key, value: String(count) })) });
    await transaction[end]();
    await producer.disconnect();
  }

  it('adds up the counts, and finds nothing wrong when each is one more than the one before', async () => {
    await write('commit', ['whale', 1], ['sea', 1], ['whale', 2]);
    await reader.untilTotal(3, 30_000);
    expect(Object.fromEntries(reader.counts)).toEqual({ whale: 2, sea: 1 });
    expect(reader.wrongSteps).toEqual([]);
  });

  it('does not see what was aborted', async () => {
    await write('abort', ['whale', 1]);
    await write('commit', ['whale', 1]);
    await reader.untilEnd(30_000);
    expect(reader.total).toBe(1);
    expect(reader.wrongSteps).toEqual([]);
  });

  it('reports an update that comes twice and one that is missing', async () => {
    await write('commit', ['whale', 1], ['whale', 1], ['whale', 3]);
    await reader.untilEnd(30_000);
    expect(reader.wrongSteps).toMatchObject([
      { word: 'whale', before: 1, found: '1' },
      { word: 'whale', before: 1, found: '3' },
    ]);
  });
});
