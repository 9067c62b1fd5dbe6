import type { ClusterClient } from './cluster-client';
import { leaveGroupRequest } from './protocol/group-membership';

const TIMEOUT_MS = 5_000;

/**
 * Says to a group, in the place of a member that died, that it is gone: the group then need not wait for its session to time
 * out. A member that the group does not know any more is no error.
 */
export async function removeGroupMember(cluster: ClusterClient, groupId: string, memberId: string): Promise<void> {
  const connections = cluster.openConnections();
  try {
    await cluster.sendToCoordinator(
      connections,
      'group',
      groupId,
      leaveGroupRequest(groupId, memberId),
      () => undefined,
      TIMEOUT_MS,
    );
  } finally {
    cluster.closeConnections(connections);
  }
}
