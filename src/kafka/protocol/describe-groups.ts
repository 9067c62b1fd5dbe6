import type { ApiRequest } from './api-request';

export interface DescribedMember {
  readonly memberId: string;
  readonly clientId: string;
  /** As the broker sees it: an address. */
  readonly clientHost: string;
}

export interface DescribedGroup {
  readonly errorCode: number;
  readonly groupId: string;
  /** `Empty`, `PreparingRebalance`, `CompletingRebalance`, `Stable`; `Dead` when there is no such group. */
  readonly state: string;
  readonly members: readonly DescribedMember[];
}

export function describeGroupsRequest(groupIds: readonly string[]): ApiRequest<DescribedGroup[]> {
  return {
    name: 'DescribeGroups',
    apiKey: 15,
    apiVersion: 2,
    encode: (writer) => {
      writer.array(groupIds, (groupId) => writer.string(groupId));
    },
    decode: (reader) => {
      reader.throttle();
      return reader.array(() => {
        const errorCode = reader.int16();
        const groupId = reader.string();
        const state = reader.string();
        reader.string();
        reader.string();
        const members = reader.array(() => {
          const member = { memberId: reader.string(), clientId: reader.string(), clientHost: reader.string() };
          reader.bytes();
          reader.bytes();
          return member;
        });
        return { errorCode, groupId, state, members };
      });
    },
  };
}
