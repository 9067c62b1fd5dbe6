import type { TopicAdmin, TopicPartitionOffset } from '../kafka';
import type { Logger } from '../logging/logger';

/** How long records of a repartition topic may stay after they were committed past. */
const PURGE_INTERVAL_MS = 30_000;

/**
 * Deletes the records of repartition topics behind the committed offsets: each was made only for the task that has consumed it.
 * It is housekeeping: when it fails, the records stay until the next time.
 */
export class RepartitionPurge {
  private readonly topics: ReadonlySet<string>;
  private readonly committed = new Map<string, TopicPartitionOffset>();
  private running: Promise<void> | undefined;
  private nextAt = 0;
  /** Until it is known again what checkpoints need. */
  private isHeldBack = false;
  /** By `topic-partition`: records from here on are needed by a checkpoint. */
  private floors: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly admin: TopicAdmin,
    topics: readonly string[],
    private readonly logger: Logger,
  ) {
    this.topics = new Set(topics);
  }

  /** Deletes nothing until `goOn` or `keepFrom`: a checkpoint that is being taken may need what is deleted. */
  holdBack(): void {
    this.isHeldBack = true;
  }

  /** The checkpoint came to nothing: what was needed before is needed now. */
  goOn(): void {
    this.isHeldBack = false;
  }

  /** @param floors - by `topic-partition`, the first record that a checkpoint needs */
  keepFrom(floors: ReadonlyMap<string, number>): void {
    this.floors = floors;
    this.isHeldBack = false;
  }

  /** Takes note of a commit, and deletes when it is time. */
  committedTo(offsets: readonly TopicPartitionOffset[], now: number): void {
    if (this.topics.size === 0) return;
    for (const offset of offsets) {
      if (this.topics.has(offset.topic)) this.committed.set(`${offset.topic}-${offset.partition}`, offset);
    }
    if (this.nextAt === 0) this.nextAt = now + PURGE_INTERVAL_MS;
    if (this.isHeldBack || now < this.nextAt || this.running !== undefined || this.committed.size === 0) return;
    this.nextAt = now + PURGE_INTERVAL_MS;
    const due = [...this.committed].map(([key, { topic, partition, offset }]) => ({
      topic,
      partition,
      offset: Math.min(offset, this.floors.get(key) ?? offset),
    }));
    this.committed.clear();
    this.running = this.admin
      .deleteRecords(due)
      .catch((error: unknown) => {
        this.logger.warn(
          { event: 'purge_failed', err: error },
          'Could not delete consumed records of repartition topics; trying again later',
        );
      })
      .finally(() => {
        this.running = undefined;
      });
  }

  async settled(): Promise<void> {
    await this.running;
  }
}
