import type { Assignment, GroupAssignor, GroupMemberDescription } from '../kafka';
import { TaskId } from '../task/task-id';
import { assignTasks, type MemberTasks } from './task-assignor';

/* What members tell the leader and the leader tells them, as JSON in the user data of Kafka's group protocol. */

interface SubscriptionData {
  readonly version: 1;
  readonly owned: readonly string[];
  /** [task, sum of changelog positions]. */
  readonly local: readonly (readonly [string, number])[];
}

interface AssignmentData {
  readonly version: 1;
  readonly tasks: readonly string[];
  /** All members of this generation. */
  readonly members?: readonly string[];
}

/** What the leader has to know of the topology. */
export interface AssignableTasks {
  readonly tasks: readonly TaskId[];
  /** Input topics of a subtopology that have this partition. */
  inputsOf(task: TaskId): readonly { readonly topic: string; readonly partition: number }[];
}

/** Assigns whole tasks, so that partitions that are processed together stay together, and tells each member its tasks. */
export function createGroupAssignor(
  assignable: AssignableTasks,
  ownTasks: () => { readonly owned: readonly string[]; readonly local: ReadonlyMap<string, number> },
): GroupAssignor {
  return {
    name: 'millrace',
    userData(): Buffer {
      const { owned, local } = ownTasks();
      const data: SubscriptionData = { version: 1, owned, local: [...local] };
      return Buffer.from(JSON.stringify(data));
    },
    async assign(members: readonly GroupMemberDescription[]): Promise<Map<string, Assignment>> {
      const known = members.map(({ memberId, userData }): MemberTasks => {
        const { owned, local } = readSubscription(userData);
        return { memberId, owned, local: new Map(local) };
      });
      const assigned = assignTasks(assignable.tasks.map(String), known);
      return new Map(
        [...assigned].map(([memberId, tasks]) => {
          const data: AssignmentData = { version: 1, tasks, members: known.map((member) => member.memberId) };
          const partitions = tasks.flatMap((task) => assignable.inputsOf(TaskId.parse(task)!));
          return [memberId, { partitions, userData: Buffer.from(JSON.stringify(data)) }];
        }),
      );
    },
  };
}

/** The tasks of an assignment. */
export function assignedTasks(userData: Buffer): TaskId[] {
  if (userData.length === 0) return [];
  const data = JSON.parse(userData.toString()) as AssignmentData;
  return data.tasks.flatMap((task) => TaskId.parse(task) ?? []);
}

/** Who is in the group in this generation; undefined where the leader did not say it. */
export function livingMembers(userData: Buffer): readonly string[] | undefined {
  if (userData.length === 0) return undefined;
  return (JSON.parse(userData.toString()) as AssignmentData).members;
}

/** A member of another version of Millrace may say more, or nothing that we understand: then it owns nothing. */
function readSubscription(userData: Buffer): Pick<SubscriptionData, 'owned' | 'local'> {
  try {
    const data = JSON.parse(userData.toString()) as Partial<SubscriptionData>;
    return {
      owned: Array.isArray(data.owned) ? data.owned : [],
      local: Array.isArray(data.local) ? data.local : [],
    };
  } catch {
    return { owned: [], local: [] };
  }
}
