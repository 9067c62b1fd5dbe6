import { timeBetweenFailures } from '../../src/checkpoint/availability';
import { AvailabilityFigures } from '../../src/checkpoint/availability-figures';
import type { ControlMessage } from '../../src/checkpoint/control-messages';
import { MemberRegister } from '../../src/checkpoint/member-register';

const HOUR = 3_600_000;
const ready = (member: string, process: string, tasks: string[], generation = 1): ControlMessage => ({
  type: 'ready',
  generation,
  member,
  producer: member,
  tasks,
  process,
});
const lost = (...members: string[]): ControlMessage => ({ type: 'failure', kind: 'instance-killed', members });
const recovery = { detectMs: 1, restoreMs: 2, catchUpMs: 3 };

describe('the availability of an application', () => {
  let register: MemberRegister;
  let figures: AvailabilityFigures;
  const hear = (...messages: ControlMessage[]): boolean[] =>
    messages.map((message) => {
      register.heard(message, 0);
      return figures.heard(message);
    });

  beforeEach(() => {
    register = new MemberRegister();
    figures = new AvailabilityFigures(register, 0);
  });

  it('adds up what all instances tell', () => {
    hear(
      { type: 'failure', kind: 'tasks-dropped' },
      { type: 'replayed', records: 10 },
      { type: 'replayed', records: 5 },
      { type: 'recovered', recovery },
      { type: 'failure', kind: 'tasks-dropped' },
    );
    expect(figures.current).toEqual({ since: 0, failures: 2, replayedRecords: 15, lastRecovery: recovery });
    expect(timeBetweenFailures(figures.current, HOUR)).toBe(HOUR / 2);
  });

  it('has an infinite time between failures before the first one', () => {
    expect(timeBetweenFailures(figures.current, figures.current.since)).toBe(Infinity);
  });

  it('counts a process that was killed once, whoever tells of which of its threads', () => {
    hear(ready('a-1', 'a', ['0_0']), ready('a-2', 'a', ['0_1']), ready('b-1', 'b', ['0_2']));
    expect(hear(lost('a-1'), lost('a-2'), lost('a-1', 'a-2'))).toEqual([true, false, false]);
    expect(hear(lost('b-1'))).toEqual([true]);
  });

  it('counts a process once that was never heard of, when it tells of the same members itself', () => {
    expect(hear(lost('a-2'), lost('a-1', 'a-2'))).toEqual([true, false]);
  });

  it('goes on from a checkpoint that was complete before, once', () => {
    hear({ type: 'failure', kind: 'thread-died' });
    const before = { since: -HOUR, failures: 4, replayedRecords: 7, lastRecovery: recovery };
    figures.continueFrom(before);
    figures.continueFrom(before);
    expect(figures.current).toEqual({ since: -HOUR, failures: 5, replayedRecords: 7, lastRecovery: recovery });
  });

  it('hears from the coordinator what was before, and keeps what that did not know yet', () => {
    const completed: ControlMessage = {
      type: 'completed',
      generation: 1,
      number: 1,
      id: 'checkpoint-1',
      thenStop: false,
      availability: { since: -HOUR, failures: 4, replayedRecords: 7 },
    };
    hear(completed, { type: 'failure', kind: 'thread-died' }, completed);
    expect(figures.current).toMatchObject({ since: -HOUR, failures: 5, replayedRecords: 7 });
    figures.continueFrom({ since: -HOUR, failures: 4, replayedRecords: 7 });
    expect(figures.current.failures).toBe(5);
  });
});

describe('the register of members', () => {
  it('knows the newest owner of each task', () => {
    const register = new MemberRegister();
    register.heard(ready('old', 'o', ['0_0', '0_1'], 1), 0);
    register.heard(ready('new', 'n', ['0_1'], 2), 0);
    expect([...register.ownersOf(['0_1'])]).toEqual(['new']);
    expect([...register.ownersOf(['0_0', '0_1', '0_2'])].sort()).toEqual(['new', 'old']);
  });

  it('knows how members ended, and prefers what a process says of its own last sign of life', () => {
    const register = new MemberRegister();
    register.heard({ type: 'left', member: 'a', failed: false }, 5);
    register.heard({ type: 'left', member: 'b', failed: true }, 6);
    register.heard(lost('c'), 7);
    expect([register.endOf('a'), register.endOf('b'), register.endOf('c')]).toEqual([
      { failed: false, at: 5 },
      { failed: true, at: 6 },
      undefined,
    ]);
    register.heard({ type: 'failure', kind: 'instance-killed', members: ['c'], since: 3 }, 8);
    expect(register.endOf('c')).toEqual({ failed: true, at: 3 });
  });

  it('forgets members that are long gone', () => {
    const register = new MemberRegister();
    register.heard(ready('old', 'o', ['0_0'], 1), 0);
    register.heard(ready('new', 'n', ['0_1'], 100), 0);
    expect([...register.ownersOf(['0_0'])]).toEqual([]);
  });
});
