import type { Begin, ControlMessage } from '../../src/checkpoint/control-messages';
import { CheckpointParticipant } from '../../src/checkpoint/participant';

const begin = (number: number, changes: Partial<Begin> = {}): Begin => ({
  type: 'begin',
  generation: 1,
  number,
  participants: [{ member: 'a', producer: 'a/1' }],
  thenStop: false,
  ...changes,
});

const barrier = (checkpoint: number, generation = 1) => ({ checkpoint, generation });

describe('a stream thread in checkpoints', () => {
  let said: ControlMessage[];
  let wakes: number;
  let thread: CheckpointParticipant;

  beforeEach(() => {
    said = [];
    wakes = 0;
    thread = new CheckpointParticipant({ send: (message) => said.push(message), wake: () => wakes++ });
    thread.ready({ generation: 1, member: 'a', producer: 'a/1', tasks: ['0_0'] });
  });

  const declined = (): ControlMessage[] => said.filter(({ type }) => type === 'declined');

  it('tells the coordinator when its tasks are open', () => {
    expect(said).toEqual([{ type: 'ready', generation: 1, member: 'a', producer: 'a/1', tasks: ['0_0'] }]);
  });

  it('cuts once for each checkpoint, at its next commit', () => {
    thread.begun(begin(1, { base: 'checkpoint-0' }));
    expect(thread.cutOrder).toEqual({ barrier: barrier(1), base: 'checkpoint-0', thenStop: false });
    expect(wakes).toBe(1);
    thread.cutBegun(thread.cutOrder!);
    expect(thread.cutOrder).toBeUndefined();
    thread.begun(begin(1));
    expect(thread.cutOrder).toBeUndefined();
  });

  it('holds at a barrier that comes before the message, until it has cut', () => {
    expect(thread.mayPass(barrier(1))).toBe(false);
    thread.begun(begin(1));
    expect(thread.mayPass(barrier(1))).toBe(false);
    thread.cutBegun(thread.cutOrder!);
    expect(thread.mayPass(barrier(1))).toBe(true);
    expect(thread.mayPass(barrier(2))).toBe(false);
  });

  it('passes barriers of other generations: who wrote them is gone, or will be', () => {
    expect(thread.mayPass(barrier(7, 0))).toBe(true);
    expect(thread.mayPass(barrier(1, 2))).toBe(true);
  });

  it('passes barriers while it is no member', () => {
    thread.interrupted('the consumer group rebalanced');
    expect(thread.mayPass(barrier(1))).toBe(true);
  });

  it('passes barriers of a checkpoint that has ended, and of those before it', () => {
    thread.ended(1, 3);
    expect([2, 3, 4].map((number) => thread.mayPass(barrier(number)))).toEqual([true, true, false]);
    expect(wakes).toBe(1);
  });

  it('does not cut for a checkpoint that ended before its commit', () => {
    thread.begun(begin(1));
    thread.ended(1, 1);
    expect(thread.cutOrder).toBeUndefined();
  });

  it('declines one that began with a producer that it has replaced, and passes its barriers', () => {
    thread.ready({ generation: 1, member: 'a', producer: 'a/2', tasks: ['0_0'] });
    thread.begun(begin(1));
    expect(thread.cutOrder).toBeUndefined();
    expect(declined()).toMatchObject([{ generation: 1, number: 1, member: 'a', failed: false }]);
    expect(thread.mayPass(barrier(1))).toBe(true);
  });

  it('declines one that it should have cut for when its tasks go', () => {
    thread.begun(begin(1));
    thread.interrupted('the consumer group rebalanced');
    expect(declined()).toMatchObject([{ number: 1, reason: 'the consumer group rebalanced', failed: false }]);
    expect(thread.cutOrder).toBeUndefined();
  });

  it('does not decline one that it has cut for, nor any when there is none', () => {
    thread.interrupted('the consumer group rebalanced');
    thread.ready({ generation: 1, member: 'a', producer: 'a/1', tasks: ['0_0'] });
    thread.begun(begin(1));
    thread.cutBegun(thread.cutOrder!);
    thread.interrupted('the consumer group rebalanced');
    expect(declined()).toEqual([]);
  });

  it('does not cut a second time with the tasks opened again, though the checkpoint still runs', () => {
    thread.begun(begin(1));
    thread.cutBegun(thread.cutOrder!);
    thread.interrupted('a commit failed');
    thread.ready({ generation: 1, member: 'a', producer: 'a/2', tasks: ['0_0'] });
    thread.begun(begin(1));
    expect(thread.cutOrder).toBeUndefined();
    expect(thread.mayPass(barrier(1))).toBe(true);
  });

  it('says that a snapshot failed, while it is a member of that generation', () => {
    thread.failed(barrier(1), 'disk full');
    thread.failed(barrier(1, 0), 'disk full');
    expect(declined()).toMatchObject([{ generation: 1, number: 1, reason: 'disk full', failed: true }]);
  });

  it('hears of a checkpoint that began before its tasks were open: its barriers hold nothing back', () => {
    const late = new CheckpointParticipant({ send: () => undefined, wake: () => undefined });
    late.begun(begin(4));
    late.ready({ generation: 1, member: 'b', producer: 'b/1', tasks: ['0_1'] });
    expect([4, 5].map((number) => late.mayPass(barrier(number)))).toEqual([true, false]);
  });

  it('counts anew in the next generation', () => {
    thread.ended(1, 5);
    thread.interrupted('the consumer group rebalanced');
    thread.ready({ generation: 2, member: 'a', producer: 'a/1', tasks: ['0_0'] });
    expect(thread.mayPass(barrier(5, 2))).toBe(false);
    thread.begun(begin(6, { generation: 2 }));
    expect(thread.cutOrder?.barrier).toEqual(barrier(6, 2));
  });

  describe('when the application stops with a checkpoint', () => {
    beforeEach(() => {
      thread.begun(begin(1, { thenStop: true }));
    });

    it('processes until its cut, and nothing behind it', () => {
      expect(thread.isHolding).toBe(false);
      thread.cutBegun(thread.cutOrder!);
      expect(thread.isHolding).toBe(true);
    });

    it('holds on when it is complete', () => {
      thread.cutBegun(thread.cutOrder!);
      thread.ended(1, 1, true);
      expect(thread.isHolding).toBe(true);
    });

    it('goes on when it was aborted', () => {
      thread.cutBegun(thread.cutOrder!);
      thread.ended(1, 1);
      expect(thread.isHolding).toBe(false);
    });

    it('holds through a rebalance until it hears how that ended', () => {
      thread.cutBegun(thread.cutOrder!);
      thread.interrupted('the consumer group rebalanced');
      expect(thread.isHolding).toBe(true);
      thread.ended(1, 1);
      expect(thread.isHolding).toBe(false);
    });

    it('holds through a rebalance until another coordinator leads, which knows nothing of it', () => {
      thread.cutBegun(thread.cutOrder!);
      thread.interrupted('the consumer group rebalanced');
      thread.coordinatorChanged(1);
      expect(thread.isHolding).toBe(true);
      thread.coordinatorChanged(2);
      expect(thread.isHolding).toBe(false);
    });
  });
});
