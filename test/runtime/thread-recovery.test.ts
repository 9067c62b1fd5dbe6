import type { Recovery } from '../../src/checkpoint/availability';
import { ThreadRecovery } from '../../src/runtime/thread-recovery';

const at = (partition: number, offset: number) => ({ topic: 'in', partition, offset });

describe('the recovery of a stream thread', () => {
  let now: number;
  let ends: Record<string, number>;
  let endOf: Record<string, { failed: boolean; at: number }>;
  let lost: string[];
  let kafkaIsAway: boolean;
  let recovered: Recovery[];
  let unmeasured: unknown[];

  beforeEach(() => {
    now = 1_000;
    ends = { 'in-0': 100, 'in-1': 50 };
    endOf = {};
    lost = [];
    kafkaIsAway = false;
    recovered = [];
    unmeasured = [];
  });

  function recoveryOf(awaySince?: number): ThreadRecovery {
    return new ThreadRecovery(
      {
        now: () => now,
        sessionTimeoutMs: 10_000,
        endOf: (member) => endOf[member],
        onLost: (member) => lost.push(member),
        inputEnds: async (partitions) => {
          if (kafkaIsAway) throw new Error('Kafka is away');
          return new Map(
            partitions.map(({ topic, partition }) => [`${topic}-${partition}`, ends[`${topic}-${String(partition)}`]!]),
          );
        },
        onRecovered: (recovery) => recovered.push(recovery),
        onUnmeasured: (error) => unmeasured.push(error),
      },
      awaySince,
    );
  }

  it('ends when all is committed that the inputs had when the tasks were open', async () => {
    const recovery = recoveryOf();
    recovery.failed(400);
    now = 1_700;
    recovery.opened([at(0, 90), at(1, 50)]);
    await recovery.allOpen();
    ends = { 'in-0': 5_000, 'in-1': 5_000 };
    now = 2_000;
    recovery.committed([at(0, 99)]);
    expect(recovered).toEqual([]);
    now = 2_600;
    recovery.committed([at(0, 130)]);
    recovery.committed([at(0, 200)]);
    expect(recovered).toEqual([{ detectMs: 600, restoreMs: 700, catchUpMs: 900 }]);
  });

  it('takes no time to catch up where nothing came meanwhile', async () => {
    const recovery = recoveryOf();
    recovery.failed(1_000);
    recovery.opened([at(0, 100)]);
    await recovery.allOpen();
    expect(recovered).toEqual([{ detectMs: 0, restoreMs: 0, catchUpMs: 0 }]);
  });

  it('counts commits of a task that was open before the others', async () => {
    const recovery = recoveryOf();
    recovery.failed(1_000);
    recovery.opened([at(0, 90)]);
    recovery.committed([at(0, 100)]);
    recovery.opened([at(1, 50)]);
    await recovery.allOpen();
    expect(recovered).toHaveLength(1);
  });

  it('of one that died is detected when another has its tasks', async () => {
    const recovery = recoveryOf(200);
    recovery.assigned([at(0, 0)]);
    now = 1_500;
    recovery.opened([at(0, 100)]);
    await recovery.allOpen();
    expect(recovered).toEqual([{ detectMs: 800, restoreMs: 500, catchUpMs: 0 }]);
  });

  describe('from the end of a member whose tasks it got', () => {
    async function takeOver(recovery: ThreadRecovery, ...owners: string[]): Promise<void> {
      now = 20_000;
      recovery.revoked();
      now = 20_400;
      recovery.assigned([at(0, 0)], owners);
      recovery.opened([at(0, 90)]);
      now = 21_000;
      await recovery.allOpen();
    }

    it('that died counts from a session time-out before the rebalance, and it tells of it', async () => {
      const recovery = recoveryOf();
      await takeOver(recovery, 'dead');
      expect(lost).toEqual(['dead']);
      recovery.committed([at(0, 100)]);
      expect(recovered).toEqual([{ detectMs: 10_400, restoreMs: 600, catchUpMs: 0 }]);
    });

    it('that came back and said when it died counts from then', async () => {
      const recovery = recoveryOf();
      await takeOver(recovery, 'dead');
      endOf['dead'] = { failed: true, at: 19_000 };
      recovery.committed([at(0, 100)]);
      expect(recovered).toMatchObject([{ detectMs: 1_400 }]);
    });

    it('whose thread died counts from then, and that one told of it itself', async () => {
      endOf['died'] = { failed: true, at: 19_500 };
      const recovery = recoveryOf();
      await takeOver(recovery, 'died');
      recovery.committed([at(0, 100)]);
      expect(lost).toEqual([]);
      expect(recovered).toMatchObject([{ detectMs: 900 }]);
    });

    it('that left as it should is none', async () => {
      endOf['stopped'] = { failed: false, at: 19_500 };
      const recovery = recoveryOf();
      await takeOver(recovery, 'stopped');
      recovery.committed([at(0, 100)]);
      expect([lost, recovered]).toEqual([[], []]);
    });

    it('counts from the first of several', async () => {
      endOf['stopped'] = { failed: false, at: 1_500 };
      endOf['died'] = { failed: true, at: 19_500 };
      const recovery = recoveryOf();
      await takeOver(recovery, 'stopped', 'died', 'dead');
      recovery.committed([at(0, 100)]);
      expect(lost).toEqual(['dead']);
      expect(recovered).toMatchObject([{ detectMs: 10_400 }]);
    });
  });

  it('goes on through a failure on the way', async () => {
    const recovery = recoveryOf();
    recovery.failed(900);
    recovery.opened([at(0, 90)]);
    await recovery.allOpen();
    now = 2_000;
    recovery.failed(1_900);
    recovery.committed([at(0, 100)]);
    expect(recovered).toEqual([]);
    now = 3_000;
    recovery.opened([at(0, 100)]);
    await recovery.allOpen();
    expect(recovered).toEqual([{ detectMs: 100, restoreMs: 2_000, catchUpMs: 0 }]);
  });

  it('does not wait for inputs that moved away', async () => {
    const recovery = recoveryOf();
    recovery.failed(1_000);
    recovery.opened([at(0, 0), at(1, 50)]);
    await recovery.allOpen();
    recovery.assigned([at(1, 0)]);
    await recovery.allOpen();
    expect(recovered).toHaveLength(1);
  });

  it('is none without a failure, or where a thread came back and got no tasks', async () => {
    const without = recoveryOf();
    without.assigned([at(0, 0)]);
    without.opened([at(0, 100)]);
    await without.allOpen();
    const idle = recoveryOf(0);
    idle.assigned([]);
    await idle.allOpen();
    expect(recovered).toEqual([]);
  });

  it('is not measured when Kafka does not say where the inputs end, and the next one is', async () => {
    const recovery = recoveryOf();
    recovery.failed(1_000);
    recovery.opened([at(0, 100)]);
    kafkaIsAway = true;
    await recovery.allOpen();
    expect(unmeasured).toHaveLength(1);
    kafkaIsAway = false;
    recovery.failed(1_000);
    recovery.opened([at(0, 100)]);
    await recovery.allOpen();
    expect(recovered).toHaveLength(1);
  });
});
