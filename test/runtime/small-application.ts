import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type {
  ChannelState,
  CheckpointMetadata,
  SnapshotFile,
  TaskSnapshot,
} from '../../src/checkpoint/checkpoint-metadata';
import type { SnapshotStore } from '../../src/checkpoint/snapshot-store';
import { uploadTaskSnapshot } from '../../src/checkpoint/task-upload';
import { resolveConfig, type MillraceConfig } from '../../src/config/millrace-config';
import {
  committedBatches,
  fetchCommitted,
  partitionKey,
  TopicAdmin,
  type ClusterClient,
  type CommittedOffset,
  type TopicPartition,
} from '../../src/kafka';
import { silentLogger, type Logger } from '../../src/logging/logger';
import { Millrace } from '../../src/runtime/millrace';
import { TaskLayout } from '../../src/runtime/task-layout';
import { repartitionCounts, topicName, type TopicPlan } from '../../src/runtime/topic-plan';
import { readTopicPlan } from '../../src/runtime/topic-preparation';
import type { Topology, TopicReference } from '../../src/topology/graph';
import { shapeOf } from '../../src/topology/topology-shape';

/** One application with one instance in this process, which keeps its state directory over its restarts. */
export class SmallApplication {
  readonly stateDir: string;
  readonly config: MillraceConfig;
  /** Of instances that are started from now on. */
  logger: Logger = silentLogger;
  private readonly admin: TopicAdmin;
  private instance: Millrace | undefined;

  constructor(
    private readonly cluster: ClusterClient,
    brokers: readonly string[],
    readonly applicationId: string,
    readonly topology: Topology,
    /** Whose state directory it has; else a new one. */
    predecessor?: SmallApplication,
  ) {
    this.stateDir = predecessor?.stateDir ?? mkdtempSync(path.join(tmpdir(), 'millrace-small-'));
    this.admin = new TopicAdmin(cluster);
    this.config = resolveConfig({
      applicationId,
      brokers: [...brokers],
      stateDir: this.stateDir,
      commitIntervalMs: 20,
      fetchMaxWaitMs: 50,
      transactionTimeoutMs: 5_000,
      sessionTimeoutMs: 6_000,
    });
  }

  async start(): Promise<Millrace> {
    this.instance = new Millrace(this.topology, this.config, { logger: this.logger });
    await this.instance.start();
    return this.instance;
  }

  /** Until it is a member of its group, and all tasks are open. */
  async startAndRun(): Promise<Millrace> {
    const instance = await this.start();
    await new Promise<void>((resolve, reject) => {
      const look = (): void => {
        if (instance.state === 'RUNNING') resolve();
      };
      instance.onStateChange(look);
      instance.closed.catch(reject);
      look();
    });
    return instance;
  }

  async stop(): Promise<void> {
    await this.instance?.close();
    this.instance = undefined;
  }

  /** Runs until everything in its inputs is committed, and stops. */
  async runToEnd(): Promise<void> {
    const { closed } = await this.start();
    await Promise.race([this.untilAllIsCommitted(), closed]);
    await this.stop();
  }

  /** Source topics first: what they bring into repartition topics is there when their offsets are committed. */
  async untilAllIsCommitted(): Promise<void> {
    const inputs = [...(await this.inputs())].sort((a, b) => Number(this.isInternal(a)) - Number(this.isInternal(b)));
    for (const input of inputs) {
      const key = partitionKey(input.topic, input.partition);
      for (;;) {
        const end = (await this.admin.listOffsets([input], 'latest')).get(key)!;
        if (end === 0 || (await this.lagOf(input, end)) <= 0) break;
      }
    }
  }

  /** A commit reaches up to the last record; the markers behind it are no records. */
  private async lagOf(input: TopicPartition, end: number): Promise<number> {
    const committed = (await this.committed()).get(partitionKey(input.topic, input.partition));
    if (committed === undefined) return end;
    let lastRecord = committed.offset - 1;
    for await (const batch of committedBatches(this.cluster, { ...input, from: committed.offset, to: end }))
      lastRecord = batch.lastOffset;
    return lastRecord - committed.offset + 1;
  }

