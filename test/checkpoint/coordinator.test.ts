import type { CheckpointMetadata } from '../../src/checkpoint/checkpoint-metadata';
import { continuously, everyInterval } from '../../src/checkpoint/checkpoint-schedule';
import { floorsOf } from '../../src/checkpoint/floors';
import { checkpointOf, savepointOf } from './checkpoints';
import { ControlTopic, settled } from './control-topic';

let topic: ControlTopic;

beforeEach(() => {
  topic = new ControlTopic();
});

describe('the coordinator begins a checkpoint', () => {
  it('only when every task is open somewhere', async () => {
    await topic.coordinator({ schedule: continuously() }).lead(1);
    topic.ready('a', ['0_0']);
    expect(topic.of('begin')).toEqual([]);
    topic.ready('b', ['0_1']);
    expect(topic.begun.participants).toEqual([
      { member: 'a', producer: 'a/1' },
      { member: 'b', producer: 'b/1' },
    ]);
  });

  it('only with members of its own generation', async () => {
    const coordinator = topic.coordinator({ schedule: continuously() });
    topic.ready('a');
    await coordinator.lead(2);
    expect(topic.of('begin')).toEqual([]);
    topic.ready('a', undefined, { generation: 2 });
    topic.ready('late', undefined, { generation: 1 });
    expect(topic.begun).toMatchObject({ generation: 2, participants: [{ member: 'a' }] });
    expect(topic.of('aborted')).toEqual([]);
  });

  it('only when its instance leads, and knows which numbers are taken', async () => {
    topic.written.push(checkpointOf(4));
    const coordinator = topic.coordinator({ schedule: continuously() });
    topic.ready('a');
    topic.request('r');
    const leads = coordinator.lead(1);
    expect(topic.of('begin')).toEqual([]);
    await leads;
    expect(topic.begun).toMatchObject({ number: 5, base: 'checkpoint-4' });
  });

  it('again later, when the snapshot store could not be read', async () => {
    let readable = false;
    const coordinator = topic.coordinator(
      { schedule: continuously() },
      {
        load: async () => {
          if (!readable) throw new Error('no route to host');
          return { kept: [], highestNumber: 8 };
        },
      },
    );
    topic.ready('a');
    await coordinator.lead(1);
    expect(topic.of('begin')).toEqual([]);
    readable = true;
    topic.pass(1_000);
    await settled();
    expect(topic.begun.number).toBe(9);
  });

  it('with a number above those that others began', async () => {
    const [first, second] = [topic.coordinator({ schedule: continuously() }), topic.coordinator()];
    topic.ready('a');
    await first.lead(1);
    first.resign('the consumer group rebalanced');
    await second.lead(2);
    topic.ready('a', undefined, { generation: 2 });
    topic.request('r');
    expect(topic.begun).toMatchObject({ number: 2, generation: 2 });
  });

  it('that shares no files when it is asked for a full one, and the next shares those of that', async () => {
    topic.written.push(checkpointOf(4));
    await topic.coordinator().lead(1);
    topic.ready('a');
    topic.request('full', { full: true });
    expect(topic.begun.number).toBe(5);
    expect(topic.begun.base).toBeUndefined();
    await topic.everyoneStores('a');
    topic.request('another');
    expect(topic.begun).toMatchObject({ number: 6, base: 'checkpoint-5' });
  });

  it('no sooner than the minimum pause after one that ended, unless somebody asks for it', async () => {
    await topic.coordinator({ schedule: continuously(), minPauseMs: 500 }).lead(1);
    topic.ready('a');
    await topic.everyoneStores('a');
    topic.pass(499);
    expect(topic.of('begin')).toHaveLength(1);
    topic.pass(1);
    expect(topic.of('begin')).toHaveLength(2);
    await topic.everyoneStores('a');
    topic.request('r');
    expect(topic.of('begin')).toHaveLength(3);
  });

  it('at each interval from beginning to beginning', async () => {
    await topic.coordinator({ schedule: everyInterval(1_000) }).lead(1);
    topic.ready('a');
    topic.pass(999);
    expect(topic.of('begin')).toEqual([]);
    topic.pass(1);
    topic.pass(300);
    await topic.everyoneStores('a');
    topic.pass(699);
    expect(topic.of('begin')).toHaveLength(1);
    topic.pass(1);
    expect(topic.of('begin')).toHaveLength(2);
  });
});

