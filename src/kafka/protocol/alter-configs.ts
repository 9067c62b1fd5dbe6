import type { ApiRequest } from './api-request';
import type { TopicResult } from './topics';

/** Settings of a topic to change: a new value, or undefined to have the default again. All of them take effect together. */
export interface TopicSettings {
  readonly name: string;
  readonly configs: Readonly<Record<string, string | undefined>>;
}

const TOPIC_RESOURCE = 2;
const OPERATION = { set: 0, delete: 1 } as const;

/** Changes the named settings and leaves all others as they are. */
export function alterConfigsRequest(topics: readonly TopicSettings[]): ApiRequest<TopicResult[]> {
  return {
    name: 'IncrementalAlterConfigs',
    apiKey: 44,
    apiVersion: 0,
    encode: (writer) => {
      writer.array(topics, ({ name, configs }) => {
        writer.int8(TOPIC_RESOURCE).string(name);
        writer.array(Object.entries(configs), ([key, value]) => {
          writer.string(key).int8(value === undefined ? OPERATION.delete : OPERATION.set);
          writer.nullableString(value);
        });
      });
      writer.boolean(false);
    },
    decode: (reader) => {
      reader.throttle();
      return reader.array(() => {
        const errorCode = reader.int16();
        const errorMessage = reader.nullableString();
        reader.int8();
        return { name: reader.string(), errorCode, errorMessage };
      });
    },
  };
}
