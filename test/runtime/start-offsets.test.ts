import type { OffsetKind, TopicAdmin, TopicPartition } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { resolveStartOffsets, type OffsetResetPolicy } from '../../src/runtime/start-offsets';

/** A broker whose only partition has the records from 100 to 199. */
const admin = {
  listOffsets: async (partitions: readonly TopicPartition[], kind: OffsetKind) =>
    new Map(partitions.map(({ topic, partition }) => [`${topic}-${partition}`, kind === 'earliest' ? 100 : 200])),
} as unknown as TopicAdmin;

async function start(committed: number | undefined, policy: OffsetResetPolicy): Promise<number | undefined> {
  const inputs = [{ topic: 'in', partition: 0 }];
  const found = committed === undefined ? undefined : { offset: committed, metadata: '' };
  const offsets = await resolveStartOffsets(admin, inputs, new Map([['in-0', found]]), policy, silentLogger);
  return offsets.get('in-0');
}

describe('resolveStartOffsets', () => {
  it.each(['earliest', 'latest', 'none'] as const)(
    'begins at a committed offset that the log has (%s)',
    async (policy) => {
      expect(await start(100, policy)).toBe(100);
      expect(await start(150, policy)).toBe(150);
      expect(await start(200, policy)).toBe(200);
    },
  );

  it('begins where the policy says when nothing is committed, or the log has lost it', async () => {
    for (const committed of [undefined, 99, 201]) {
      expect(await start(committed, 'earliest')).toBe(100);
      expect(await start(committed, 'latest')).toBe(200);
    }
  });

  it('takes the committed offset 0 for one', async () => {
    expect(await start(0, 'latest')).toBe(200);
    await expect(start(0, 'none')).rejects.toThrow(
      'the committed offset 0 is outside of the log, which has 100 to 200',
    );
  });

  it('refuses to begin anywhere else with the policy none', async () => {
    await expect(start(undefined, 'none')).rejects.toMatchObject({
      code: 'NO_START_OFFSET',
      message:
        "No offset to begin at for topic 'in', partition 0: the group has committed none. Set autoOffsetReset to 'earliest' or 'latest', or commit an offset for the group.",
    });
  });
});
