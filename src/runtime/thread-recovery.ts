import type { Recovery } from '../checkpoint/availability';
import { partitionKey, type TopicPartition } from '../kafka';

export interface ThreadRecoveryParts {
  /** Milliseconds that only go forward. */
  readonly now: () => number;
  /** Without a word of a member for so long the group gives its tasks to others. */
  readonly sessionTimeoutMs: number;
  /** How a member ended, on the clock of `now`. Undefined for one that said nothing. */
  readonly endOf: (member: string) => { readonly failed: boolean; readonly at: number } | undefined;
  /** The thread got tasks of a member that had not left the group. */
  readonly onLost: (member: string) => void;
  /** Where these partitions end now, by `topic-partition`. */
  readonly inputEnds: (partitions: readonly TopicPartition[]) => Promise<ReadonlyMap<string, number>>;
  readonly onRecovered: (recovery: Recovery) => void;
  /** Where the inputs end could not be found out, so there is nothing to measure. */
  readonly onUnmeasured: (error: unknown) => void;
}

interface Position extends TopicPartition {
  readonly offset: number;
}

/**
 * How long one stream thread takes to recover from a failure, by phase.
 *
 *     failure --detect--> known to the thread --restore--> all its tasks are open --catch up--> their inputs are
 *                                                                                              committed up to where
 *                                                                                              they ended when all were open
 *
 * A failure on the way is the same recovery: it ends when the thread has caught up at last.
 *
 * It recovers from what it survived, from the end of the one whose place it took, and from the end of members whose tasks it got. When such
 * a member died nobody saw: the group waited for it a session time-out long, and that is what is taken, unless the member has come back
 * and told better.
 */
export class ThreadRecovery {
  private failedAt: number | undefined;
  /** Members whose tasks it got, and when they must have died at the latest. Some may have left as they should. */
  private readonly gone = new Map<string, number>();
  private revokedAt: number | undefined;
  private knownAt: number | undefined;
  private openAt: number | undefined;
  /** What is committed of the inputs that were opened, by `topic-partition`. */
  private readonly positions = new Map<string, Position>();
  /** Where those inputs ended that are not committed up to there. */
  private goals: Map<string, number> | undefined;

  /** @param awaySince - when the thread or process before this one ended by a failure, if it did */
  constructor(
    private readonly parts: ThreadRecoveryParts,
    awaySince: number | undefined,
  ) {
    this.failedAt = awaySince;
  }

  /** The thread survived it, and is about to open its tasks again. */
  failed(at: number): void {
    this.failedAt ??= at;
    this.knownAt ??= this.parts.now();
    this.interrupted();
  }

  /** The group rebalances. */
  revoked(): void {
    this.revokedAt = this.parts.now();
  }

  /**
   * The group gave the thread tasks: it has these inputs, and no others any more.
   *
   * @param formerOwners - of tasks that are new to it: members that are not in the group any more
   */
  assigned(inputs: readonly TopicPartition[], formerOwners: readonly string[] = []): void {
    const { now, sessionTimeoutMs } = this.parts;
    for (const member of formerOwners) this.gone.set(member, (this.revokedAt ?? now()) - sessionTimeoutMs);
    if (this.failedAt === undefined && this.gone.size === 0) return;
    this.knownAt ??= now();
    this.interrupted();
    const kept = new Set(inputs.map(({ topic, partition }) => partitionKey(topic, partition)));
    for (const key of this.positions.keys()) if (!kept.has(key)) this.positions.delete(key);
  }

  /** A task was opened, and begins here. */
  opened(inputs: readonly Position[]): void {
    if (this.knownAt !== undefined) this.move(inputs);
  }

  async allOpen(): Promise<void> {
    if (this.knownAt === undefined) return;
    if (this.positions.size === 0) return this.reset();
    const openAt = (this.openAt = this.parts.now());
    try {
      const ends = await this.parts.inputEnds([...this.positions.values()]);
      if (this.openAt !== openAt) return;
      this.tellOfLost();
      this.goals = new Map(ends);
      this.compare();
    } catch (error) {
      if (this.openAt !== openAt) return;
      this.reset();
      this.parts.onUnmeasured(error);
    }
  }

  committed(offsets: readonly Position[]): void {
    if (this.knownAt === undefined) return;
    this.move(offsets.filter(({ topic, partition }) => this.positions.has(partitionKey(topic, partition))));
    this.compare();
  }

  private move(positions: readonly Position[]): void {
    for (const { topic, partition, offset } of positions)
      this.positions.set(partitionKey(topic, partition), { topic, partition, offset });
  }

  private compare(): void {
    const { goals, knownAt, openAt } = this;
    if (goals === undefined || knownAt === undefined || openAt === undefined) return;
    for (const [key, { offset }] of this.positions) if (offset >= goals.get(key)!) goals.delete(key);
    if (goals.size > 0) return;
    const failedAt = this.beginning();
    this.reset();
    if (failedAt === undefined) return;
    this.parts.onRecovered({
      detectMs: Math.max(0, knownAt - failedAt),
      restoreMs: openAt - knownAt,
      catchUpMs: this.parts.now() - openAt,
    });
  }

  /** By now it has heard from those that left as they should. */
  private tellOfLost(): void {
    for (const member of this.gone.keys()) if (this.parts.endOf(member) === undefined) this.parts.onLost(member);
  }

  /** When the first failure was that it recovers from; undefined when there was none. */
  private beginning(): number | undefined {
    const times = [...this.gone].flatMap(([member, at]) => {
      const end = this.parts.endOf(member);
      if (end === undefined) return [at];
      return end.failed ? [end.at] : [];
    });
    if (this.failedAt !== undefined) times.push(this.failedAt);
    return times.length === 0 ? undefined : Math.min(...times);
  }

  private interrupted(): void {
    this.openAt = undefined;
    this.goals = undefined;
  }

  private reset(): void {
    this.failedAt = undefined;
    this.knownAt = undefined;
    this.gone.clear();
    this.positions.clear();
    this.interrupted();
  }
}
