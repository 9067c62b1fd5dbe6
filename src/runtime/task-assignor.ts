/** What the leader of the group knows of a member when it assigns tasks. */
export interface MemberTasks {
  readonly memberId: string;
  /** Tasks that it ran until now. */
  readonly owned: readonly string[];
  /** Tasks whose state is on its disk, with the sum of the changelog positions: the higher, the less there is to restore. */
  readonly local: ReadonlyMap<string, number>;
}

/**
 * Assigns every task to one member: as evenly as whole tasks allow, and within that to where the state is.
 *
 * A task stays with its owner, else goes to the member that has the most of its state on disk, else to the one with the fewest
 * tasks. The same input gives the same assignment whatever its order.
 */
export function assignTasks(tasks: readonly string[], members: readonly MemberTasks[]): Map<string, string[]> {
  const byId = [...members].sort((a, b) => compare(a.memberId, b.memberId));
  const assigned = new Map<string, string[]>(byId.map((member) => [member.memberId, []]));
  if (byId.length === 0) return assigned;
  const quota = new Quota(tasks.length, byId.length, assigned);
  const unassigned = new Set(tasks);
  const give = (task: string, memberId: string): void => {
    quota.give(task, memberId);
    unassigned.delete(task);
  };

  for (const member of byId) {
    for (const task of member.owned) {
      if (unassigned.has(task) && quota.hasRoom(member.memberId)) give(task, member.memberId);
    }
  }
  for (const task of [...unassigned]) {
    const holders = byId
      .filter((member) => member.local.has(task))
      .sort(
        (a, b) =>
          b.local.get(task)! - a.local.get(task)! ||
          assigned.get(a.memberId)!.length - assigned.get(b.memberId)!.length,
      );
    const holder = holders.find((member) => quota.hasRoom(member.memberId));
    if (holder !== undefined) give(task, holder.memberId);
  }
  for (const task of [...unassigned]) {
    let least = byId[0]!;
    for (const member of byId) {
      if (assigned.get(member.memberId)!.length < assigned.get(least.memberId)!.length) least = member;
    }
    give(task, least.memberId);
  }
  return assigned;
}

/** With t tasks for m members, t mod m members may have one task more than the others. */
class Quota {
  private readonly floor: number;
  private larger: number;

  constructor(
    taskCount: number,
    memberCount: number,
    private readonly assigned: Map<string, string[]>,
  ) {
    this.floor = Math.floor(taskCount / memberCount);
    this.larger = taskCount % memberCount;
  }

  hasRoom(memberId: string): boolean {
    const count = this.assigned.get(memberId)!.length;
    return count < this.floor || (count === this.floor && this.larger > 0);
  }

  give(task: string, memberId: string): void {
    const tasks = this.assigned.get(memberId)!;
    if (tasks.length === this.floor) this.larger--;
    tasks.push(task);
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
