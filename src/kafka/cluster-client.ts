import { BrokerConnection } from './broker-connection';
import { DEFAULT_RETRY_TIMEOUT_MS, type ClientOptions } from './client-options';
import { ClusterMetadata } from './cluster-metadata';
import { ConnectionSet } from './connection-set';
import { BrokerConnectionError, BrokerResponseError, ClientClosedError, TopicMissingError } from './errors';
import type { Logger } from '../logging/logger';
import type { ApiRequest } from './protocol/api-request';
import { ErrorCode, isCoordinatorMoved } from './protocol/error-codes';
import { findCoordinatorRequest, type CoordinatorType } from './protocol/find-coordinator';
import { metadataRequest, type BrokerNode } from './protocol/metadata';
import { partitionKey, type TopicPartition } from './protocol/topic-partition';
import { retry, type RetryPolicy } from './retry';

const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 1_000;

/** Where a request goes, found anew for every attempt. */
type Target = () => Promise<BrokerNode>;

/**
 * Finds its way in a Kafka cluster: which broker leads a partition or coordinates a group, again after it moved, and with
 * retries while brokers restart. All parts of this layer send through it.
 */
export class ClusterClient {
  readonly logger: Logger;
  private readonly metadata = new ClusterMetadata();
  private readonly coordinators = new Map<string, number>();
  private readonly sets = new Set<ConnectionSet>();
  private readonly control: ConnectionSet;
  private readonly closing = new AbortController();
  private readonly seeds: readonly { host: string; port: number }[];
  private nextSeed = 0;
  private refreshing: Promise<void> | undefined;

  constructor(private readonly options: ClientOptions) {
    this.logger = options.logger;
    this.seeds = options.brokers.map(parseAddress);
    this.control = this.openConnections();
  }

  get retryPolicy(): RetryPolicy {
    return {
      firstDelayMs: FIRST_RETRY_MS,
      maxDelayMs: MAX_RETRY_MS,
      timeoutMs: this.options.retryTimeoutMs ?? DEFAULT_RETRY_TIMEOUT_MS,
    };
  }

  /** @throws {@link KafkaUnavailableError} when no broker answers within the retry time-out. */
  async connect(): Promise<void> {
    await this.retry('connecting to Kafka', () => this.refresh([]));
  }

  /** Ends everything that is still under way with an error, and closes all connections. */
  async close(): Promise<void> {
    this.closing.abort();
    for (const set of this.sets) set.close();
    this.sets.clear();
  }

  get closed(): boolean {
    return this.closing.signal.aborted;
  }

  /** Connections for one purpose. Whoever opens them closes them. */
  openConnections(): ConnectionSet {
    const set = new ConnectionSet((host, port) => new BrokerConnection(this.options, host, port));
    if (this.closed) set.close();
    else this.sets.add(set);
    return set;
  }

  closeConnections(set: ConnectionSet): void {
    set.close();
    this.sets.delete(set);
  }

  /** @throws {@link TopicMissingError} */
  async partitionCount(topic: string): Promise<number> {
    const known = this.metadata.partitionCount(topic);
    if (known !== undefined) return known;
    await this.refreshTopics([topic]);
    const found = this.metadata.partitionCount(topic);
    if (found === undefined) throw new TopicMissingError(topic);
    return found;
  }

  /** Asks the cluster, whatever is known already. Undefined for a topic that does not exist. */
  async currentPartitionCounts(topics: readonly string[]): Promise<Map<string, number | undefined>> {
    await this.refreshTopics(topics);
    return new Map(topics.map((topic) => [topic, this.metadata.partitionCount(topic)]));
  }

