import type { TopicReference } from '../topology/graph';
import type { TopologyShape } from '../topology/topology-shape';
import type { Availability } from './availability';

/** A file of a task's database at the moment of its snapshot, and where its content is. */
export interface SnapshotFile {
  /** In the database's directory. */
  readonly name: string;
  /** Name of the object in the snapshot store. Objects of files that did not change are shared by checkpoints. */
  readonly object: string;
  readonly sizeInBytes: number;
  /** Of the content, in hexadecimal. */
  readonly sha256: string;
  /** Of the key that the object is encrypted with; missing where it is not. */
  readonly keyId?: string | undefined;
}

/** The first record of an input partition that is not in the snapshot. */
export interface SnapshotInput {
  readonly topic: TopicReference;
  readonly partition: number;
  readonly offset: number;
  /** What is committed beside the offset: the partition's time, encoded. */
  readonly metadata: string;
}

/** One task of a checkpoint. */
export interface TaskSnapshot {
  /** `<subtopology>_<partition>` */
  readonly task: string;
  readonly inputs: readonly SnapshotInput[];
  /** By store: the offset in its changelog partition after the last change that is in the snapshot. */
  readonly changelogPositions: Readonly<Record<string, number>>;
  readonly files: readonly SnapshotFile[];
}

/** Where the barrier of a producer is in a repartition partition. What that producer wrote before it, its snapshot holds as sent. */
export interface BarrierPosition {
  /** A 64-bit number in decimal. */
  readonly producerId: string;
  readonly offset: number;
}

/**
 * The records on their way through one repartition partition at the cut: those from `from` on that lie before the barrier of their
 * producer or, for a producer that wrote none, before the first of all barriers. All others were sent after the cut.
 */
export interface ChannelState {
  readonly topic: TopicReference;
  readonly partition: number;
  /** Where the receiving task's snapshot begins to read. */
  readonly from: number;
  readonly barriers: readonly BarrierPosition[];
  /** The records themselves, copied: savepoints are complete without Kafka. */
  readonly records?: SnapshotFile | undefined;
}

/** What had a checkpoint begin. */
export type CheckpointTrigger = 'interval' | 'records' | 'continuous' | 'adaptive' | 'on-demand';

/** A checkpoint that is complete. Written last, as one JSON document. */
export interface CheckpointMetadata {
  readonly applicationId: string;
  /** Counts up for each checkpoint and savepoint that is begun. */
  readonly number: number;
  /** `checkpoint-<number>`, or the name of a savepoint. */
  readonly id: string;
  readonly kind: 'checkpoint' | 'savepoint';
  readonly trigger: CheckpointTrigger;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
  /** Milliseconds since 1970. */
  readonly completedAt: number;
  /** That were written for it, others being shared with the checkpoint before. */
  readonly incrementalBytes: number;
  /** The task that took longest, from the beginning to the last byte. */
  readonly slowestTask: { readonly task: string; readonly milliseconds: number } | undefined;
  /** Of the application until it was complete. Missing in what an older Millrace wrote. */
  readonly availability?: Availability | undefined;
  readonly shape: TopologyShape;
  readonly tasks: readonly TaskSnapshot[];
  readonly channels: readonly ChannelState[];
}