describe('the coordinator completes a checkpoint', () => {
  it('when every member has cut and every task is stored: then its metadata is written, and then it is said', async () => {
    const order: string[] = [];
    await topic
      .coordinator({}, { write: async ({ id }) => void order.push(`${id} before ${topic.of('completed').length}`) })
      .lead(1);
    topic.ready('a', ['0_0']);
    topic.ready('b', ['0_1']);
    topic.request('r');
    topic.cut('a');
    topic.stored('a', '0_0');
    topic.stored('b', '0_1');
    await settled();
    expect(order).toEqual([]);
    topic.cut('b');
    await settled();
    expect(order).toEqual(['checkpoint-1 before 0']);
    expect(topic.of('completed')).toMatchObject([{ number: 1, id: 'checkpoint-1' }]);
    expect(topic.answersTo('r')).toEqual(['begun', 'completed']);
  });

  it('without a word about another one', async () => {
    await topic.coordinator().lead(1);
    topic.ready('a');
    topic.request('r');
    topic.cut('a', { number: 9 });
    topic.cut('a', { generation: 9 });
    topic.cut('a', { producer: 'a/0' });
    topic.stored('a', '0_0');
    topic.stored('a', '0_1');
    await settled();
    expect(topic.written).toEqual([]);
  });

  it('and deletes what that made needless, below it, but not what the next one that is under way shares', async () => {
    await topic.coordinator({ schedule: continuously() }).lead(1);
    topic.ready('a');
    await topic.everyoneStores('a');
    expect(topic.retained).toEqual([{ below: 2, inUse: 'checkpoint-1' }]);
    await topic.everyoneStores('a');
    expect(topic.retained.at(-1)).toEqual({ below: 3, inUse: 'checkpoint-2' });
  });

  it('and offers its files to the next; those of a savepoint never', async () => {
    await topic.coordinator().lead(1);
    topic.ready('a');
    topic.request('r1');
    expect(topic.begun.base).toBeUndefined();
    await topic.everyoneStores('a');
    topic.request('r2', { kind: 'savepoint', id: 'mine' });
    await topic.everyoneStores('a');
    topic.request('r3');
    expect(topic.begun.base).toBe('checkpoint-1');
  });

  it('whose files are shared though an older deletion ends only now', async () => {
    const deletions: ((kept: readonly CheckpointMetadata[]) => void)[] = [];
    await topic.coordinator({}, { retain: () => new Promise((resolve) => deletions.push(resolve)) }).lead(1);
    topic.ready('a');
    for (const request of ['r1', 'r2']) {
      topic.request(request);
      await topic.everyoneStores('a');
    }
    deletions[0]!([topic.written[0]!]);
    await settled();
    topic.request('r3');
    expect(topic.begun.base).toBe('checkpoint-2');
  });

  it('and goes on when old ones cannot be deleted', async () => {
    const retain = async (): Promise<never> => {
      throw new Error('read-only');
    };
    await topic.coordinator({ schedule: continuously() }, { retain }).lead(1);
    topic.ready('a');
    await topic.everyoneStores('a');
    await topic.everyoneStores('a');
    expect(topic.written.map(({ id }) => id)).toEqual(['checkpoint-1', 'checkpoint-2']);
  });

  it('but a coordinator that another one has followed writes no metadata', async () => {
    let copied!: () => void;
    const copying = new Promise<void>((resolve) => (copied = resolve));
    const coordinator = topic.coordinator({}, {}, () => copying.then(() => []));
    await coordinator.lead(1);
    topic.ready('a');
    topic.request('r', { kind: 'savepoint', id: 'mine' });
    await topic.everyoneStores('a');
    coordinator.resign('the consumer group rebalanced');
    copied();
    await settled();
    expect(topic.written).toEqual([]);
    expect(topic.answersTo('r')).toEqual(['begun', 'failed']);
  });
});