  /**
   * The leaders of these partitions, with the partitions of each.
   *
   * @throws {@link BrokerResponseError} (transient) when one has no leader at the moment.
   */
  async leaders<T extends TopicPartition>(items: readonly T[]): Promise<Map<BrokerNode, T[]>> {
    const missing = items.filter(({ topic, partition }) => this.metadata.leader(topic, partition) === undefined);
    if (missing.length > 0) await this.refresh(missing.map(({ topic }) => topic));
    const result = new Map<BrokerNode, T[]>();
    for (const item of items) {
      const leader = this.metadata.leader(item.topic, item.partition);
      if (leader === undefined) {
        throw new BrokerResponseError(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, 'Metadata', {
          topic: item.topic,
          partition: item.partition,
        });
      }
      const group = result.get(leader);
      if (group === undefined) result.set(leader, [item]);
      else group.push(item);
    }
    return result;
  }

  /** Learns leaders again, once for all who ask at the same time. Never throws: the next attempt would find out. */
  async leadersMoved(topics: Iterable<string>): Promise<void> {
    await this.refresh([...new Set(topics)]).catch((error: unknown) => {
      this.logger.debug({ event: 'kafka.metadata_refresh_failed', err: error }, 'could not refresh metadata');
    });
  }

  /** Sends one request once, to a broker known by its node. A broken connection makes the metadata be read again. */
  async sendTo<T>(
    connections: ConnectionSet,
    node: BrokerNode,
    request: ApiRequest<T>,
    timeoutMs?: number,
  ): Promise<T> {
    try {
      return await connections.to(node.host, node.port).send(request, timeoutMs);
    } catch (error) {
      if (this.closed) throw new ClientClosedError(request.name);
      if (error instanceof BrokerConnectionError && !connections.closed)
        void this.leadersMoved(this.metadata.topicNames);
      throw error;
    }
  }

  /** Sends to the controller with retries; `check` throws a {@link BrokerResponseError} to have it sent again. */
  async sendToController<T>(request: ApiRequest<T>, check: (response: T) => void): Promise<T> {
    return this.sendWithRetries(
      this.control,
      request,
      async () => {
        await this.refresh([]);
        const controller = this.metadata.controller() ?? this.metadata.brokers()[0];
        if (controller === undefined) throw new BrokerConnectionError('(controller)', false, 'no broker is known');
        return controller;
      },
      check,
    );
  }

  /** Sends to any broker with retries. */
  async sendToAny<T>(request: ApiRequest<T>, check: (response: T) => void): Promise<T> {
    return this.retry(request.name, async () => {
      const response = await this.sendToSomeone(request);
      check(response);
      return response;
    });
  }

  /** Sends to each leader its part with retries. */
  async sendToLeaders<T extends TopicPartition, R extends { readonly errorCode: number } & TopicPartition>(
    items: readonly T[],
    makeRequest: (items: T[]) => ApiRequest<R[]>,
  ): Promise<R[]> {
    const done: R[] = [];
    let rest = items;
    return this.retry('asking partition leaders', async () => {
      const groups = await this.leaders(rest);
      const failures: R[] = [];
      await Promise.all(
        [...groups].map(async ([node, group]) => {
          const request = makeRequest(group);
          for (const result of await this.sendTo(this.control, node, request)) {
            (result.errorCode === ErrorCode.NONE ? done : failures).push(result);
          }
        }),
      ).finally(() => {
        const answered = new Set(done.map(({ topic, partition }) => partitionKey(topic, partition)));
        rest = items.filter(({ topic, partition }) => !answered.has(partitionKey(topic, partition)));
      });
      const [failure] = failures;
      if (failure !== undefined) {
        await this.leadersMoved(failures.map(({ topic }) => topic));
        throw new BrokerResponseError(failure.errorCode, 'a partition leader', failure);
      }
      return done;
    });
  }

