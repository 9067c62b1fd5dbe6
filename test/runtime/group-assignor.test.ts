import { assignedTasks, createGroupAssignor, livingMembers } from '../../src/runtime/group-assignor';
import { TaskId } from '../../src/task/task-id';

const tasks = [new TaskId(0, 0), new TaskId(0, 1), new TaskId(1, 0), new TaskId(1, 1)];
const assignable = {
  tasks,
  inputsOf: ({ subtopology, partition }: TaskId) =>
    subtopology === 0
      ? [
          { topic: 'left', partition },
          { topic: 'right', partition },
        ]
      : [{ topic: 'other', partition }],
};
const assignorOf = (owned: readonly string[] = [], local: ReadonlyMap<string, number> = new Map()) =>
  createGroupAssignor(assignable, () => ({ owned, local }));
const member = (memberId: string, userData: Buffer) => ({ memberId, userData, topics: ['left', 'right', 'other'] });

describe('the group assignor', () => {
  it('tells each member its tasks, and the partitions that belong to them', async () => {
    const assigned = await assignorOf().assign([
      member('a', assignorOf().userData()),
      member('b', assignorOf().userData()),
    ]);
    const ids = [...assigned.values()].flatMap(({ userData }) => assignedTasks(userData).map(String));
    expect(ids.sort()).toEqual(['0_0', '0_1', '1_0', '1_1']);
    for (const { userData, partitions } of assigned.values()) {
      expect(partitions).toEqual(assignedTasks(userData).flatMap((id) => assignable.inputsOf(id)));
    }
  });

  it('hears from each member what it owns and what it has on disk', async () => {
    const assigned = await assignorOf().assign([
      member('a', assignorOf(['0_1']).userData()),
      member('b', assignorOf([], new Map([['1_1', 500]])).userData()),
    ]);
    expect(assignedTasks(assigned.get('a')!.userData).map(String)).toContain('0_1');
    expect(assignedTasks(assigned.get('b')!.userData).map(String)).toContain('1_1');
  });

  it.each(['', 'no JSON', 'null', '7', '{"version":2}', '{"owned":5,"local":{"0_0":1}}'])(
    'takes a member that says %j for one that owns nothing',
    async (said) => {
      const assigned = await assignorOf().assign([
        member('a', Buffer.from(said)),
        member('b', assignorOf().userData()),
      ]);
      expect([...assigned.values()].map(({ userData }) => assignedTasks(userData).length)).toEqual([2, 2]);
    },
  );

  it('tells each member who is in the group', async () => {
    const assigned = await assignorOf().assign([
      member('a', assignorOf().userData()),
      member('b', Buffer.from('no JSON')),
    ]);
    expect([...assigned.values()].map(({ userData }) => livingMembers(userData))).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    expect(livingMembers(Buffer.from('{"version":1,"tasks":[]}'))).toBeUndefined();
  });

  it('reads an assignment without tasks', () => {
    expect(assignedTasks(Buffer.alloc(0))).toEqual([]);
  });
});
