import type { CheckpointMetadata } from '../checkpoint/checkpoint-metadata';
import type { LostState } from './rewind-errors';

/** Where an input partition is read from. */
export interface PlannedOffset {
  readonly task: string;
  readonly topic: string;
  readonly partition: number;
  /** Undefined where nothing is committed. */
  readonly now: number | undefined;
  /** Undefined where it begins anew, as `autoOffsetReset` says. */
  readonly then: number | undefined;
}

/** What the changelog of a store is written from. */
export interface PlannedStore {
  /** Of the topology as it is now. */
  readonly task: string;
  readonly store: string;
  readonly entries: number;
  /** Keys and values. */
  readonly bytes: number;
}

/** Records on their way that are written to a repartition partition once more. */
export interface PlannedChannel {
  readonly topic: string;
  readonly partition: number;
  readonly records: number;
}

/** What a restore changes. */
export interface RestorePlan {
  /** Of the application that is rewound; of a fork, the new one. */
  readonly applicationId: string;
  readonly from: Pick<CheckpointMetadata, 'applicationId' | 'id' | 'kind' | 'beganAt'>;
  readonly offsets: readonly PlannedOffset[];
  readonly stores: readonly PlannedStore[];
  readonly channels: readonly PlannedChannel[];
  /** What is not restored, which was allowed. */
  readonly lost: readonly LostState[];
}
