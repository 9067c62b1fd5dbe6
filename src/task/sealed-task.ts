import type { EpochStore } from '../state/epoch-store';
import type { StateWrite } from '../state/state-database';
import type { PartitionQueue } from './partition-queue';
import { encodePartitionTime } from './partition-time';
import type { OutputTopic } from './task-io';

export interface InputOffset {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** The partition's time, encoded. */
  readonly metadata: string;
}

/** What one task contributes to a commit. */
export interface SealedTask {
  /** Records processed since the task began, up to where it was sealed. */
  readonly processedRecords: number;
  readonly inputOffsets: readonly InputOffset[];
  /** What changed in the stores, not committed. */
  readonly write: StateWrite;
  /** Those that have changes. */
  readonly stores: readonly {
    readonly store: EpochStore<unknown, unknown>;
    readonly changelog: OutputTopic | undefined;
  }[];
}

export function offsetOf({ topic, partition, consumedTime }: PartitionQueue, offset: number): InputOffset {
  return { topic, partition, offset, metadata: encodePartitionTime(consumedTime) };
}
