import { serdes } from '../../src/index';
import type { ClusterClient } from '../../src/kafka';
import type { Topology } from '../../src/topology/graph';
import { ConnectedClusters } from '../kafka/connected-cluster';
import { createTopics, produce } from '../support/kafka-clients';
import { uniqueName } from '../support/kafka-names';
import { sharedBrokers } from '../support/shared-broker';
import { build, text } from '../topology/build';
import { SmallApplication } from './small-application';

const PARTITIONS = 2;

/** An application that counts words: a repartition, and the store `counts`, with timestamps, behind it. */
export interface WordCounter {
  readonly application: SmallApplication;
  readonly input: string;
  readonly output: string;
  readonly topology: Topology;
}

/** Word counters on the shared broker, for one test file. */
export class WordCounters {
  brokers!: readonly string[];
  cluster!: ClusterClient;
  private readonly clusters = new ConnectedClusters();
  private readonly applications: SmallApplication[] = [];

  async connect(): Promise<void> {
    this.brokers = await sharedBrokers();
    this.cluster = await this.clusters.connect();
  }

  /** With an input of two partitions, which is empty. */
  async create(): Promise<WordCounter> {
    const applicationId = uniqueName('words');
    const [input, output] = [`${applicationId}-in`, `${applicationId}-out`];
    await createTopics(
      this.brokers,
      { topic: input, partitions: PARTITIONS },
      { topic: output, partitions: PARTITIONS },
    );
    const topology = build((builder) =>
      builder
        .stream(input, text)
        .groupBy((_key, word) => word, text)
        .count('counts')
        .toStream()
        .to(output, { value: serdes.decimalText }),
    );
    return { application: this.instanceOf(applicationId, topology), input, output, topology };
  }

  instanceOf(applicationId: string, topology: Topology, predecessor?: SmallApplication): SmallApplication {
    const application = new SmallApplication(this.cluster, this.brokers, applicationId, topology, predecessor);
    this.applications.push(application);
    return application;
  }

  /** Words in turn to each partition. */
  async write({ input }: WordCounter, words: string, timestamp: () => number): Promise<void> {
    const records = words
      .split(' ')
      .map((value, index) => ({ partition: index % PARTITIONS, value, timestamp: timestamp() }));
    await produce(this.brokers, input, records);
  }

  /** What was created until now outlives the test: whoever made it stops it. */
  release(): void {
    this.applications.length = 0;
  }

  /** Stops all that were created. */
  async dispose(): Promise<void> {
    await Promise.all(this.applications.splice(0).map((application) => application.dispose()));
  }

  close(): Promise<void> {
    return this.clusters.close();
  }
}
