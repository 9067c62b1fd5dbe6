import { z } from 'zod';
import { asError } from '../errors/as-error';
import type { Logger } from '../logging/logger';
import type { CheckpointKind } from './checkpoint-id';
import type { CheckpointTrigger } from './checkpoint-metadata';
import { SnapshotMissingError } from './errors';
import { checkpointKind, checkpointTrigger } from './metadata-schema';
import { failuresObject } from './object-names';
import { readObject } from './read-object';
import type { SnapshotStore } from './snapshot-store';

/** A checkpoint or savepoint that was begun and not completed. */
export interface FailedCheckpoint {
  readonly number: number;
  readonly kind: CheckpointKind;
  readonly trigger: CheckpointTrigger;
  /** Milliseconds since 1970. */
  readonly beganAt: number;
  /** Milliseconds since 1970. */
  readonly failedAt: number;
  readonly reason: string;
}

const schema = z.array(
  z.object({
    number: z.number(),
    kind: checkpointKind,
    trigger: checkpointTrigger,
    beganAt: z.number(),
    failedAt: z.number(),
    reason: z.string(),
  }),
);

/** Older ones are forgotten. */
const KEPT = 20;

/** The last checkpoints of an application that failed, in the snapshot store: for people, nothing depends on them. */
export class FailedCheckpoints {
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly store: SnapshotStore,
    private readonly applicationId: string,
    private readonly logger: Logger,
  ) {}

  /** Oldest first. Nothing where nobody can read them. */
  async list(): Promise<readonly FailedCheckpoint[]> {
    try {
      return schema.parse(JSON.parse((await readObject(this.store, failuresObject(this.applicationId))).toString()));
    } catch (error) {
      if (!(error instanceof SnapshotMissingError)) this.warn('be read', error);
      return [];
    }
  }

  /** Writes it behind those before. Never throws: often it is the store that a checkpoint failed of. */
  add(failed: FailedCheckpoint): void {
    this.writing = this.writing.then(async () => {
      try {
        const list = [...(await this.list()), failed].slice(-KEPT);
        await this.store.put(failuresObject(this.applicationId), Buffer.from(`${JSON.stringify(list)}\n`));
      } catch (error) {
        this.warn('be written', error);
      }
    });
  }

  /** Resolves when those that were added are written, as far as they can be. */
  settled(): Promise<void> {
    return this.writing;
  }

  private warn(what: string, error: unknown): void {
    this.logger.warn(
      { event: 'failed_checkpoints_unknown', err: error },
      `The list of checkpoints that failed could not ${what}: ${asError(error).message}`,
    );
  }
}
