import type { ClusterClient } from './cluster-client';
import type { ConnectionSet } from './connection-set';
import { BrokerResponseError } from './errors';
import { ErrorCode } from './protocol/error-codes';
import { fetchRequest, type FetchedPartition, type IsolationLevel } from './protocol/fetch';
import type { BrokerNode } from './protocol/metadata';
import { partitionKey, type TopicPartition, type TopicPartitionOffset } from './protocol/topic-partition';
import { readableBatches, type ReadableBatches } from './readable-batches';
import { isTransient, pause } from './retry';

/** What one fetch brought of one partition. */
export interface FetchedBatches extends ReadableBatches {
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly logStartOffset: number;
  /** The end of what this fetcher reads: of committed records, or of all. */
  readonly readableEnd: number;
}

export interface FetcherOptions {
  readonly isolation: IsolationLevel;
  /** Of one answer. A single larger record batch still comes through. */
  readonly maxBytesPerFetch: number;
  readonly maxBytesPerPartition: number;
  /** How long a broker may hold a fetch while it has nothing new, in milliseconds. */
  readonly maxWaitMs: number;
  /** Called synchronously for each partition with news: records, or another end than before. Pausing the partition in it is in time for the next fetch. */
  onBatches(topic: string, partition: number, fetched: FetchedBatches): void;
  /** The partition is removed before the call; assign it again with an offset that exists. */
  onOutOfRange(topic: string, partition: number, offset: number): void;
  /** An error that does not pass by itself. The partition it is about is not fetched any more. */
  onError(error: unknown): void;
}

/** A paused partition that is resumed must not wait behind a long poll of the others. */
const MAX_WAIT_WITH_PAUSED_MS = 10;
const FIRST_RETRY_MS = 10;
const MAX_RETRY_MS = 1_000;

/** Its identity is the token by which an answer to an older assignment is known. */
interface PartitionState extends TopicPartition {
  offset: number;
  paused: boolean;
  leader: number | undefined;
  /** What was said to be the end; undefined before the first answer. */
  readableEnd: number | undefined;
}

/** Reads assigned partitions: one loop, with a connection of its own, for each broker that leads some of them. */
export class Fetcher {
  private readonly partitions = new Map<string, PartitionState>();
  private readonly loops = new Map<number, BrokerLoop>();
  private readonly closing = new AbortController();
  private locating: Promise<void> | undefined;
  private retryDelayMs = FIRST_RETRY_MS;

  constructor(
    private readonly cluster: ClusterClient,
    private readonly options: FetcherOptions,
  ) {}

  /** Adds partitions, or sets assigned ones to another offset. They are fetched at once, unpaused. */
  assign(partitions: readonly TopicPartitionOffset[]): void {
    for (const { topic, partition, offset } of partitions) {
      const key = partitionKey(topic, partition);
      this.partitions.set(key, { topic, partition, offset, paused: false, leader: undefined, readableEnd: undefined });
    }
    for (const loop of this.loops.values()) loop.interrupt();
    this.locate();
  }

  /** Nothing of these partitions is delivered after this returns. */
  remove(partitions: readonly TopicPartition[]): void {
    for (const { topic, partition } of partitions) this.partitions.delete(partitionKey(topic, partition));
  }

  pause({ topic, partition }: TopicPartition): void {
    const state = this.partitions.get(partitionKey(topic, partition));
    if (state !== undefined) state.paused = true;
  }

  resume({ topic, partition }: TopicPartition): void {
    const state = this.partitions.get(partitionKey(topic, partition));
    if (state === undefined || !state.paused) return;
    state.paused = false;
    if (state.leader !== undefined) this.loops.get(state.leader)?.wake();
  }

  /** Nothing is delivered after this returns; resolves when all loops have ended. */
  async close(): Promise<void> {
    this.closing.abort();
    this.partitions.clear();
    for (const loop of this.loops.values()) loop.interrupt();
    await Promise.all([this.locating, ...[...this.loops.values()].map((loop) => loop.ended)]);
  }

  /** Finds the leaders of partitions without one, in the background, and hands them to the loops. */
  private locate(): void {
    this.locating ??= this.locateAll().finally(() => {
      this.locating = undefined;
      if (this.homeless().length > 0) this.locate();
    });
  }

  private homeless(): PartitionState[] {
    if (this.closing.signal.aborted || this.cluster.closed) return [];
    return [...this.partitions.values()].filter(({ leader }) => leader === undefined);
  }

  private async locateAll(): Promise<void> {
    for (let homeless = this.homeless(); homeless.length > 0; homeless = this.homeless()) {
      try {
        for (const [node, led] of await this.cluster.leaders(homeless)) {
          for (const state of led) state.leader = node.nodeId;
          this.loopOf(node).wake();
        }
      } catch (error) {
        if (!isTransient(error)) {
          this.remove(homeless);
          this.options.onError(error);
          return;
        }
        await this.backOff(error, homeless);
      }
    }
  }

  private async backOff(error: unknown, states: readonly PartitionState[]): Promise<void> {
    this.cluster.logger.debug({ event: 'kafka.fetch_retry', err: error }, 'fetching failed, and is tried again');
    await pause(this.retryDelayMs, this.closing.signal);
    this.retryDelayMs = Math.min(2 * this.retryDelayMs, MAX_RETRY_MS);
    if (!this.closing.signal.aborted) await this.cluster.leadersMoved(states.map(({ topic }) => topic));
  }

  private loopOf(node: BrokerNode): BrokerLoop {
    let loop = this.loops.get(node.nodeId);
    if (loop === undefined) {
      loop = new BrokerLoop(this.cluster, this.closing.signal, (connections) =>
        this.fetchFrom(node.nodeId, connections),
      );
      this.loops.set(node.nodeId, loop);
    }
    loop.node = node;
    return loop;
  }

