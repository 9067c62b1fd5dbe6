import fc from 'fast-check';
import { assignTasks, type MemberTasks } from '../../src/runtime/task-assignor';

const member = (memberId: string, owned: string[] = [], local: [string, number][] = []): MemberTasks => ({
  memberId,
  owned,
  local: new Map(local),
});

const members = fc.uniqueArray(fc.nat(40), { minLength: 1, maxLength: 8 }).chain((ids) =>
  fc.tuple(
    ...ids.map((id) =>
      fc
        .tuple(fc.uniqueArray(fc.nat(30), { maxLength: 12 }), fc.uniqueArray(fc.nat(30), { maxLength: 12 }))
        .map(([owned, local]) =>
          member(
            `m${id}`,
            owned.map((task) => `0_${task}`),
            local.map((task) => [`0_${task}`, task * 7]),
          ),
        ),
    ),
  ),
);

describe('assignTasks', () => {
  it('gives every task to exactly one member, and no member more than one task above another', () => {
    fc.assert(
      fc.property(fc.nat(31), members, (count, known) => {
        const tasks = Array.from({ length: count }, (_, index) => `0_${index}`);
        const assigned = assignTasks(tasks, known);
        expect([...assigned.values()].flat().sort()).toEqual([...tasks].sort());
        const sizes = [...assigned.values()].map((list) => list.length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('changes nothing when it is asked again with what it assigned', () => {
    fc.assert(
      fc.property(fc.nat(31), members, (count, known) => {
        const tasks = Array.from({ length: count }, (_, index) => `0_${index}`);
        const first = assignTasks(tasks, known);
        const again = assignTasks(
          tasks,
          known.map(({ memberId, local }) => ({ memberId, owned: first.get(memberId)!, local })),
        );
        expect([...again].map(([id, list]) => [id, [...list].sort()])).toEqual(
          [...first].map(([id, list]) => [id, [...list].sort()]),
        );
      }),
    );
  });

  it('does not depend on the order of the members', () => {
    const known = [member('b', ['0_0', '0_1']), member('a', [], [['0_2', 5]]), member('c')];
    const tasks = ['0_0', '0_1', '0_2', '0_3'];
    expect([...assignTasks(tasks, known)].sort()).toEqual([...assignTasks(tasks, [...known].reverse())].sort());
  });

  it('takes from an owner only what balance needs when a member joins', () => {
    const assigned = assignTasks(
      ['0_0', '0_1', '0_2', '0_3'],
      [member('old', ['0_0', '0_1', '0_2', '0_3']), member('new')],
    );
    expect(assigned.get('old')).toHaveLength(2);
    expect(assigned.get('new')).toHaveLength(2);
  });

  it('prefers the member that has the most of the state on its disk', () => {
    const assigned = assignTasks(
      ['0_0'],
      [member('a', [], [['0_0', 10]]), member('b', [], [['0_0', 90]]), member('c')],
    );
    expect(assigned.get('b')).toEqual(['0_0']);
  });

  it('prefers the owner to a member with more state', () => {
    const assigned = assignTasks(['0_0'], [member('a', ['0_0'], []), member('b', [], [['0_0', 90]])]);
    expect(assigned.get('a')).toEqual(['0_0']);
  });
});
