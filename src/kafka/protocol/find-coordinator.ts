import type { ApiRequest } from './api-request';

export type CoordinatorType = 'group' | 'transaction';

export interface FindCoordinatorResponse {
  readonly errorCode: number;
  readonly nodeId: number;
}

export function findCoordinatorRequest(type: CoordinatorType, key: string): ApiRequest<FindCoordinatorResponse> {
  return {
    name: 'FindCoordinator',
    apiKey: 10,
    apiVersion: 2,
    encode: (writer) => writer.string(key).int8(type === 'group' ? 0 : 1),
    decode: (reader) => {
      reader.throttle();
      const errorCode = reader.int16();
      reader.nullableString();
      return { errorCode, nodeId: reader.int32() };
    },
  };
}