describe('the coordinator aborts a checkpoint', () => {
  beforeEach(async () => {
    await topic.coordinator({ timeoutMs: 5_000 }).lead(1);
    topic.ready('a', ['0_0']);
    topic.ready('b', ['0_1']);
    topic.request('r');
  });

  const reason = (): string | undefined => topic.of('aborted').at(-1)?.reason;

  it('when a member comes back with another producer', () => {
    topic.ready('b', ['0_1'], { producer: 'b/2' });
    expect(reason()).toContain('opened them again');
    expect(topic.answersTo('r')).toEqual(['begun', 'failed']);
  });

  it('when a member declines it', () => {
    topic.say({ type: 'declined', generation: 1, number: 1, member: 'b', reason: 'disk full', failed: true });
    expect(reason()).toBe('disk full');
  });

  it('not when a member declines another one', () => {
    topic.say({ type: 'declined', generation: 1, number: 7, member: 'b', reason: 'disk full', failed: true });
    expect(topic.of('aborted')).toEqual([]);
  });

  it('when it takes too long, and says whose word is missing', () => {
    topic.cut('a');
    topic.stored('a', '0_0');
    topic.pass(4_999);
    expect(topic.of('aborted')).toEqual([]);
    topic.pass(1);
    expect(reason()).toContain('0_1');
    expect(reason()).not.toContain('0_0');
  });

  it('and what is said of it afterwards changes nothing', async () => {
    topic.ready('b', ['0_1'], { producer: 'b/2' });
    const { begun } = topic;
    topic.cut('a');
    topic.cut('b');
    topic.stored('a', '0_0');
    topic.stored('b', '0_1');
    await settled();
    expect(begun).toBe(topic.begun);
    expect(topic.written).toEqual([]);
  });
});

describe('the coordinator aborts', () => {
  it('when the group rebalances, and begins anew in the next generation', async () => {
    const coordinator = topic.coordinator({ schedule: continuously() });
    await coordinator.lead(1);
    topic.ready('a');
    await coordinator.lead(2);
    expect(topic.of('aborted')).toMatchObject([{ generation: 1, number: 1 }]);
    topic.ready('a', undefined, { generation: 2 });
    expect(topic.begun).toMatchObject({ generation: 2, number: 2 });
  });

  it('when metadata cannot be written, and says so to whoever asked', async () => {
    const write = async (): Promise<never> => {
      throw new Error('no space left');
    };
    await topic.coordinator({}, { write }).lead(1);
    topic.ready('a');
    topic.request('r');
    await topic.everyoneStores('a');
    expect(topic.of('answer').at(-1)?.outcome).toEqual({
      status: 'failed',
      reason: 'it could not be completed: no space left',
    });
    expect(topic.of('completed')).toEqual([]);
  });
});

describe('a request', () => {
  it('that is sent again is answered again, with no other checkpoint', async () => {
    await topic.coordinator().lead(1);
    topic.ready('a');
    topic.request('r');
    topic.request('r');
    await topic.everyoneStores('a');
    topic.request('r');
    expect(topic.of('begin')).toHaveLength(1);
    expect(topic.answersTo('r')).toEqual(['begun', 'completed', 'completed']);
  });

  it('that was answered by another coordinator is not begun again', async () => {
    const [first, second] = [topic.coordinator(), topic.coordinator()];
    await first.lead(1);
    topic.ready('a');
    topic.request('r');
    await topic.everyoneStores('a');
    first.resign('the consumer group rebalanced');
    await second.lead(2);
    topic.ready('a', undefined, { generation: 2 });
    topic.request('r');
    expect(topic.of('begin')).toHaveLength(1);
    expect(topic.answersTo('r').at(-1)).toBe('completed');
  });

  it('that waited when its coordinator was followed by another is left to that one', async () => {
    const [first, second] = [topic.coordinator(), topic.coordinator()];
    await first.lead(1);
    topic.request('r', { thenStop: true });
    first.resign('the consumer group rebalanced');
    await second.lead(2);
    topic.ready('a', undefined, { generation: 2 });
    topic.request('r', { thenStop: true });
    await topic.everyoneStores('a');
    second.resign('the consumer group rebalanced');
    await first.lead(3);
    topic.ready('a', undefined, { generation: 3 });
    expect(topic.of('begin')).toHaveLength(1);
  });

  it('waits for its turn: one checkpoint at a time', async () => {
    await topic.coordinator().lead(1);
    topic.ready('a');
    topic.request('r1');
    topic.request('r2');
    expect(topic.of('begin')).toHaveLength(1);
    await topic.everyoneStores('a');
    expect(topic.of('begin')).toHaveLength(2);
    expect(topic.answersTo('r2')).toEqual(['begun']);
  });
});