  /** The broker that coordinates this group or transactional id, as known, else looked up once. */
  async coordinator(type: CoordinatorType, key: string): Promise<BrokerNode> {
    const cacheKey = `${type}:${key}`;
    const cached = this.coordinators.get(cacheKey);
    const known = cached === undefined ? undefined : this.metadata.broker(cached);
    if (known !== undefined) return known;
    const request = findCoordinatorRequest(type, key);
    const { errorCode, nodeId } = await this.sendToSomeone(request);
    if (errorCode !== ErrorCode.NONE) throw new BrokerResponseError(errorCode, request.name);
    if (this.metadata.broker(nodeId) === undefined) await this.refresh([]);
    const node = this.metadata.broker(nodeId);
    if (node === undefined) throw new BrokerResponseError(ErrorCode.COORDINATOR_NOT_AVAILABLE, request.name);
    this.coordinators.set(cacheKey, nodeId);
    return node;
  }

  coordinatorMoved(type: CoordinatorType, key: string): void {
    this.coordinators.delete(`${type}:${key}`);
  }

  /** Sends once to a coordinator; forgets who that is when it turns out to be gone or another. */
  async sendToCoordinator<T>(
    connections: ConnectionSet,
    type: CoordinatorType,
    key: string,
    request: ApiRequest<T>,
    check: (response: T) => void,
    timeoutMs?: number,
  ): Promise<T> {
    const node = await this.coordinator(type, key);
    try {
      const response = await this.sendTo(connections, node, request, timeoutMs);
      check(response);
      return response;
    } catch (error) {
      const moved = error instanceof BrokerResponseError && isCoordinatorMoved(error.errorCode);
      if (moved || error instanceof BrokerConnectionError) this.coordinatorMoved(type, key);
      throw error;
    }
  }

  /** Repeats on transient errors until `policy` (default {@link retryPolicy}) gives up or this client is closed. */
  async retry<T>(what: string, attempt: () => Promise<T>, policy = this.retryPolicy): Promise<T> {
    return retry(what, policy, this.closing.signal, () => {
      if (this.closed) throw new ClientClosedError(what);
      return attempt();
    });
  }

  private async sendWithRetries<T>(
    connections: ConnectionSet,
    request: ApiRequest<T>,
    target: Target,
    check: (response: T) => void,
  ): Promise<T> {
    return this.retry(request.name, async () => {
      const response = await this.sendTo(connections, await target(), request);
      check(response);
      return response;
    });
  }

  private async refreshTopics(topics: readonly string[]): Promise<void> {
    await this.retry('reading metadata', () => this.refresh(topics));
  }

  /** One attempt to read metadata of these topics and of all that are known. Concurrent calls wait for one another. */
  private async refresh(topics: readonly string[]): Promise<void> {
    const running = this.refreshing;
    if (running !== undefined) {
      await running.catch(() => undefined);
      if (topics.every((topic) => this.metadata.partitionCount(topic) !== undefined)) return running;
      return this.refresh(topics);
    }
    const wanted = [...new Set([...this.metadata.topicNames, ...topics])];
    this.refreshing = this.sendToSomeone(metadataRequest(wanted))
      .then((response) => this.metadata.update(response))
      .finally(() => {
        this.refreshing = undefined;
      });
    return this.refreshing;
  }

  /** Any broker will do: the known ones in turn, then the configured ones. */
  private async sendToSomeone<T>(request: ApiRequest<T>): Promise<T> {
    let lastError: unknown;
    for (const { host, port } of [...this.metadata.brokers(), ...this.rotatedSeeds()]) {
      if (this.closed) throw new ClientClosedError(request.name);
      try {
        return await this.control.to(host, port).send(request);
      } catch (error) {
        lastError = error;
        if (!(error instanceof BrokerConnectionError)) throw error;
      }
    }
    throw this.closed ? new ClientClosedError(request.name) : lastError;
  }

  private rotatedSeeds(): { host: string; port: number }[] {
    const first = this.nextSeed++ % this.seeds.length;
    return [...this.seeds.slice(first), ...this.seeds.slice(0, first)];
  }
}

function parseAddress(address: string): { host: string; port: number } {
  const separator = address.lastIndexOf(':');
  return { host: address.slice(0, separator).replace(/^\[|\]$/g, ''), port: Number(address.slice(separator + 1)) };
}