  private isInternal({ topic }: TopicPartition): boolean {
    return topic.startsWith(`${this.applicationId}-`) && topic.endsWith('-repartition');
  }

  async topicPlan(): Promise<TopicPlan> {
    return readTopicPlan(this.admin, this.config, this.topology);
  }

  async inputs(): Promise<TopicPartition[]> {
    const layout = new TaskLayout(this.applicationId, this.topology, await this.topicPlan());
    return layout.tasks.flatMap((id) => layout.inputsOf(id));
  }

  async committed(): Promise<Map<string, CommittedOffset | undefined>> {
    const options = { requireStable: true, timeoutMs: 10_000 };
    return fetchCommitted(this.cluster, this.applicationId, await this.inputs(), options);
  }

  /** A checkpoint of the application, which has stopped: its databases' files, and its offsets. */
  async checkpoint(
    store: SnapshotStore,
    number: number,
    channelOf: (input: TopicPartition, committed: number, end: number) => Partial<ChannelState> = () => ({}),
  ): Promise<CheckpointMetadata> {
    const plan = await this.topicPlan();
    const layout = new TaskLayout(this.applicationId, this.topology, plan);
    const committed = await this.committed();
    const tasks: TaskSnapshot[] = [];
    const channels: ChannelState[] = [];
    for (const id of layout.tasks) {
      const inputs = [];
      for (const { topic, partition } of layout.inputsOf(id)) {
        const { offset, metadata } = committed.get(partitionKey(topic, partition)) ?? { offset: 0, metadata: '' };
        const reference = this.referenceTo(topic);
        inputs.push({ topic: reference, partition, offset, metadata });
        if (!reference.internal) continue;
        const end = (await this.admin.listOffsets([{ topic, partition }], 'latest')).get(
          partitionKey(topic, partition),
        )!;
        const barriers = [{ producerId: '-2', offset: Math.max(offset, end) }];
        channels.push({
          topic: reference,
          partition,
          from: offset,
          barriers,
          ...channelOf({ topic, partition }, offset, end),
        });
      }
      const files = await this.upload(store, number, id.toString());
      tasks.push({ task: id.toString(), inputs, changelogPositions: { counts: 0 }, files });
    }
    return {
      applicationId: this.applicationId,
      number,
      id: `checkpoint-${number}`,
      kind: 'checkpoint',
      trigger: 'on-demand',
      beganAt: 1_700_000_000_000,
      completedAt: 1_700_000_000_001,
      incrementalBytes: 0,
      slowestTask: undefined,
      shape: shapeOf(this.topology, repartitionCounts(this.applicationId, plan)),
      tasks,
      channels,
    };
  }

  private referenceTo(topic: string): TopicReference {
    const internal = [...this.topology.repartitionTopics.keys()].map((name) => ({ name, internal: true }));
    return (
      internal.find((reference) => topicName(this.applicationId, reference) === topic) ?? {
        name: topic,
        internal: false,
      }
    );
  }

  private async upload(store: SnapshotStore, number: number, task: string): Promise<readonly SnapshotFile[]> {
    const directory = path.join(this.stateDir, this.applicationId, 'tasks', task, 'db');
    const names = existsSync(directory)
      ? readdirSync(directory).filter((name) => name !== 'LOCK' && !name.startsWith('LOG'))
      : [];
    const found = names.map((name) => ({ name, sizeInBytes: statSync(path.join(directory, name)).size }));
    const snapshot = { directory, files: async () => found, release: async () => undefined };
    const { applicationId } = this;
    return (await uploadTaskSnapshot({ store, applicationId, number, task, snapshot, shared: [] })).files;
  }

  async dispose(): Promise<void> {
    await this.stop();
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