describe('failures one after the other', () => {
  const decline = (failed: boolean): void => {
    const { generation, number } = topic.begun;
    topic.say({ type: 'declined', generation, number, member: 'a', reason: 'disk full', failed });
  };

  it('fail the application when they are more than are tolerated', async () => {
    await topic.coordinator({ schedule: continuously(), toleratedFailures: 2 }).lead(1);
    topic.ready('a');
    decline(true);
    decline(true);
    expect(topic.fatal).toEqual([]);
    decline(true);
    expect(topic.fatal).toEqual(['disk full']);
    expect(topic.of('begin')).toHaveLength(3);
  });

  it('are counted from the last that completed', async () => {
    await topic.coordinator({ schedule: continuously(), toleratedFailures: 1 }).lead(1);
    topic.ready('a');
    decline(true);
    await topic.everyoneStores('a');
    decline(true);
    expect(topic.fatal).toEqual([]);
  });

  it('are never too many where any number is tolerated', async () => {
    await topic.coordinator({ schedule: continuously() }).lead(1);
    topic.ready('a');
    for (let failure = 0; failure < 50; failure++) decline(true);
    expect(topic.fatal).toEqual([]);
  });

  it('are none of the snapshots when members come and go', async () => {
    const coordinator = topic.coordinator({ schedule: continuously(), toleratedFailures: 0 });
    await coordinator.lead(1);
    topic.ready('a');
    await coordinator.lead(2);
    topic.ready('a', undefined, { generation: 2 });
    topic.ready('a', undefined, { generation: 2, producer: 'a/2' });
    decline(false);
    expect(topic.of('aborted')).toHaveLength(3);
    expect(topic.fatal).toEqual([]);
  });
});

describe('floors', () => {
  const channel = (name: string, partition: number, from: number) => ({
    channels: [{ topic: { name, internal: true }, partition, from, barriers: [] }],
  });
  const floor = (name: string, partition: number, offset: number) => ({
    topic: { name, internal: true },
    partition,
    offset,
  });

  it('are the lowest offsets that a kept checkpoint needs; savepoints need none', () => {
    const kept = [
      checkpointOf(1, [], channel('words', 0, 30)),
      { ...savepointOf(2, 'mine'), ...channel('words', 0, 5) },
      checkpointOf(3, [], channel('words', 0, 40)),
      checkpointOf(4, [], channel('words', 1, 7)),
    ];
    expect(floorsOf(kept)).toEqual([floor('words', 0, 30), floor('words', 1, 7)]);
  });

  it('are said by whoever leads, when it begins to and after each checkpoint', async () => {
    topic.written.push(checkpointOf(1, [], channel('words', 0, 30)));
    await topic.coordinator().lead(1);
    expect(topic.of('floors')).toMatchObject([{ floors: [floor('words', 0, 30)] }]);
    topic.written.length = 0;
    topic.ready('a');
    topic.request('r');
    await topic.everyoneStores('a');
    expect(topic.of('floors').at(-1)?.floors).toEqual([]);
  });
});
