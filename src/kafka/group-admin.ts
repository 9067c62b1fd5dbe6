import type { ClusterClient } from './cluster-client';
import { BrokerResponseError, GroupActiveError } from './errors';
import type { ApiRequest } from './protocol/api-request';
import { describeGroupsRequest, type DescribedGroup } from './protocol/describe-groups';
import { ErrorCode } from './protocol/error-codes';
import { offsetCommitRequest, offsetDeleteRequest } from './protocol/offsets';
import type { OffsetAndMetadata, TopicPartition } from './protocol/topic-partition';

/** What commits offsets for a group that has no members. */
const NOBODY = { generationId: -1, memberId: '' } as const;

/** How a broker says that a group has members. */
const HAS_MEMBERS = new Set<number>([
  ErrorCode.UNKNOWN_MEMBER_ID,
  ErrorCode.ILLEGAL_GENERATION,
  ErrorCode.REBALANCE_IN_PROGRESS,
  ErrorCode.NON_EMPTY_GROUP,
]);

/** Looks at a consumer group, and changes the offsets of one that has no members. */
export class GroupAdmin {
  constructor(private readonly cluster: ClusterClient) {}

  /** State `Dead` and no members for a group that does not exist. */
  async describe(groupId: string): Promise<DescribedGroup> {
    const request = describeGroupsRequest([groupId]);
    const [group] = await this.send(groupId, request, (groups) => {
      for (const { errorCode } of groups) {
        if (errorCode !== ErrorCode.NONE && errorCode !== ErrorCode.GROUP_ID_NOT_FOUND)
          throw new BrokerResponseError(errorCode, request.name);
      }
    });
    return group!;
  }

  /** @throws {@link GroupActiveError} while the group has members */
  async requireNoMembers(groupId: string): Promise<void> {
    const { members } = await this.describe(groupId);
    if (members.length > 0) throw new GroupActiveError(groupId, members);
  }

  /**
   * Sets the offsets where the group goes on, all of them or none.
   *
   * @throws {@link GroupActiveError} while the group has members
   */
  async commitOffsets(groupId: string, offsets: readonly OffsetAndMetadata[]): Promise<void> {
    if (offsets.length === 0) return;
    const request = offsetCommitRequest({ groupId, ...NOBODY }, offsets);
    await this.send(groupId, request, (results) => {
      for (const { topic, partition, errorCode } of results)
        this.checkCode(groupId, errorCode, request.name, { topic, partition });
    });
  }

  /**
   * Has the group forget what it committed for these partitions. What it never committed is no error.
   *
   * @throws {@link GroupActiveError} while the group has members
   */
  async deleteOffsets(groupId: string, partitions: readonly TopicPartition[]): Promise<void> {
    if (partitions.length === 0) return;
    const request = offsetDeleteRequest(groupId, partitions);
    await this.send(groupId, request, (response) => {
      if (response.errorCode === ErrorCode.GROUP_ID_NOT_FOUND) return;
      this.checkCode(groupId, response.errorCode, request.name);
      for (const { topic, partition, errorCode } of response.partitions)
        if (errorCode !== ErrorCode.UNKNOWN_TOPIC_OR_PARTITION)
          this.checkCode(groupId, errorCode, request.name, { topic, partition });
    });
  }

  private checkCode(groupId: string, errorCode: number, request: string, location?: TopicPartition): void {
    if (errorCode === ErrorCode.NONE) return;
    if (HAS_MEMBERS.has(errorCode)) throw new GroupActiveError(groupId, []);
    throw new BrokerResponseError(errorCode, request, location);
  }

  private async send<T>(groupId: string, request: ApiRequest<T>, check: (response: T) => void): Promise<T> {
    const { cluster } = this;
    const connections = cluster.openConnections();
    try {
      return await cluster.retry(request.name, () =>
        cluster.sendToCoordinator(connections, 'group', groupId, request, check),
      );
    } finally {
      cluster.closeConnections(connections);
    }
  }
}
