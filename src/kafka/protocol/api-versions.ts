import type { ApiRequest } from './api-request';

export interface VersionRange {
  readonly minVersion: number;
  readonly maxVersion: number;
}

export interface ApiVersionsResponse {
  readonly errorCode: number;
  /** By API key. */
  readonly apis: Record<number, VersionRange>;
}

/** Which requests the broker understands, and in which versions. */
export function apiVersionsRequest(): ApiRequest<ApiVersionsResponse> {
  return {
    name: 'ApiVersions',
    apiKey: 18,
    apiVersion: 2,
    encode: () => undefined,
    decode: (reader) => {
      const errorCode = reader.int16();
      const apis: Record<number, VersionRange> = {};
      reader.array(() => {
        apis[reader.int16()] = { minVersion: reader.int16(), maxVersion: reader.int16() };
      });
      reader.throttle();
      return { errorCode, apis };
    },
  };
}