  /** One fetch; false when there is nothing to ask this broker for. */
  private async fetchFrom(nodeId: number, connections: ConnectionSet): Promise<boolean> {
    const wanted: (PartitionState & TopicPartitionOffset)[] = [];
    let somePaused = false;
    for (const state of this.partitions.values()) {
      if (state.paused) somePaused = true;
      else if (state.leader === nodeId) wanted.push(state);
    }
    const node = this.loops.get(nodeId)?.node;
    if (wanted.length === 0 || node === undefined) return false;
    const requested = wanted.map(({ topic, partition, offset }) => ({ topic, partition, offset }));
    const { maxWaitMs, maxBytesPerFetch, maxBytesPerPartition, isolation } = this.options;
    const waitMs = somePaused ? Math.min(maxWaitMs, MAX_WAIT_WITH_PAUSED_MS) : maxWaitMs;
    try {
      const response = await this.cluster.sendTo(
        connections,
        node,
        fetchRequest({
          isolation,
          maxWaitMs: waitMs,
          maxBytes: maxBytesPerFetch,
          maxBytesPerPartition,
          partitions: requested,
        }),
      );
      if (response.errorCode !== ErrorCode.NONE) throw new BrokerResponseError(response.errorCode, 'Fetch');
      this.retryDelayMs = FIRST_RETRY_MS;
      const states = new Map(
        wanted.map((state, index) => [partitionKey(state.topic, state.partition), { state, index }]),
      );
      for (const fetched of response.partitions) {
        const known = states.get(partitionKey(fetched.topic, fetched.partition));
        if (known !== undefined) this.take(known.state, requested[known.index] as TopicPartitionOffset, fetched);
      }
    } catch (error) {
      if (!connections.closed) this.failed(wanted, error);
    }
    return true;
  }

  private failed(states: readonly PartitionState[], error: unknown): void {
    const current = states.filter((state) => this.isCurrent(state));
    if (this.closing.signal.aborted || this.cluster.closed) return;
    if (isTransient(error)) {
      for (const state of current) state.leader = undefined;
      this.locating ??= this.backOff(error, current).finally(() => {
        this.locating = undefined;
        this.locate();
      });
    } else {
      this.remove(current);
      this.options.onError(error);
    }
  }

  private isCurrent(state: PartitionState): boolean {
    return this.partitions.get(partitionKey(state.topic, state.partition)) === state;
  }

  private take(state: PartitionState, requested: TopicPartitionOffset, fetched: FetchedPartition): void {
    if (!this.isCurrent(state) || state.offset !== requested.offset) return;
    const { topic, partition } = state;
    if (fetched.errorCode === ErrorCode.OFFSET_OUT_OF_RANGE) {
      this.remove([state]);
      this.options.onOutOfRange(topic, partition, requested.offset);
      return;
    }
    if (fetched.errorCode !== ErrorCode.NONE) {
      this.failed([state], new BrokerResponseError(fetched.errorCode, 'Fetch', { topic, partition }));
      return;
    }
    let readable: ReadableBatches;
    try {
      readable = readableBatches(fetched, requested.offset, this.options.isolation);
    } catch (error) {
      this.failed([state], error);
      return;
    }
    const { highWatermark, lastStableOffset, logStartOffset } = fetched;
    const readableEnd = this.options.isolation === 'read_committed' ? lastStableOffset : highWatermark;
    if (readable.nextOffset === requested.offset && readableEnd === state.readableEnd) return;
    state.readableEnd = readableEnd;
    if (readable.nextOffset > requested.offset) {
      state.offset = readable.nextOffset;
      this.moveToEnd(state);
    }
    const ends = { highWatermark, lastStableOffset, logStartOffset, readableEnd };
    this.options.onBatches(topic, partition, { ...readable, ...ends });
  }

  /** Brokers fill an answer in the order of the request: who got something stands behind who did not. */
  private moveToEnd(state: PartitionState): void {
    const key = partitionKey(state.topic, state.partition);
    this.partitions.delete(key);
    this.partitions.set(key, state);
  }
}

/** Fetches from one broker again and again, and sleeps while there is nothing to ask it for. */
class BrokerLoop {
  node: BrokerNode | undefined;
  readonly ended: Promise<void>;
  private connections: ConnectionSet;
  private wakeUp: (() => void) | undefined;
  private fetching = false;
  private woken = false;

  constructor(
    private readonly cluster: ClusterClient,
    private readonly closing: AbortSignal,
    private readonly fetchOnce: (connections: ConnectionSet) => Promise<boolean>,
  ) {
    this.connections = cluster.openConnections();
    this.ended = this.run();
  }

  /** Counts also when the loop is not asleep yet: it looks once more then. */
  wake(): void {
    this.woken = true;
    this.wakeUp?.();
  }

  /** Drops a fetch under way, which knows nothing of new partitions. Whatever it would bring is fetched again. */
  interrupt(): void {
    this.wake();
    if (!this.fetching) return;
    this.cluster.closeConnections(this.connections);
    this.connections = this.cluster.openConnections();
  }

  private async run(): Promise<void> {
    while (!this.closing.aborted && !this.cluster.closed) {
      this.fetching = true;
      this.woken = false;
      const busy = await this.fetchOnce(this.connections);
      this.fetching = false;
      if (!busy && !this.woken) await this.sleep();
    }
    this.cluster.closeConnections(this.connections);
  }

  private sleep(): Promise<void> {
    return new Promise((resolve) => {
      this.wakeUp = () => {
        this.wakeUp = undefined;
        resolve();
      };
    });
  }
}
