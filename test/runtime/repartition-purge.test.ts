import type { TopicAdmin, TopicPartitionOffset } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { RepartitionPurge } from '../../src/runtime/repartition-purge';

const HALF_MINUTE_MS = 30_000;

/** Keeps what is to be deleted; the deletion is over when the test says so. */
class DeletionsInMemory {
  readonly requests: (readonly TopicPartitionOffset[])[] = [];
  finish: (error?: Error) => void = () => undefined;

  deleteRecords(offsets: readonly TopicPartitionOffset[]): Promise<void> {
    this.requests.push(offsets);
    return new Promise((resolve, reject) => {
      this.finish = (error) => (error === undefined ? resolve() : reject(error));
    });
  }
}

const at = (offset: number, topic = 'r', partition = 0): TopicPartitionOffset => ({ topic, partition, offset });

function purging(topics = ['r']): { purge: RepartitionPurge; deletions: DeletionsInMemory } {
  const deletions = new DeletionsInMemory();
  return { deletions, purge: new RepartitionPurge(deletions as unknown as TopicAdmin, topics, silentLogger) };
}

describe('RepartitionPurge', () => {
  it('deletes up to the newest committed offsets, at intervals', () => {
    const { purge, deletions } = purging();
    purge.committedTo([at(5), at(7, 'r', 1)], 1000);
    purge.committedTo([at(9)], 1000 + HALF_MINUTE_MS - 1);
    expect(deletions.requests).toEqual([]);
    purge.committedTo([at(11)], 1000 + HALF_MINUTE_MS);
    expect(deletions.requests).toEqual([[at(11), at(7, 'r', 1)]]);
  });

  it('never touches a topic of the user', () => {
    const { purge, deletions } = purging();
    purge.committedTo([at(5, 'in')], 1000);
    purge.committedTo([at(6, 'in')], 1000 + HALF_MINUTE_MS);
    expect(deletions.requests).toEqual([]);
  });

  it('does one deletion at a time, and goes on after one that failed', async () => {
    const { purge, deletions } = purging();
    purge.committedTo([at(1)], 1);
    purge.committedTo([at(2)], 1 + HALF_MINUTE_MS);
    purge.committedTo([at(3)], 1 + 2 * HALF_MINUTE_MS);
    expect(deletions.requests).toHaveLength(1);
    deletions.finish(new Error('the broker is not there'));
    await purge.settled();
    purge.committedTo([at(4)], 2 + 2 * HALF_MINUTE_MS);
    expect(deletions.requests).toEqual([[at(2)], [at(4)]]);
  });
});
