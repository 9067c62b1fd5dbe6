import { ClusterClient, TopicAdmin, type ClientOptions, type NewTopic } from '../../src/kafka';
import { silentLogger } from '../../src/logging/logger';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';

/** Clients of the shared broker for one test file, closed together. */
export class ConnectedClusters {
  private readonly open: ClusterClient[] = [];

  async connect(options: Partial<ClientOptions> = {}): Promise<ClusterClient> {
    const brokers = options.brokers ?? (await sharedBrokers());
    const cluster = new ClusterClient({ clientId: 'kafka-test', logger: silentLogger, ...options, brokers });
    this.open.push(cluster);
    await cluster.connect();
    return cluster;
  }

  async close(): Promise<void> {
    await Promise.all(this.open.splice(0).map((cluster) => cluster.close()));
  }
}

/** Creates a topic with a name of its own. */
export async function newTopic(
  cluster: ClusterClient,
  partitions = 1,
  configs: NewTopic['configs'] = {},
): Promise<string> {
  const name = uniqueName('topic');
  await new TopicAdmin(cluster).createTopics([{ name, partitions, replicationFactor: -1, configs }]);
  return name;
}
