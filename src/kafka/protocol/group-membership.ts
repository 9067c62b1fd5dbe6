import type { ApiRequest } from './api-request';
import type { GroupGeneration } from './group-generation';

export interface JoinGroupArguments {
  readonly groupId: string;
  readonly sessionTimeoutMs: number;
  readonly rebalanceTimeoutMs: number;
  /** Empty for a member that has none yet. */
  readonly memberId: string;
  readonly groupInstanceId: string | undefined;
  readonly protocolName: string;
  readonly subscription: Buffer;
}

export interface JoinedMember {
  readonly memberId: string;
  readonly subscription: Buffer;
}

export interface JoinGroupResponse {
  readonly errorCode: number;
  readonly generationId: number;
  readonly leaderId: string;
  readonly memberId: string;
  /** Empty for everyone but the leader. */
  readonly members: JoinedMember[];
}

/** Answered when all members have joined, or after the rebalance time-out. */
export function joinGroupRequest(join: JoinGroupArguments): ApiRequest<JoinGroupResponse> {
  return {
    name: 'JoinGroup',
    apiKey: 11,
    apiVersion: 5,
    encode: (writer) => {
      writer.string(join.groupId).int32(join.sessionTimeoutMs).int32(join.rebalanceTimeoutMs);
      writer.string(join.memberId).nullableString(join.groupInstanceId).string('consumer');
      writer.array([join], ({ protocolName, subscription }) => writer.string(protocolName).bytes(subscription));
    },
    decode: (reader) => {
      reader.throttle();
      const errorCode = reader.int16();
      const generationId = reader.int32();
      reader.nullableString();
      const leaderId = reader.string();
      const memberId = reader.string();
      const members = reader.array(() => {
        const member = reader.string();
        reader.nullableString();
        return { memberId: member, subscription: reader.bytes() };
      });
      return { errorCode, generationId, leaderId, memberId, members };
    },
  };
}

export interface SyncGroupResponse {
  readonly errorCode: number;
  readonly assignment: Buffer;
}

/** `assignments` is empty for everyone but the leader; answered when the leader's has come. */
export function syncGroupRequest(
  member: GroupGeneration,
  assignments: readonly { readonly memberId: string; readonly assignment: Buffer }[],
): ApiRequest<SyncGroupResponse> {
  return {
    name: 'SyncGroup',
    apiKey: 14,
    apiVersion: 3,
    encode: (writer) => {
      writer.string(member.groupId).int32(member.generationId).string(member.memberId);
      writer.nullableString(member.groupInstanceId);
      writer.array(assignments, ({ memberId, assignment }) => writer.string(memberId).bytes(assignment));
    },
    decode: (reader) => {
      reader.throttle();
      return { errorCode: reader.int16(), assignment: reader.bytes() };
    },
  };
}

/** Resolves to the error code. */
export function heartbeatRequest(member: GroupGeneration): ApiRequest<number> {
  return {
    name: 'Heartbeat',
    apiKey: 12,
    apiVersion: 3,
    encode: (writer) => {
      writer.string(member.groupId).int32(member.generationId).string(member.memberId);
      writer.nullableString(member.groupInstanceId);
    },
    decode: (reader) => {
      reader.throttle();
      return reader.int16();
    },
  };
}

/** Resolves to the error code. */
export function leaveGroupRequest(groupId: string, memberId: string): ApiRequest<number> {
  return {
    name: 'LeaveGroup',
    apiKey: 13,
    apiVersion: 3,
    encode: (writer) => {
      writer.string(groupId).array([memberId], (id) => writer.string(id).nullableString(null));
    },
    decode: (reader) => {
      reader.throttle();
      return reader.int16();
    },
  };
}
