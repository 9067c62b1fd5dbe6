import type { ClusterClient } from './cluster-client';
import type { TopicLookup } from './epoch-records';
import { BrokerResponseError } from './errors';
import { isAuthorizationCode } from './protocol/error-codes';
import type { TopicAdmin } from './topic-admin';

/** Looks up topics in the cluster. Who may write to a topic but not read its settings writes with the configured limit. */
export class ClusterTopicLookup implements TopicLookup {
  constructor(
    private readonly cluster: ClusterClient,
    private readonly admin: TopicAdmin,
  ) {}

  /** @throws {@link TopicMissingError} */
  partitionCount(topic: string): Promise<number> {
    return this.cluster.partitionCount(topic);
  }

  async maxMessageBytes(topic: string): Promise<number | undefined> {
    try {
      const settings = (await this.admin.topicConfigs([topic])).get(topic);
      const limit = Number(settings?.get('max.message.bytes'));
      return limit > 0 ? limit : undefined;
    } catch (error) {
      if (error instanceof BrokerResponseError && isAuthorizationCode(error.errorCode)) return undefined;
      throw error;
    }
  }
}
