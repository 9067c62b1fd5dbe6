import fc from 'fast-check';
import { ChannelCut } from '../../src/checkpoint/channel-cut';
import type { BarrierPosition } from '../../src/checkpoint/checkpoint-metadata';

interface Written {
  readonly producerId: string;
  readonly isBarrier: boolean;
  /** Its sender's cut holds it as sent. */
  readonly sent: boolean;
}

const participants = ['1', '2', '3'];

/** What becomes of a checkpoint in one partition: who writes what in which order, told from the senders' side. */
const histories: fc.Arbitrary<Written[]> = fc
  .record({
    before: fc.array(fc.constantFrom('1', '2', '3', 'retired'), { maxLength: 12 }),
    during: fc.array(fc.constantFrom(...participants), { maxLength: 20 }),
    cuts: fc.shuffledSubarray(participants, { minLength: 1 }),
    after: fc.array(fc.constantFrom('1', '2', '3', 'late'), { maxLength: 12 }),
    gaps: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ before, during, cuts, after, gaps }) => {
    const log: Written[] = before
      .filter((producerId) => producerId === 'retired' || cuts.includes(producerId))
      .map((producerId) => ({ producerId, isBarrier: false, sent: true }));
    const waiting = [...cuts];
    const cut = new Set<string>();
    const write = (producerId: string): void => {
      if (cuts.includes(producerId)) log.push({ producerId, isBarrier: false, sent: !cut.has(producerId) });
    };
    during.forEach((producerId, index) => {
      write(producerId);
      if (waiting.length === 0 || index % (1 + gaps[0]! + gaps[1]!) !== gaps[2]!) return;
      const next = waiting.shift()!;
      cut.add(next);
      log.push({ producerId: next, isBarrier: true, sent: false });
    });
    for (const producerId of waiting) {
      cut.add(producerId);
      log.push({ producerId, isBarrier: true, sent: false });
    }
    for (const producerId of after) log.push({ producerId, isBarrier: false, sent: false });
    return log;
  });

const barriersOf = (log: readonly Written[]): BarrierPosition[] =>
  log.flatMap(({ producerId, isBarrier }, offset) => (isBarrier ? [{ producerId, offset }] : []));

describe('ChannelCut', () => {
  it('counts what senders had sent at their cut, and nothing that they sent after it', () => {
    fc.assert(
      fc.property(histories, (log) => {
        const cut = new ChannelCut(barriersOf(log));
        const counted = log.map(({ producerId }, offset) => cut.includes(producerId, offset));
        expect(counted).toEqual(log.map(({ sent }) => sent));
      }),
      { numRuns: 500 },
    );
  });

  it('follows the rule, whatever the log: before the own barrier, or before the first one', () => {
    const logs = fc.array(fc.record({ producerId: fc.constantFrom('1', '2', '-1', '9007199254740993') }));
    const positions = fc.uniqueArray(
      fc.record({ producerId: fc.constantFrom('1', '2', '9007199254740993'), offset: fc.nat(20) }),
      { selector: ({ producerId }) => producerId, minLength: 1 },
    );
    fc.assert(
      fc.property(logs, positions, (log, barriers) => {
        const cut = new ChannelCut(barriers);
        log.forEach(({ producerId }, offset) => {
          const own = barriers.filter((barrier) => barrier.producerId === producerId);
          const expected =
            own.length > 0 ? offset < own[0]!.offset : barriers.every((barrier) => offset < barrier.offset);
          expect(cut.includes(producerId, offset)).toBe(expected);
        });
      }),
    );
  });

  it('ends at the last barrier: nothing at it or behind it counts', () => {
    fc.assert(
      fc.property(histories, fc.nat(10), (log, beyond) => {
        const cut = new ChannelCut(barriersOf(log));
        expect(log[cut.end]).toMatchObject({ isBarrier: true });
        for (const producerId of [...participants, 'retired', 'late'])
          expect(cut.includes(producerId, cut.end + beyond)).toBe(false);
      }),
    );
  });

  it('counts nothing where no producer wrote a barrier', () => {
    const cut = new ChannelCut([]);
    expect(cut.end).toBe(0);
    expect(cut.includes('1', 0)).toBe(false);
  });

  it('takes the first of two barriers of one producer', () => {
    const cut = new ChannelCut([
      { producerId: '1', offset: 7 },
      { producerId: '1', offset: 4 },
    ]);
    expect([3, 4, 6].map((offset) => cut.includes('1', offset))).toEqual([true, false, false]);
    expect(cut.end).toBe(4);
  });
});
