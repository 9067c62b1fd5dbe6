import {
  GroupMember,
  type ClusterClient,
  type GroupAssignment,
  type GroupAssignor,
  type GroupMemberOptions,
  type RevocationCause,
} from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';

/** Deals the partitions of one topic out in turn, members in the order of their user data. */
export function roundRobin(topic: string, partitions: number, name = 'round-robin'): Omit<GroupAssignor, 'userData'> {
  return {
    name,
    assign: async (members) => {
      const sorted = [...members].sort((a, b) => a.userData.compare(b.userData));
      const owned = new Map(sorted.map(({ memberId }) => [memberId, [] as { topic: string; partition: number }[]]));
      for (let partition = 0; partition < partitions; partition++) {
        owned.get(sorted[partition % sorted.length]!.memberId)!.push({ topic, partition });
      }
      return new Map(
        [...owned].map(([memberId, list]) => [
          memberId,
          { partitions: list, userData: Buffer.from(`for ${memberId}`) },
        ]),
      );
    },
  };
}

/** A member that notes what happens to it. */
export class TestMember {
  readonly member: GroupMember;
  readonly revocations: RevocationCause[] = [];
  assignment: GroupAssignment | undefined;
  assignments = 0;
  fatal: unknown;
  /** Runs inside the handler. */
  whileRevoked: (cause: RevocationCause) => Promise<void> = async () => undefined;
  private readonly watchers = new Set<() => void>();

  constructor(
    readonly name: string,
    options: Pick<GroupMemberOptions, 'groupId' | 'topics'> & {
      cluster: ClusterClient;
    } & Partial<GroupMemberOptions> & {
        dealing: Omit<GroupAssignor, 'userData'>;
      },
  ) {
    const { dealing, ...rest } = options;
    this.member = new GroupMember({
      sessionTimeoutMs: 6_000,
      rebalanceTimeoutMs: 10_000,
      heartbeatIntervalMs: 100,
      logger: silentLogger,
      ...rest,
      assignor: { ...dealing, userData: () => Buffer.from(name) },
      handlers: {
        onAssigned: async (assignment) => {
          this.assignment = assignment;
          this.assignments++;
          this.changed();
        },
        onRevoked: async (cause) => {
          await this.whileRevoked(cause);
          this.assignment = undefined;
          this.revocations.push(cause);
          this.changed();
        },
        onFatal: (error) => {
          this.fatal = error;
          this.changed();
        },
      },
    });
    this.member.start();
  }

  get partitions(): number[] {
    return (this.assignment?.partitions ?? []).map(({ partition }) => partition);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      if (this.fatal !== undefined) throw this.fatal as Error;
      await new Promise<void>((resolve) => {
        const once = (): void => {
          this.watchers.delete(once);
          resolve();
        };
        this.watchers.add(once);
      });
    }
  }

  private changed(): void {
    for (const watcher of [...this.watchers]) watcher();
  }
}
